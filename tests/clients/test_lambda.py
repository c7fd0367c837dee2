"""The Lambda API, as boto3 and the `aws` command use it, with real rotations of a real database."""

import base64
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import boto3
import botocore.config
from botocore.exceptions import ClientError

from environment import eventually, logs_in, new_name, secret_value

COMPONENTS = pathlib.Path(os.environ["KEYWHEEL_TEST_COMPONENTS"])
ROLE = "arn:aws:iam::123456789012:role/rotate"
AWS = str(pathlib.Path(sys.executable).with_name("aws"))


def component(name):
    return (COMPONENTS / f"{name}.wasm").read_bytes()


def zipped(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rotator.wasm", component(name))
    return file.getvalue()


def client(service):
    """A client that does not try again, so that every error is seen."""
    return boto3.client(service, config=botocore.config.Config(retries={"total_max_attempts": 1}))


class LambdaTest(unittest.TestCase):
    def setUp(self):
        self.functions, self.secrets = client("lambda"), client("secretsmanager")
        self.addCleanup(self.functions.close)
        self.addCleanup(self.secrets.close)

    def refused(self, status, error, text, operation, **arguments):
        """The operation fails with this status and error, and a sentence that holds this text."""
        with self.assertRaises(ClientError) as raised:
            operation(**arguments)
        answer = raised.exception.response
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], status, answer)
        self.assertEqual(answer["Error"]["Code"], error)
        self.assertIn(text, answer["Error"]["Message"])

    def deploy(self, name, code, **arguments):
        created = self.functions.create_function(FunctionName=name, Role=ROLE, Code={"ZipFile": code}, **arguments)
        self.assertEqual(created["ResponseMetadata"]["HTTPStatusCode"], 201)
        return created

    def permit(self, name, **arguments):
        return self.functions.add_permission(
            FunctionName=name, StatementId="rotate", Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com", **arguments,
        )  # fmt: skip

    def secret(self, role):
        name = new_name("lambda")
        self.secrets.create_secret(Name=name, SecretString=json.dumps(secret_value(role)))
        return name

    def rotated(self, name, **arguments):
        """Rotates a secret, and tells its new value once it is current and logs in."""
        version = self.secrets.rotate_secret(SecretId=name, **arguments)["VersionId"]

        def done():
            stages = self.secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
            return stages.get(version) == ["AWSCURRENT"]

        eventually(done)
        value = json.loads(self.secrets.get_secret_value(SecretId=name)["SecretString"])
        self.assertTrue(logs_in(value))
        return value


