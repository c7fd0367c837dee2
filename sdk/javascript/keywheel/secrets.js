/**
 * AWS Secrets Manager as far as a rotation needs it: its own operations, parameters and errors.
 *
 * A function reaches the secret that it rotates, and what its role grants it.
 */

import { CallError, Permanent } from './failure.js';
import { current } from './host.js';

/** The label of the version in use. */
export const CURRENT = 'AWSCURRENT';
/** The label of the version that a rotation is about to bring into use. */
export const PENDING = 'AWSPENDING';
/** The label of the version that was in use before. */
export const PREVIOUS = 'AWSPREVIOUS';

/**
 * What AWS's own rotation functions leave out of a password: characters that break connection strings and
 * shell quoting.
 */
export const EXCLUDE_CHARACTERS_DEFAULT = '/@"\'\\';
/** The length of a generated password when nothing else is asked for, in characters. */
export const PASSWORD_LENGTH_DEFAULT = 32;

const TRANSIENT = new Set([
  'InternalServiceError',
  'InternalServiceErrorException',
  'InternalFailure',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'ThrottlingException',
]);

/** A refusal, in the API's words. */
export class SecretsError extends CallError {
  /**
   * @param {string} code the exception's name, for example `ResourceNotFoundException`
   * @param {string} message
   */
  constructor(code, message) {
    super(`${code}: ${message}`, TRANSIENT.has(code));
    this.code = code;
  }

  /** The secret or the version does not exist, or the version holds no value yet. */
  get isNotFound() {
    return this.code === 'ResourceNotFoundException';
  }
}

/**
 * A version and its value: `SecretString` or `SecretBinary`.
 * @typedef {object} VersionValue
 * @property {string} arn
 * @property {string} name
 * @property {string} versionId
 * @property {string[]} versionStages
 * @property {string | Uint8Array} value
 */

/**
 * What `putSecretValue` stored.
 * @typedef {object} StoredVersion
 * @property {string} versionId
 * @property {string[]} versionStages
 */

/**
 * A secret without its values.
 * @typedef {object} Description
 * @property {string} arn
 * @property {string} name
 * @property {boolean} rotationEnabled whether the host rotates the secret on its schedule
 * @property {{ versionId: string, stages: string[] }[]} versions the versions that have labels
 */

/**
 * What a generated password consists of.
 * @typedef {object} PasswordRules
 * @property {number} [length] 1 to 4096 characters; 32 when absent
 * @property {string} excludeCharacters characters that the target does not take
 * @property {boolean} excludeNumbers
 * @property {boolean} excludePunctuation
 * @property {boolean} excludeUppercase
 * @property {boolean} excludeLowercase
 * @property {boolean} includeSpace
 * @property {boolean} requireEachIncludedType at least one character of each class that is not excluded
 */

/**
 * The rules of AWS's rotation functions, with changes.
 * @param {Partial<PasswordRules>} [changes]
 * @returns {PasswordRules}
 */
export function passwordRules(changes = {}) {
  return {
    length: PASSWORD_LENGTH_DEFAULT,
    excludeCharacters: EXCLUDE_CHARACTERS_DEFAULT,
    excludeNumbers: false,
    excludePunctuation: false,
    excludeUppercase: false,
    excludeLowercase: false,
    includeSpace: false,
    requireEachIncludedType: true,
    ...changes,
  };
}

/**
 * The rules in the function's own configuration, under the names that AWS's rotation functions use:
 * `EXCLUDE_CHARACTERS`, `PASSWORD_LENGTH`, `EXCLUDE_NUMBERS`, `EXCLUDE_PUNCTUATION`, `EXCLUDE_UPPERCASE`,
 * `EXCLUDE_LOWERCASE`, `REQUIRE_EACH_INCLUDED_TYPE`.
 * @param {Record<string, string>} [variables]
 * @returns {PasswordRules}
 */
export function passwordRulesFromEnvironment(variables = current().environment()) {
  const flag = (name, absent) => {
    const text = variables[name]?.toLowerCase();
    if (text !== undefined && text !== 'true' && text !== 'false') {
      throw new Permanent(`the function's variable \`${name}\` must be \`true\` or \`false\``);
    }
    return text === undefined ? absent : text === 'true';
  };
  const length = variables.PASSWORD_LENGTH ?? String(PASSWORD_LENGTH_DEFAULT);
  if (!/^[0-9]{1,8}$/.test(length)) {
    throw new Permanent("the function's variable `PASSWORD_LENGTH` must be a number of characters");
  }
  return passwordRules({
    length: Number(length),
    excludeCharacters: variables.EXCLUDE_CHARACTERS ?? EXCLUDE_CHARACTERS_DEFAULT,
    excludeNumbers: flag('EXCLUDE_NUMBERS', false),
    excludePunctuation: flag('EXCLUDE_PUNCTUATION', false),
    excludeUppercase: flag('EXCLUDE_UPPERCASE', false),
    excludeLowercase: flag('EXCLUDE_LOWERCASE', false),
    requireEachIncludedType: flag('REQUIRE_EACH_INCLUDED_TYPE', true),
  });
}

/**
 * Reads a value. Without a version and a stage: that of the version labelled `AWSCURRENT`.
 *
 * `Event` has shorter ways to the current, the pending and the previous value.
 * @param {string} secretId
 * @param {string} [versionId]
 * @param {string} [versionStage]
 * @returns {VersionValue}
 */
export function getSecretValue(secretId, versionId, versionStage) {
  return current().getSecretValue(secretId, versionId, versionStage);
}

/**
 * Stores a value under a token. The same value under the same token again changes nothing.
 * @param {string} secretId
 * @param {string} clientRequestToken
 * @param {string | Uint8Array} value
 * @param {string[]} versionStages
 * @param {string} rotationToken
 * @returns {StoredVersion}
 */
export function putSecretValue(secretId, clientRequestToken, value, versionStages, rotationToken) {
  return current().putSecretValue(secretId, clientRequestToken, value, versionStages, rotationToken);
}

/**
 * Names the versions of a secret and their labels.
 * @param {string} secretId
 * @returns {Description}
 */
export function describeSecret(secretId) {
  return current().describeSecret(secretId);
}

/**
 * The id of the version that carries a label.
 * @param {Description} description
 * @param {string} stage
 * @returns {string | undefined}
 */
export function holder(description, stage) {
  return description.versions.find((version) => version.stages.includes(stage))?.versionId;
}

/**
 * Moves a label to a version, or removes it from one.
 * @param {string} secretId
 * @param {string} versionStage
 * @param {string} [moveToVersionId]
 * @param {string} [removeFromVersionId]
 */
export function updateSecretVersionStage(secretId, versionStage, moveToVersionId, removeFromVersionId) {
  current().updateSecretVersionStage(secretId, versionStage, moveToVersionId, removeFromVersionId);
}

/**
 * Makes a password in the host, from its source of randomness.
 * @param {PasswordRules} [rules]
 * @returns {string}
 */
export function getRandomPassword(rules = passwordRules()) {
  return current().getRandomPassword(rules);
}
