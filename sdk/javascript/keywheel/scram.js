/**
 * SCRAM-SHA-256 verifiers: what PostgreSQL stores in place of a password.
 *
 * A function that sends a verifier in `ALTER ROLE … PASSWORD` keeps the password itself out of the server's
 * statement log, its statistics and its memory.
 */

import { Permanent } from './failure.js';

/** Rounds of the key derivation: PostgreSQL's default. */
export const ITERATIONS = 4096;
const SALT_BYTES = 16;

/**
 * Computes a verifier with a fresh random salt. Two calls give two texts that accept one password.
 *
 * Only for passwords in ASCII: what the server makes of other characters depends on tables that this module
 * does not have, and a verifier that nobody can log in with locks the role out.
 * @param {string} password
 * @returns {Promise<string>}
 */
export async function verifier(password) {
  if (!/^[\0-\x7f]*$/.test(password)) {
    throw new Permanent('the password holds characters outside ASCII, for which no verifier is computed');
  }
  return verifierWith(password, crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
}

/**
 * The same with a given salt.
 * @param {string} password
 * @param {Uint8Array} salt
 * @returns {Promise<string>}
 */
export async function verifierWith(password, salt) {
  const salted = await pbkdf2(bytes(password), salt);
  const clientKey = await hmac(await hmacKey(salted), bytes('Client Key'));
  const storedKey = new Uint8Array(await crypto.subtle.digest('SHA-256', clientKey));
  const serverKey = await hmac(await hmacKey(salted), bytes('Server Key'));
  return `SCRAM-SHA-256$${ITERATIONS}:${base64(salt)}$${base64(storedKey)}:${base64(serverKey)}`;
}

async function pbkdf2(password, salt) {
  if (typeof crypto.subtle.deriveBits !== 'function') {
    return pbkdf2ByHmac(password, salt);
  }
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  const rule = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ITERATIONS };
  return new Uint8Array(await crypto.subtle.deriveBits(rule, key, 256));
}

/** One block of PBKDF2-HMAC-SHA-256, for the engine of a component: it has HMAC only. */
async function pbkdf2ByHmac(password, salt) {
  const key = await hmacKey(password);
  let block = await hmac(key, new Uint8Array([...salt, 0, 0, 0, 1]));
  const result = block.slice();
  for (let round = 1; round < ITERATIONS; round += 1) {
    block = await hmac(key, block);
    for (let index = 0; index < result.length; index += 1) {
      result[index] ^= block[index];
    }
  }
  return result;
}

function hmacKey(raw) {
  // HMAC fills a short key with zeros; an engine may refuse an empty one.
  const key = raw.length === 0 ? new Uint8Array(1) : raw;
  return crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
}

async function hmac(key, message) {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, message));
}

function bytes(text) {
  return new TextEncoder().encode(text);
}

function base64(raw) {
  return btoa(String.fromCharCode(...raw));
}