class Functions(LambdaTest):
    def test_a_function_is_deployed_described_and_deleted(self):
        code = zipped("noop")
        created = self.deploy(
            "described", code, Runtime="provided.al2023", Handler="rotate", Timeout=30, MemorySize=128,
            Description="for tests", Environment={"Variables": {"LEVEL": "2"}}, Tags={"team": "blue"},
        )  # fmt: skip
        arn = "arn:aws:lambda:us-east-1:123456789012:function:described"
        self.assertEqual(created["FunctionArn"], arn)
        self.assertEqual((created["Version"], created["State"]), ("$LATEST", "Active"))
        self.assertEqual((created["Timeout"], created["MemorySize"], created["CodeSize"]), (30, 128, len(code)))
        self.assertEqual(created["Environment"]["Variables"], {"LEVEL": "2"})
        for name in ("described", arn, f"{arn}:$LATEST", "123456789012:function:described"):
            told = self.functions.get_function(FunctionName=name)
            self.assertEqual(told["Configuration"]["CodeSha256"], created["CodeSha256"])
            self.assertEqual(told["Tags"], {"team": "blue"})
        self.functions.get_waiter("function_active_v2").wait(FunctionName="described")
        pages = self.functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
        listed = [function["FunctionName"] for page in pages for function in page["Functions"]]
        self.assertIn("described", listed)
        self.assertIn("postgres-single-user", listed)
        self.refused(409, "ResourceConflictException", "already exist", self.deploy, name="described", code=code)
        self.functions.delete_function(FunctionName="described")
        self.refused(
            404, "ResourceNotFoundException", f"Function not found: {arn}",
            self.functions.get_function, FunctionName=arn,
        )  # fmt: skip

    def test_bad_code_is_refused_with_its_reason(self):
        def refused(code, text):
            self.refused(400, "InvalidParameterValueException", text, self.deploy, name="bad", code=code)

        refused(b"#!/bin/sh", "this is not WebAssembly")
        refused(b"\0asm\1\0\0\0", "core module")
        refused(b"PK\3\4 not a zip", "the zip file is damaged")
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("f.wasm", bytes(60 * 1024 * 1024))
        refused(bomb.getvalue(), "more than the 52428800 bytes")
        self.refused(
            413, "RequestEntityTooLargeException", "Request must be smaller",
            self.deploy, name="bad", code=bytes(200 * 1024 * 1024),
        )  # fmt: skip
        names = [function["FunctionName"] for function in self.functions.list_functions()["Functions"]]
        self.assertNotIn("bad", names)

    def test_tags_and_concurrency(self):
        arn = self.deploy("tagged", component("noop"))["FunctionArn"]
        self.functions.tag_resource(Resource=arn, Tags={"a": "1", "b": "2"})
        self.functions.untag_resource(Resource=arn, TagKeys=["a"])
        self.assertEqual(self.functions.list_tags(Resource=arn)["Tags"], {"b": "2"})
        self.functions.put_function_concurrency(FunctionName="tagged", ReservedConcurrentExecutions=3)
        told = self.functions.get_function_concurrency(FunctionName="tagged")
        self.assertEqual(told["ReservedConcurrentExecutions"], 3)
        self.functions.delete_function_concurrency(FunctionName="tagged")
        told = self.functions.get_function_concurrency(FunctionName="tagged")
        self.assertNotIn("ReservedConcurrentExecutions", told)

    def test_a_step_is_invoked_by_hand(self):
        self.deploy("prints", component("prints"))
        self.deploy("traps", component("traps"))
        secret = self.secret("app_one")
        event = {"Step": "createSecret", "SecretId": secret, "ClientRequestToken": "t" * 32}

        def invoke(name, event, **arguments):
            return self.functions.invoke(FunctionName=name, Payload=json.dumps(event), **arguments)

        told = invoke("prints", event, LogType="Tail")
        self.assertEqual((told["StatusCode"], told["ExecutedVersion"]), (200, "$LATEST"))
        self.assertEqual(told["Payload"].read(), b"null")
        log = base64.b64decode(told["LogResult"]).decode()
        self.assertIn("[redacted]", log)
        self.assertNotIn(secret_value("app_one")["password"], log)
        told = invoke("traps", event)
        self.assertEqual((told["StatusCode"], told["FunctionError"]), (200, "Unhandled"))
        failure = json.load(told["Payload"])
        self.assertEqual(failure["errorType"], "Runtime.Trapped")
        self.assertTrue(failure["trace"], failure)
        self.assertEqual(invoke("prints", event, InvocationType="DryRun")["StatusCode"], 204)
        wrong = {**event, "Step": "create_secret"}
        self.refused(
            400, "InvalidRequestContentException", "Step must be one of",
            invoke, name="prints", event=wrong,
        )  # fmt: skip
        self.refused(404, "ResourceNotFoundException", "Function not found", invoke, name="nothing", event=event)


