// The AWS SDK for JavaScript, as an application uses it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";

import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  RotateSecretCommand,
  SecretsManagerClient,
  SecretsManagerServiceException,
  paginateListSecrets,
} from "@aws-sdk/client-secrets-manager";

import { FUNCTION_ARN, eventually, logsIn, newName, secretValue } from "./environment.mjs";

const clients = [];

/** A client that does not try again, so that every error is seen. */
function client(options = {}) {
  const made = new SecretsManagerClient({ maxAttempts: 1, ...options });
  clients.push(made);
  return made;
}

const secrets = client();
after(() => clients.forEach((made) => made.destroy()));

async function create(value, prefix = "app") {
  const Name = newName(prefix);
  return { Name, ...(await secrets.send(new CreateSecretCommand({ Name, ...value }))) };
}

async function read(SecretId, which = {}) {
  return secrets.send(new GetSecretValueCommand({ SecretId, ...which }));
}

/** The command fails with an exception of this class and this name, and with the status of a client's error. */
async function refused(kind, name, command, by = secrets) {
  await assert.rejects(by.send(command), (error) => {
    assert.ok(error instanceof kind, `${error}`);
    assert.ok(error instanceof SecretsManagerServiceException);
    assert.equal(error.name, name);
    assert.equal(error.$fault, "client");
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });
}

describe("values", () => {
  test("text is created, read and described", async () => {
    const text = 'quote " backslash \\ newline \n nul \u0000 umlaut ü wheel 🛞';
    const { Name, ARN, VersionId } = await create({ SecretString: text, Description: "for tests" });
    for (const id of [Name, ARN]) {
      const { SecretString, SecretBinary, ...rest } = await read(id);
      assert.equal(SecretString, text);
      assert.equal(SecretBinary, undefined);
      assert.deepEqual([rest.Name, rest.ARN, rest.VersionId], [Name, ARN, VersionId]);
      assert.deepEqual(rest.VersionStages, ["AWSCURRENT"]);
      assert.ok(rest.CreatedDate instanceof Date);
    }
    const described = await secrets.send(new DescribeSecretCommand({ SecretId: Name }));
    assert.equal(described.Description, "for tests");
    assert.deepEqual(described.VersionIdsToStages, { [VersionId]: ["AWSCURRENT"] });
  });

  test("bytes come back as they were", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { Name } = await create({ SecretBinary: bytes });
    const { SecretBinary, SecretString } = await read(Name);
    assert.deepEqual(Uint8Array.from(SecretBinary), bytes);
    assert.equal(SecretString, undefined);
  });

  test("a new value moves the labels", async () => {
    const { Name } = await create({ SecretString: "first" });
    await secrets.send(new PutSecretValueCommand({ SecretId: Name, SecretString: "second" }));
    assert.equal((await read(Name)).SecretString, "second");
    assert.equal((await read(Name, { VersionStage: "AWSPREVIOUS" })).SecretString, "first");
  });

  test("a password is made", async () => {
    const command = new GetRandomPasswordCommand({ PasswordLength: 40, ExcludePunctuation: true });
    assert.match((await secrets.send(command)).RandomPassword, /^[0-9A-Za-z]{40}$/);
  });
});

describe("lists", () => {
  test("pages cover everything once", async () => {
    const prefix = newName("pages");
    const names = Array.from({ length: 25 }, (_, number) => `${prefix}/${String(number).padStart(2, "0")}`);
    for (const Name of names) await secrets.send(new CreateSecretCommand({ Name, SecretString: "value" }));
    const listed = [];
    const pages = paginateListSecrets(
      { client: secrets, pageSize: 10 },
      { Filters: [{ Key: "name", Values: [prefix] }] },
    );
    for await (const page of pages) {
      assert.ok(page.SecretList.length <= 10);
      listed.push(...page.SecretList.map((secret) => secret.Name));
    }
    assert.deepEqual(listed.toSorted(), names);
  });

  test("many values are read at once", async () => {
    const { Name } = await create({ SecretString: "value" });
    const command = new BatchGetSecretValueCommand({ SecretIdList: [Name, "missing"] });
    const { SecretValues, Errors } = await secrets.send(command);
    assert.deepEqual(SecretValues.map((value) => [value.Name, value.SecretString]), [[Name, "value"]]);
    assert.deepEqual(
      Errors.map((error) => [error.SecretId, error.ErrorCode]),
      [["missing", "ResourceNotFoundException"]],
    );
  });
});

test("an application reads what was rotated", async () => {
  const value = secretValue("app_one");
  const { Name, VersionId: first } = await create({ SecretString: JSON.stringify(value) }, "prod/TwitterApp");
  assert.ok(await logsIn(value));
  const rotate = new RotateSecretCommand({ SecretId: Name, RotationLambdaARN: FUNCTION_ARN });
  const { VersionId: second } = await secrets.send(rotate);
  const described = await eventually(async () => {
    const described = await secrets.send(new DescribeSecretCommand({ SecretId: Name }));
    const stages = described.VersionIdsToStages[second] ?? [];
    return stages.length === 1 && stages[0] === "AWSCURRENT" && described;
  });
  assert.deepEqual(described.VersionIdsToStages[first], ["AWSPREVIOUS"]);
  assert.equal(described.RotationEnabled, true);
  assert.ok(described.LastRotatedDate instanceof Date);

  const rotated = JSON.parse((await read(Name)).SecretString);
  assert.ok(await logsIn(rotated));
  assert.ok(!(await logsIn(value)));
  assert.deepEqual({ ...rotated, password: "" }, { ...value, password: "" });
});

describe("refusals", () => {
  test("what is not there, and what is there already", async () => {
    const missing = newName("nothing");
    for (const Command of [GetSecretValueCommand, DescribeSecretCommand, RotateSecretCommand]) {
      await refused(ResourceNotFoundException, "ResourceNotFoundException", new Command({ SecretId: missing }));
    }
    const { Name } = await create({ SecretString: "value" });
    const again = new CreateSecretCommand({ Name, SecretString: "value" });
    await refused(ResourceExistsException, "ResourceExistsException", again);
    await secrets.send(new DeleteSecretCommand({ SecretId: Name }));
    await refused(InvalidRequestException, "InvalidRequestException", new GetSecretValueCommand({ SecretId: Name }));
  });

  test("who signs", async () => {
    const command = new GetSecretValueCommand({ SecretId: newName("anything") });
    const accessKeyId = process.env.AWS_ACCESS_KEY_ID;
    const kinds = [
      [{ accessKeyId, secretAccessKey: "another-secret" }, "InvalidSignatureException"],
      [{ accessKeyId: "AKIAUNKNOWN", secretAccessKey: "another-secret" }, "UnrecognizedClientException"],
      [
        { accessKeyId, secretAccessKey: "another-secret", sessionToken: randomUUID() },
        "UnrecognizedClientException",
      ],
    ];
    for (const [credentials, name] of kinds) {
      await refused(SecretsManagerServiceException, name, command, client({ credentials }));
    }
  });

  test("when it was signed", async () => {
    const command = new GetSecretValueCommand({ SecretId: newName("anything") });
    for (const minutes of [-10, 10]) {
      const shifted = client({ systemClockOffset: minutes * 60_000 });
      await refused(SecretsManagerServiceException, "InvalidSignatureException", command, shifted);
    }
  });

  test("regions are apart", async () => {
    const { Name } = await create({ SecretString: "value" });
    const command = new GetSecretValueCommand({ SecretId: Name });
    await refused(ResourceNotFoundException, "ResourceNotFoundException", command, client({ region: "eu-west-1" }));
  });
});
