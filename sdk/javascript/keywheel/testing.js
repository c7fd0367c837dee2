/**
 * A host for tests: run a rotator natively, in milliseconds.
 *
 * `InMemory` is an in-memory Secrets Manager with simulated SQL servers; the function can be ended at any
 * call of the host.
 *
 *     const host = new InMemory();
 *     const secret = host.secret('db/app', '{"password":"first"}');
 *     host.beginRotation(secret, 'token-1');
 *     for (const step of STEPS) await host.invoke(rotator, secret, step);
 *     assert.deepEqual(host.stages(secret, 'token-1'), ['AWSCURRENT', 'AWSPENDING']);
 */

import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

import { use } from './host.js';
import { Event, run } from './rotator.js';
import { CURRENT, PENDING, PREVIOUS, SecretsError } from './secrets.js';
import { SqlError } from './sql.js';
import { tokens } from './statement.js';

const CLASSES = {
  excludeUppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  excludeLowercase: 'abcdefghijklmnopqrstuvwxyz',
  excludeNumbers: '0123456789',
  excludePunctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
};

/** The function was ended at a call of the host, as when its process dies. */
export class Killed extends Error {}

/**
 * What goes wrong at one call of the host: it fails for the moment and has no effect; it has its effect, and
 * its answer is lost on the way; the process dies before the effect, or after it.
 * @typedef {'refuse' | 'lose-answer' | 'kill-before' | 'kill-after'} Fault
 */

/** @type {Fault[]} */
export const FAULTS = ['refuse', 'lose-answer', 'kill-before', 'kill-after'];

class Secret {
  /** @type {Map<string, { value?: string | Uint8Array, stages: Set<string> }>} */
  versions = new Map();
  rotation;

  constructor(name, value) {
    this.name = name;
    this.versions.set('initial', { value, stages: new Set([CURRENT]) });
  }

  holder(stage) {
    return [...this.versions].find(([, version]) => version.stages.has(stage))?.[0];
  }

  attach(stage, versionId) {
    this.detach(stage);
    if (!this.versions.has(versionId)) {
      this.versions.set(versionId, { stages: new Set() });
    }
    this.versions.get(versionId).stages.add(stage);
  }

  detach(stage) {
    for (const version of this.versions.values()) {
      version.stages.delete(stage);
    }
  }

  promote(versionId) {
    const before = this.holder(CURRENT);
    if (before !== undefined && before !== versionId) {
      this.attach(PREVIOUS, before);
    }
    this.attach(CURRENT, versionId);
  }
}

/** A simulated PostgreSQL: users who log in, and the statements that rotators issue. */
export class Server {
  /**
   * What it has run, as a log of statements would show it.
   * @type {string[]}
   */
  statements = [];
  /** It does not answer. */
  isStopped = false;
  #passwords = new Map();
  #admins = new Set();

  /** Adds a user, or changes its password. */
  user(name, password) {
    this.#passwords.set(name, password);
    return this;
  }

  /** Adds a user who may change the password of any other. */
  admin(name, password) {
    this.#admins.add(name);
    return this.user(name, password);
  }

  /** Whether a user can log in with a password. */
  accepts(name, password) {
    const held = this.#passwords.get(name);
    const verifier = held?.match(/^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/);
    if (!verifier) {
      return held !== undefined && held === password;
    }
    const [, iterations, salt, storedKey] = verifier;
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    return createHash('sha256').update(clientKey).digest('base64') === storedKey;
  }

  /** Opens a session. */
  logIn(name, password) {
    this.#reach();
    if (!this.accepts(name, password)) {
      throw new SqlError('authentication', `password authentication failed for user "${name}"`, '28P01');
    }
  }

  /** Runs a statement: `ALTER ROLE … PASSWORD …`, or a `SELECT`, which is answered by the number 1. */
  run(user, statement) {
    this.#reach();
    this.statements.push(statement);
    const words = tokens(statement).filter(({ kind, text }) => kind !== 'word' || text !== 'with');
    const shape = words.map(({ kind, text }) => (kind === 'word' ? text : kind)).join(' ');
    if (shape.startsWith('select ')) {
      return { columns: ['?column?'], rows: [[1n]] };
    }
    if (!/^alter (role|user) name password text$/.test(shape)) {
      throw new SqlError('statement', 'syntax error', '42601');
    }
    const [name, password] = [words[2].text, words[4].text];
    if (!this.#passwords.has(name) || (name !== user && !this.#admins.has(user))) {
      throw new SqlError('statement', 'permission denied to alter role', '42501');
    }
    this.#passwords.set(name, password);
    return { columns: [], rows: [] };
  }

