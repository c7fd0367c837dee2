// `npm test` runs the steps natively, on an in-memory host.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Failure, Permanent, Refused, Retry, STEPS } from './vendor/keywheel/index.js';
import { FAULTS, InMemory, Killed } from './vendor/keywheel/testing.js';
import { Rotation } from './rotation.js';

const SECRET = '{"engine":"postgres","host":"db","username":"app","password":"first","team":"blue"}';

function rotating() {
  const host = new InMemory();
  const server = host.server('db').user('app', 'first');
  const secret = host.secret('db/app', SECRET);
  host.beginRotation(secret, 'token-1');
  const step = (name) => host.invoke(new Rotation(), secret, name);
  const password = () => JSON.parse(host.value(secret, 'AWSCURRENT')).password;
  return { host, server, secret, step, password };
}

test('each step may run twice', async () => {
  const { host, server, secret, step, password } = rotating();
  for (const name of STEPS) {
    await step(name);
    await step(name);
  }
  assert(server.accepts('app', password()));
  assert(!server.accepts('app', 'first'));
  const stored = host.value(secret, 'AWSCURRENT');
  assert.equal(stored, SECRET.replace('"first"', () => JSON.stringify(password())));
});

test('it goes on after dying at any call', async () => {
  for (const fault of FAULTS) {
    for (let call = 0; ; call += 1) {
      const { host, server, step, password } = rotating();
      host.faults.set(call, fault);
      for (const name of STEPS) {
        await step(name).catch((error) => {
          assert(error instanceof Killed || (error instanceof Failure && error.kind === 'retry'), error);
          return step(name);
        });
      }
      assert(server.accepts('app', password()), `${fault} at call ${call}`);
      if (host.faults.size > 0) {
        assert(call > 10);
        break;
      }
    }
  }
});

test('the server and the log see no password', async () => {
  const { host, server, step, password } = rotating();
  for (const name of STEPS) {
    await step(name);
  }
  for (const line of [...server.statements, ...host.logLines]) {
    assert(!line.includes(password()), line);
  }
});

test('a password that the server does not take fails the test', async () => {
  const { step } = rotating();
  await step('create-secret');
  await assert.rejects(step('test-secret'), Refused);
});

test('a pending value for another server is refused', async () => {
  const { host, secret, step } = rotating();
  await step('create-secret');
  host.overwrite(secret, 'AWSPENDING', SECRET.replace('"db"', '"elsewhere"'));
  await assert.rejects(step('set-secret'), (error) => {
    return error instanceof Permanent && error.message.includes('another `host`');
  });
});

test('a server that is away is tried again', async () => {
  const { server, step } = rotating();
  await step('create-secret');
  server.isStopped = true;
  await assert.rejects(step('set-secret'), Retry);
});
