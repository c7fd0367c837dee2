// The steps, their failures, and the in-memory host.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AwaitingApproval, Permanent, Refused, Retry, Rotator } from '../keywheel/index.js';
import { approvals, log, secrets, sql } from '../keywheel/index.js';
import { InMemory } from '../keywheel/testing.js';

/** Runs what the test asks for in `setSecret`. */
class Text extends Rotator {
  constructor(action) {
    super();
    this.setSecret = action;
  }

  createSecret(event) {
    if (!event.pending()) {
      event.putPending(secrets.getRandomPassword());
    }
  }

  testSecret() {
    approvals.require('log in');
  }
}

function rotating() {
  const host = new InMemory();
  const secret = host.secret('app', 'first');
  host.beginRotation(secret, 'token-1');
  const step = (name, action = () => {}) => host.invoke(new Text(action), secret, name);
  const set = (action) => step('set-secret', action);
  return { host, secret, step, set };
}

test('the last step moves the label once', async () => {
  const { host, secret, step } = rotating();
  await step('create-secret');
  await step('finish-secret');
  await step('finish-secret');
  assert.deepEqual(host.stages(secret, 'token-1'), ['AWSCURRENT', 'AWSPENDING']);
  assert.deepEqual(host.stages(secret, 'initial'), ['AWSPREVIOUS']);
  assert.deepEqual(host.logLines, ['moved AWSCURRENT to version token-1']);
});

test('an abandoned rotation does not move the label', async () => {
  const { host, secret, step, set } = rotating();
  await step('create-secret');
  await set((event) =>
    secrets.updateSecretVersionStage(event.secretId, 'AWSPENDING', undefined, 'token-1'),
  );
  await assert.rejects(step('finish-secret'), Permanent);
  assert.deepEqual(host.stages(secret, 'initial'), ['AWSCURRENT']);
});

test('people are asked', async () => {
  const { host, step } = rotating();
  await assert.rejects(step('test-secret'), AwaitingApproval);
  host.isApproved = true;
  await step('test-secret');
});

test('each failure tells the host what to do', async () => {
  const { host, set } = rotating();
  for (const [failure, kind, message] of [
    [new Retry('later'), 'retry', 'later'],
    [new Refused('no').whileDoing('logging in'), 'refused', 'logging in: no'],
    [new Permanent('never'), 'permanent', 'never'],
    [new secrets.SecretsError('ThrottlingException', 'slow'), 'retry', 'ThrottlingException: slow'],
    [new secrets.SecretsError('AccessDeniedException', 'no'), 'permanent', 'AccessDeniedException: no'],
    [new sql.SqlError('limit', 'many').whileDoing('x'), 'permanent', 'x: limit of the sandbox: many'],
    [
      new sql.SqlError('connection', 'gone', undefined, true).whileDoing('x'),
      'retry',
      'x: no connection: gone',
    ],
  ]) {
    const thrown = await set(() => {
      throw failure;
    }).catch((error) => error);
    assert.deepEqual([thrown.kind, thrown.message], [kind, message]);
  }
  assert.deepEqual(host.logLines, []);
});

test('a mistake is told and tried again', async () => {
  const { host, set } = rotating();
  const thrown = await set(() => undefined.nothing).catch((error) => error);
  assert(thrown instanceof Retry);
  assert.match(thrown.message, /^the function failed in set-secret: TypeError: /);
  assert.match(host.logLines[0], /rotator\.test\.js/);
});

test('a function without a step says so', async () => {
  const host = new InMemory();
  const secret = host.secret('app', 'first');
  host.beginRotation(secret, 'token-1');
  await assert.rejects(host.invoke(new Rotator(), secret, 'create-secret'), Permanent);
});

test('a token means one value', async () => {
  const { host, secret, set } = rotating();
  await set((event) => event.putPending('second'));
  await set((event) => event.putPending('second'));
  await assert.rejects(
    set((event) => event.putPending('third')),
    { code: 'ResourceExistsException' },
  );
  assert.equal(host.value(secret, 'AWSPENDING'), 'second');
  const stolen = ({ secretId, clientRequestToken }) =>
    secrets.putSecretValue(secretId, clientRequestToken, 'x', ['AWSPENDING'], 'stolen');
  await assert.rejects(set(stolen), { code: 'InvalidParameterException' });
});

test('current moves only from where it is', async () => {
  const { set } = rotating();
  const moving = ({ secretId }) => secrets.updateSecretVersionStage(secretId, 'AWSCURRENT', 'token-1');
  await assert.rejects(set(moving), { code: 'InvalidParameterException' });
});

test('passwords follow the rules and differ', async () => {
  const { set } = rotating();
  const made = [];
  const digits = { excludeUppercase: true, excludeLowercase: true, excludePunctuation: true };
  await set(() => {
    for (const rules of [{}, {}, digits]) {
      made.push(secrets.getRandomPassword(secrets.passwordRules(rules)));
    }
  });
  assert.notEqual(made[0], made[1]);
  assert.deepEqual(made.map((password) => password.length), [32, 32, 32]);
  assert(!/[/@"'\\]/.test(made[0]));
  assert.match(made[2], /^[0-9]+$/);
});

test('the log has levels, and a function has a host', async () => {
  const { host, set } = rotating();
  await set(() => {
    log.debug('a');
    log.warn('b');
  });
  assert.deepEqual(host.logLines, ['a', 'b']);
  assert.throws(() => log.info('nobody hears this'), /there is no host/);
});
