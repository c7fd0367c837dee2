// Quoting, SCRAM verifiers and password rules.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { Permanent, scram, secrets, sql } from '../keywheel/index.js';
import { tokens } from '../keywheel/statement.js';

/** Texts in which the characters that matter are common, the same in each run. */
function* texts() {
  const alphabet = Array.from('\'"\\Ee$; -aä\n');
  let state = 20261125n;
  const draw = (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(below));
  };
  for (let count = 0; count < 2000; count += 1) {
    yield Array.from({ length: draw(12) }, () => alphabet[draw(alphabet.length)]).join('');
  }
}

test('what is quoted is one name or one text', () => {
  for (const text of texts()) {
    assert.deepEqual(tokens(sql.quoteIdentifier(text)), [{ kind: 'name', text }]);
    for (const standard of [true, false]) {
      const statement = `PASSWORD${sql.quoteLiteral(text)} ;`;
      const expected = [
        { kind: 'word', text: 'password' },
        { kind: 'text', text },
        { kind: 'other', text: ';' },
      ];
      assert.deepEqual(tokens(statement, standard), expected, statement);
    }
  }
});

test('a zero byte is refused', () => {
  for (const quote of [sql.quoteIdentifier, sql.quoteLiteral]) {
    assert.throws(() => quote('a\0b'), Permanent);
  }
});

test('a verifier is the one of the standard, with and without the engine’s own PBKDF2', async () => {
  // The exchange of RFC 7677, section 3: the server proves itself with the key in the verifier.
  const nonce = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const salt = 'W22ZaJ0SNY7soEsUEjb6gQ==';
  const exchange = `n=user,r=rOprNGfwEbeRWgbNEkqO,${nonce},s=${salt},i=4096,c=biws,${nonce}`;
  const made = await scram.verifierWith('pencil', Buffer.from(salt, 'base64'));
  assert(made.startsWith(`SCRAM-SHA-256$4096:${salt}$`), made);
  const serverKey = Buffer.from(made.split(':').at(-1), 'base64');
  const signature = createHmac('sha256', serverKey).update(exchange).digest('base64');
  assert.equal(signature, '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');

  const { deriveBits } = SubtleCrypto.prototype;
  SubtleCrypto.prototype.deriveBits = undefined;
  try {
    assert.equal(await scram.verifierWith('pencil', Buffer.from(salt, 'base64')), made);
  } finally {
    SubtleCrypto.prototype.deriveBits = deriveBits;
  }
});

test('two verifiers differ, and only ASCII has one', async () => {
  assert.notEqual(await scram.verifier('pencil'), await scram.verifier('pencil'));
  await assert.rejects(scram.verifier('pässword'), Permanent);
});

test('password rules come from the environment', () => {
  const { passwordRules, passwordRulesFromEnvironment } = secrets;
  assert.deepEqual(passwordRulesFromEnvironment({}), passwordRules());
  assert.deepEqual(
    passwordRulesFromEnvironment({
      PASSWORD_LENGTH: '48',
      EXCLUDE_PUNCTUATION: 'True',
      EXCLUDE_CHARACTERS: 'xyz',
    }),
    passwordRules({ length: 48, excludePunctuation: true, excludeCharacters: 'xyz' }),
  );
  for (const variables of [{ PASSWORD_LENGTH: '-1' }, { PASSWORD_LENGTH: '²' }, { EXCLUDE_NUMBERS: 'yes' }]) {
    assert.throws(() => passwordRulesFromEnvironment(variables), Permanent);
  }
});