  #reach() {
    if (this.isStopped) {
      throw disconnected();
    }
  }
}

/** An in-memory host. */
export class InMemory {
  /**
   * What the function logged.
   * @type {string[]}
   */
  logLines = [];
  /**
   * The names of the calls so far, in order, without those of the log.
   * @type {string[]}
   */
  calls = [];
  /**
   * What goes wrong at the call with this number, counted like `calls`, from 0.
   * @type {Map<number, Fault>}
   */
  faults = new Map();
  /** What people answer to `approvals.require`. */
  isApproved = false;
  /**
   * The function's own configuration.
   * @type {Record<string, string>}
   */
  variables = {};
  #secrets = new Map();
  #servers = new Map();
  #passwordsMade = 0;
  #isKilled = false;

  /** Stores a secret, whose value is `AWSCURRENT`. Returns its ARN. */
  secret(name, value) {
    const arn = `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`;
    this.#secrets.set(arn, new Secret(name, value));
    return arn;
  }

  /** What `RotateSecret` does: labels an empty version `AWSPENDING`. */
  beginRotation(secretId, token) {
    const secret = this.#known(secretId);
    secret.rotation = token;
    secret.attach(PENDING, token);
  }

  /**
   * Runs one step of the rotation on this host. Throws what the step throws.
   * @param {import('./rotator.js').Rotator} rotator
   * @param {string} secretId
   * @param {import('./rotator.js').Step} step
   */
  async invoke(rotator, secretId, step) {
    const clientRequestToken = this.#known(secretId).rotation;
    const rotationToken = `rotation-of-${clientRequestToken}`;
    const event = new Event({ step, secretId, clientRequestToken, rotationToken });
    this.#isKilled = false;
    let thrown;
    await use(this, () => run(rotator, event)).catch((error) => {
      thrown = error;
    });
    if (this.#isKilled) {
      throw new Killed('the function was ended at a call of the host');
    }
    if (thrown !== undefined) {
      throw thrown;
    }
  }

  /** Replaces the value of the version that carries a label, as an operator might by hand. */
  overwrite(secretId, stage, value) {
    const secret = this.#known(secretId);
    secret.versions.get(secret.holder(stage)).value = value;
  }

  /** The value of the version that carries a label. */
  value(secretId, stage) {
    const secret = this.#known(secretId);
    return secret.versions.get(secret.holder(stage))?.value;
  }

  /** The labels of a version, in alphabetical order. */
  stages(secretId, versionId) {
    return [...this.#known(secretId).versions.get(versionId).stages].sort();
  }

  /** The server at an address; made when there is none. */
  server(host, port = 5432) {
    const address = `${host}:${port}`;
    if (!this.#servers.has(address)) {
      this.#servers.set(address, new Server());
    }
    return this.#servers.get(address);
  }

  // What a rotation function may ask of its host.

  getSecretValue(secretId, versionId, versionStage) {
    return this.#call('get-secret-value', unavailable, () => this.#get(secretId, versionId, versionStage));
  }

  putSecretValue(secretId, clientRequestToken, value, versionStages, rotationToken) {
    return this.#call('put-secret-value', unavailable, () =>
      this.#put(secretId, clientRequestToken, value, versionStages, rotationToken),
    );
  }

