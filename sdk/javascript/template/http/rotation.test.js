// `npm test` runs the steps natively, on an in-memory host, against a service of this test's own.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { Failure, Permanent, Refused, Retry, STEPS } from './vendor/keywheel/index.js';
import { FAULTS, InMemory, Killed } from './vendor/keywheel/testing.js';
import { Rotation } from './rotation.js';

/** Knows one user. */
const service = { password: 'first', status: 200 };
const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) {
    body += part;
  }
  const credentials = `Basic ${Buffer.from(`app:${service.password}`).toString('base64')}`;
  if (request.url !== '/users/app' || request.headers.authorization !== credentials) {
    response.writeHead(401).end();
    return;
  }
  if (service.status === 200 && request.method === 'PUT') {
    service.password = JSON.parse(body).password;
  }
  response.writeHead(service.status).end();
});

before(() => new Promise((listening) => server.listen(0, '127.0.0.1', listening)));
after(() => server.close());
beforeEach(() => Object.assign(service, { password: 'first', status: 200 }));

function rotating() {
  const { port } = server.address();
  const value = { host: '127.0.0.1', port, ssl: false, username: 'app', password: service.password };
  const host = new InMemory();
  const secret = host.secret('api/app', JSON.stringify(value));
  host.beginRotation(secret, 'token-1');
  const step = (name) => host.invoke(new Rotation(), secret, name);
  const password = () => JSON.parse(host.value(secret, 'AWSCURRENT')).password;
  return { host, secret, value, step, password };
}

test('each step may run twice', async () => {
  const { step, password } = rotating();
  for (const name of STEPS) {
    await step(name);
    await step(name);
  }
  assert.equal(service.password, password());
  assert.notEqual(service.password, 'first');
});

test('it goes on after dying at any call', async () => {
  for (const fault of FAULTS) {
    for (let call = 0; ; call += 1) {
      service.password = 'first';
      const { host, step, password } = rotating();
      host.faults.set(call, fault);
      for (const name of STEPS) {
        await step(name).catch((error) => {
          assert(error instanceof Killed || (error instanceof Failure && error.kind === 'retry'), error);
          return step(name);
        });
      }
      assert.equal(service.password, password(), `${fault} at call ${call}`);
      if (host.faults.size > 0) {
        assert(call > 8);
        break;
      }
    }
  }
});

test('a password that the service does not take fails the test', async () => {
  const { step } = rotating();
  await step('create-secret');
  await assert.rejects(step('test-secret'), Refused);
});

test('a pending value for another server is refused', async () => {
  const { host, secret, value, step } = rotating();
  await step('create-secret');
  host.overwrite(secret, 'AWSPENDING', JSON.stringify({ ...value, host: 'localhost' }));
  await assert.rejects(step('set-secret'), Permanent);
});

test('a service in trouble is tried again and a refusal is not', async () => {
  const { step } = rotating();
  await step('create-secret');
  for (const [status, kind] of [[503, Retry], [429, Retry], [422, Permanent]]) {
    service.status = status;
    await assert.rejects(step('set-secret'), kind);
  }
});

test('a service that is away is tried again', async () => {
  const { host, secret, value, step } = rotating();
  host.overwrite(secret, 'AWSCURRENT', JSON.stringify({ ...value, port: 9 }));
  await step('create-secret');
  await assert.rejects(step('set-secret'), Retry);
});