class Rotations(LambdaTest):
    def test_a_password_is_rotated_through_a_version_and_an_alias(self):
        created = self.deploy("postgres", zipped("postgres-single-user"), Publish=True)
        self.assertEqual(created["Version"], "1")
        arn = "arn:aws:lambda:us-east-1:123456789012:function:postgres"
        secret = self.secret("app_two")
        self.refused(
            400, "AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function",
            self.secrets.rotate_secret, SecretId=secret, RotationLambdaARN=f"{arn}:1",
        )  # fmt: skip
        self.assertNotIn("RotationLambdaARN", self.secrets.describe_secret(SecretId=secret))
        self.permit("postgres", Qualifier="1")
        first = self.rotated(secret, RotationLambdaARN=f"{arn}:1")
        self.assertFalse(logs_in(secret_value("app_two")))

        # Other code does not change what was published.
        self.functions.update_function_code(FunctionName="postgres", ZipFile=component("traps"))
        second = self.rotated(secret)
        self.assertFalse(logs_in(first))

        self.functions.create_alias(FunctionName="postgres", Name="live", FunctionVersion="1")
        self.permit("postgres", Qualifier="live")
        self.rotated(secret, RotationLambdaARN=f"{arn}:live")
        self.assertFalse(logs_in(second))
        policy = json.loads(self.functions.get_policy(FunctionName="postgres", Qualifier="live")["Policy"])
        self.assertEqual(policy["Statement"][0]["Resource"], f"{arn}:live")

        for delete, arguments in (
            (self.functions.delete_function, {"FunctionName": "postgres"}),
            (self.functions.delete_alias, {"FunctionName": "postgres", "Name": "live"}),
        ):
            self.refused(409, "ResourceConflictException", secret, delete, **arguments)
        self.refused(
            409, "ResourceConflictException", "aliases name it: live",
            self.functions.delete_function, FunctionName="postgres", Qualifier="1",
        )  # fmt: skip

    def test_a_rotation_goes_on_with_the_code_that_is_there(self):
        self.deploy("mended", component("traps"))
        self.permit("mended")
        secret = self.secret("app_three")
        arn = "arn:aws:lambda:us-east-1:123456789012:function:mended"
        version = self.secrets.rotate_secret(SecretId=secret, RotationLambdaARN=arn)["VersionId"]
        stages = self.secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        self.assertEqual(stages[version], ["AWSPENDING"])
        code = component("postgres-single-user")
        self.functions.update_function_code(FunctionName="mended", ZipFile=code)
        self.functions.get_waiter("function_updated_v2").wait(FunctionName="mended")

        def labels():
            return self.secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]

        eventually(lambda: labels().get(version) == ["AWSCURRENT"])
        value = json.loads(self.secrets.get_secret_value(SecretId=secret)["SecretString"])
        self.assertTrue(logs_in(value))


class AwsCommand(unittest.TestCase):
    def aws(self, *arguments):
        command = [sys.executable, AWS, "lambda", *arguments, "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def test_a_function_lives_and_goes(self):
        with tempfile.NamedTemporaryFile(suffix=".zip") as file:
            file.write(zipped("noop"))
            file.flush()
            code = f"fileb://{file.name}"
            created = self.aws(
                "create-function", "--function-name", "typed", "--role", ROLE, "--runtime", "provided.al2023",
                "--handler", "rotate", "--zip-file", code,
            )  # fmt: skip
            self.aws("update-function-code", "--function-name", "typed", "--zip-file", code)
        self.aws("update-function-configuration", "--function-name", "typed", "--timeout", "5")
        self.assertEqual(self.aws("get-function", "--function-name", created["FunctionArn"])["Configuration"]["Timeout"], 5)
        self.assertEqual(self.aws("publish-version", "--function-name", "typed")["Version"], "1")
        self.aws("create-alias", "--function-name", "typed", "--name", "live", "--function-version", "1")
        self.aws(
            "add-permission", "--function-name", "typed", "--qualifier", "live", "--statement-id", "s",
            "--action", "lambda:InvokeFunction", "--principal", "secretsmanager.amazonaws.com",
        )  # fmt: skip
        event = {"Step": "testSecret", "SecretId": new_name("typed"), "ClientRequestToken": "t" * 32}
        client("secretsmanager").create_secret(Name=event["SecretId"], SecretString="x")
        with tempfile.NamedTemporaryFile() as answer:
            told = self.aws("invoke", "--function-name", "typed:live", "--payload", json.dumps(event), answer.name)
            self.assertEqual((told["StatusCode"], told["ExecutedVersion"]), (200, "1"))
            self.assertEqual(pathlib.Path(answer.name).read_text(), "null")
        names = [function["FunctionName"] for function in self.aws("list-functions")["Functions"]]
        self.assertIn("typed", names)
        self.aws("delete-function", "--function-name", "typed")


if __name__ == "__main__":
    unittest.main()