  describeSecret(secretId) {
    return this.#call('describe-secret', unavailable, () => {
      const secret = this.#known(secretId);
      const versions = [...secret.versions]
        .filter(([, version]) => version.stages.size > 0)
        .map(([versionId, version]) => ({ versionId, stages: [...version.stages].sort() }));
      return { arn: secretId, name: secret.name, rotationEnabled: true, versions };
    });
  }

  updateSecretVersionStage(secretId, versionStage, moveToVersionId, removeFromVersionId) {
    this.#call('update-secret-version-stage', unavailable, () =>
      this.#move(secretId, versionStage, moveToVersionId, removeFromVersionId),
    );
  }

  getRandomPassword(rules) {
    return this.#call('get-random-password', unavailable, () => this.#password(rules));
  }

  open(target) {
    return this.#call('open', disconnected, () => {
      const server = this.#servers.get(`${target.host}:${target.port}`);
      if (server === undefined) {
        throw disconnected();
      }
      server.logIn(target.username, target.password);
      const statement = (name) => (text) =>
        this.#call(name, disconnected, () => server.run(target.username, text));
      const execute = statement('execute');
      return {
        execute: (text) => {
          execute(text);
          return 0n;
        },
        query: statement('query'),
        close: () => {},
      };
    });
  }

  requireApproval() {
    return this.isApproved;
  }

  log(level, message) {
    this.logLines.push(message);
  }

  environment() {
    return this.variables;
  }

  #call(name, unanswered, effect) {
    if (this.#isKilled) {
      throw new Killed('the function goes on after its end');
    }
    const fault = this.faults.get(this.calls.length);
    this.faults.delete(this.calls.length);
    this.calls.push(name);
    if (fault === 'refuse') {
      throw unanswered();
    }
    // A function can catch every exception; after this one, no call has an effect.
    this.#isKilled = fault === 'kill-before' || fault === 'kill-after';
    const answer = fault === 'kill-before' ? undefined : effect();
    if (this.#isKilled) {
      throw new Killed('the function was ended at a call of the host');
    }
    if (fault === 'lose-answer') {
      throw unanswered();
    }
    return answer;
  }

  #known(secretId) {
    const secret = this.#secrets.get(secretId);
    if (secret === undefined) {
      throw new SecretsError(
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret.",
      );
    }
    return secret;
  }

  #get(secretId, versionId, stage) {
    const secret = this.#known(secretId);
    const holder = secret.holder(stage ?? CURRENT);
    const found = versionId ?? holder;
    const version = secret.versions.get(found);
    if (version === undefined) {
      throw notFound(versionId, stage);
    }
    if (versionId !== undefined && stage !== undefined && holder !== versionId) {
      throw new SecretsError(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      );
    }
    if (version.value === undefined) {
      throw notFound(versionId, stage);
    }
    const versionStages = [...version.stages].sort();
    return { arn: secretId, name: secret.name, versionId: found, versionStages, value: version.value };
  }

  #put(secretId, token, value, stages, rotationToken) {
    const secret = this.#known(secretId);
    if (token === secret.rotation && rotationToken !== `rotation-of-${token}`) {
      throw invalid('The RotationToken is not that of this rotation.');
    }
    const held = secret.versions.get(token)?.value;
    if (held !== undefined && held !== value) {
      throw new SecretsError(
        'ResourceExistsException',
        `You can't use ClientRequestToken ${token} because that value is already in use for a version of ` +
          `secret ${secretId}.`,
      );
    }
    if (held === undefined) {
      for (const stage of stages.length > 0 ? stages : [CURRENT]) {
        if (stage === CURRENT) {
          secret.promote(token);
        } else {
          secret.attach(stage, token);
        }
      }
      secret.versions.get(token).value = value;
    }
    return { versionId: token, versionStages: this.stages(secretId, token) };
  }

  #move(secretId, stage, moveTo, removeFrom) {
    const secret = this.#known(secretId);
    for (const versionId of [moveTo, removeFrom]) {
      if (versionId !== undefined && !secret.versions.has(versionId)) {
        throw notFound(versionId);
      }
    }
    const holder = secret.holder(stage);
    if (holder !== undefined && holder !== moveTo && holder !== removeFrom) {
      throw invalid(
        `Staging label ${stage} is currently attached to version ${holder}, so you must explicitly ` +
          'reference that version in RemoveFromVersionId.',
      );
    }
    if (moveTo === undefined) {
      secret.detach(stage);
    } else if (stage === CURRENT) {
      secret.promote(moveTo);
    } else {
      secret.attach(stage, moveTo);
    }
  }

  /** The same sequence in every run; every class in turn, so that each is there. */
  #password(rules) {
    const included = Object.keys(CLASSES)
      .filter((name) => !rules[name])
      .map((name) => CLASSES[name]);
    const classes = [...included, ...(rules.includeSpace ? [' '] : [])]
      .map((text) => [...text].filter((character) => !rules.excludeCharacters.includes(character)))
      .filter((characters) => characters.length > 0);
    const length = rules.length ?? 32;
    if (classes.length === 0 || length < 1 || length > 4096) {
      throw invalid('The password cannot be made from these rules.');
    }
    this.#passwordsMade += 1;
    const digest = createHash('shake256', { outputLength: length })
      .update(String(this.#passwordsMade))
      .digest();
    const characters = Array.from(digest, (byte, index) => {
      const from = classes[index % classes.length];
      return from[byte % from.length];
    });
    return characters.join('');
  }
}

function unavailable() {
  return new SecretsError('InternalServiceError', 'An error occurred on the server side.');
}

function disconnected() {
  return new SqlError('connection', 'the server cannot be reached', undefined, true);
}

function invalid(message) {
  return new SecretsError('InvalidParameterException', message);
}

function notFound(versionId, stage) {
  const what = versionId === undefined ? `staging label: ${stage ?? CURRENT}` : `VersionId: ${versionId}`;
  return new SecretsError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret value for ${what}`,
  );
}
