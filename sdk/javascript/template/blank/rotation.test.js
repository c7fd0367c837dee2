// `npm test` runs the steps natively, on an in-memory host.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Permanent, STEPS } from './vendor/keywheel/index.js';
import { InMemory } from './vendor/keywheel/testing.js';
import { Rotation } from './rotation.js';

function rotating() {
  const host = new InMemory();
  const secret = host.secret('app/key', 'first');
  host.beginRotation(secret, 'token-1');
  return { host, secret, step: (name) => host.invoke(new Rotation(), secret, name) };
}

test('each step may run twice', async () => {
  const { host, secret, step } = rotating();
  for (const name of STEPS) {
    await step(name);
    await step(name);
  }
  assert.notEqual(host.value(secret, 'AWSCURRENT'), 'first');
  assert(host.stages(secret, 'token-1').includes('AWSCURRENT'));
});

test('without a pending value the test fails', async () => {
  const { step } = rotating();
  await assert.rejects(step('test-secret'), Permanent);
});
