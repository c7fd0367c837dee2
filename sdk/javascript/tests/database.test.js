// The JSON that secrets hold.

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';

import { DatabaseSecret, Permanent } from '../keywheel/index.js';

const BASE = '"engine":"postgres","host":"db","username":"app","password":"p"';
const parse = (more = '') => DatabaseSecret.parse(`{${BASE}${more}}`);
const permanent = (message) => (error) => {
  assert(error instanceof Permanent, error);
  assert.equal(error.message, message);
  return true;
};

test('optional keys have the meaning of AWS templates', () => {
  for (const [more, port, tls] of [
    ['', undefined, 'prefer'],
    [',"port":6432,"ssl":true', 6432, 'verify-full'],
    [',"port":"6432","ssl":false', 6432, 'disable'],
    [',"port":null,"ssl":"True"', undefined, 'verify-full'],
    [',"ssl":"false","ssl":true', undefined, 'verify-full'],
  ]) {
    const secret = parse(more);
    assert.deepEqual([secret.port, secret.tls], [port, tls], more);
  }
});

test('a wrong form is named by its key', () => {
  const notAnObject = 'the secret value is not a JSON object';
  for (const [value, message] of [
    ['hunter2', notAnObject],
    ['', notAnObject],
    ['[]', notAnObject],
    ['null', notAnObject],
    ['{', notAnObject],
    ['{"a":1,}', notAnObject],
    [new TextEncoder().encode('{}'), notAnObject],
    ['{"engine":"postgres"} x', notAnObject],
    ['{}', 'the secret has no key `engine`'],
    ['{"engine":"postgres"}', 'the secret has no key `host`'],
    ['{"engine":"postgres","host":7}', "the secret's key `host` must be a text"],
    [`{${BASE},"ssl":"require"}`, "the secret's key `ssl` must be true or false"],
    [`{${BASE},"ssl":"constructor"}`, "the secret's key `ssl` must be true or false"],
    [`{${BASE},"ssl":1}`, "the secret's key `ssl` must be true or false"],
  ]) {
    assert.throws(() => DatabaseSecret.parse(value), permanent(message), String(value));
  }
  for (const port of ['0', '65536', '-1', '5432.5', '"five"', 'true', '[5432]', '1e3', '9'.repeat(5000)]) {
    const message = "the secret's key `port` must be a number from 1 to 65535";
    assert.throws(() => parse(`,"port":${port}`), permanent(message), port);
  }
});

test('unknown fields keep their place and their spelling', () => {
  const stored =
    '{"z":1.50e3,"password":"old","nested":{"b":[1, 2],"a":null,"q":"}\\"]"},"engine":"postgres",' +
    '"host":"db","username":"app","ä":12345678901234567890123}';
  const secret = DatabaseSecret.parse(stored);
  assert.equal(secret.toValue(), stored);
  const spaced = stored.replaceAll(',', ' , ').replaceAll('":', '" : ');
  assert.equal(DatabaseSecret.parse(` ${spaced} `).password, 'old');
  const following = secret.withPassword('n"e\\wü').withUsername('app_clone');
  const expected = stored.replace('"old"', '"n\\"e\\\\wü"').replace('"app"', '"app_clone"');
  assert.equal(following.toValue(), expected);
  assert.equal(DatabaseSecret.parse(following.toValue()).password, 'n"e\\wü');
});

test('the usual port is the same login, and another user or server is not', () => {
  for (const [current, pending, key] of [
    ['', ',"port":5432'],
    [',"port":"5432","ssl":true', ''],
    ['', ',"port":5433', 'port'],
    ['', ',"host":"other"', 'host'],
    ['', ',"username":"other"', 'username'],
  ]) {
    const ask = () => parse(current).requireSameLogin(parse(pending));
    if (key === undefined) {
      ask();
    } else {
      assert.throws(ask, permanent(`the pending value has another \`${key}\` than the current value`));
    }
  }
});

test('nothing that is printed shows a value', () => {
  const secret = parse(',"api":"hunter2"').withPassword('hunter2');
  assert.equal(secret.target('postgres').password, 'hunter2');
  for (const shown of [inspect(secret, { depth: 9 }), JSON.stringify(secret), String(secret)]) {
    assert(!shown.includes('hunter2'), shown);
  }
});
