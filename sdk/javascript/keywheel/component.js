/**
 * The imports and the export of a component, and their translation into the plain types of the SDK.
 *
 * Only the module that `componentize-js` starts from imports this one: its imports exist in a component
 * only.
 */

import { require as requireApproval } from 'keywheel:rotation/approvals@0.1.0';
import { write } from 'keywheel:rotation/log@0.1.0';
import * as secrets from 'keywheel:rotation/secrets@0.1.0';
import { Connection } from 'keywheel:rotation/sql@0.1.0';
import { getEnvironment } from 'wasi:cli/environment@0.2.12';

import { Failure } from './failure.js';
import { use } from './host.js';
import { Event, run } from './rotator.js';
import { SecretsError } from './secrets.js';
import { SqlError } from './sql.js';

/**
 * The function that the component exports: `export const rotate = component(new MyRotator())`.
 * @param {import('./rotator.js').Rotator} rotator
 */
export function component(rotator) {
  return async (event) => {
    try {
      await use(imports, () => run(rotator, new Event(event)));
    } catch (error) {
      if (error instanceof Failure) {
        // How bindings spell a case of the WIT's variant.
        throw { tag: error.kind, val: error.message };
      }
      throw error;
    }
  };
}

/** @type {import('./host.js').Host} */
const imports = {
  getSecretValue(secretId, versionId, versionStage) {
    const version = asked(() => secrets.getSecretValue(secretId, versionId, versionStage));
    return { ...version, value: version.value.val };
  },

  putSecretValue(secretId, clientRequestToken, value, versionStages, rotationToken) {
    const wrapped = { tag: typeof value === 'string' ? 'text' : 'binary', val: value };
    return asked(() =>
      secrets.putSecretValue(secretId, clientRequestToken, wrapped, versionStages, rotationToken),
    );
  },

  describeSecret(secretId) {
    return asked(() => secrets.describeSecret(secretId));
  },

  updateSecretVersionStage(secretId, versionStage, moveToVersionId, removeFromVersionId) {
    asked(() =>
      secrets.updateSecretVersionStage(secretId, versionStage, moveToVersionId, removeFromVersionId),
    );
  },

  getRandomPassword(rules) {
    return asked(() => secrets.getRandomPassword(rules));
  },

  open(target) {
    const connection = queried(() => Connection.open(target));
    return {
      execute: (statement, parameters) =>
        queried(() => connection.execute(statement, parameters.map(bound))),
      query: (statement, parameters) => {
        const found = queried(() => connection.query(statement, parameters.map(bound)));
        return { columns: found.columns, rows: found.rows.map((row) => row.map((cell) => cell.val ?? null)) };
      },
      close: () => connection[Symbol.dispose]?.(),
    };
  },

  requireApproval,

  log: write,

  environment() {
    return Object.fromEntries(getEnvironment());
  },
};

function asked(call) {
  try {
    return call();
  } catch (error) {
    if (error.payload?.code === undefined) {
      throw error;
    }
    throw new SecretsError(error.payload.code, error.payload.message);
  }
}

function queried(call) {
  try {
    return call();
  } catch (error) {
    if (error.payload?.kind === undefined) {
      throw error;
    }
    const { kind, message, sqlstate, transient } = error.payload;
    throw new SqlError(kind, message, sqlstate, transient);
  }
}

function bound(value) {
  switch (typeof value) {
    case 'boolean':
      return { tag: 'boolean', val: value };
    case 'bigint':
      return { tag: 'integer', val: value };
    case 'number':
      return Number.isSafeInteger(value)
        ? { tag: 'integer', val: BigInt(value) }
        : { tag: 'float', val: value };
    case 'string':
      return { tag: 'text', val: value };
    default:
      if (value instanceof Uint8Array) {
        return { tag: 'bytes', val: value };
      }
      if (value === null || value === undefined) {
        return { tag: 'null' };
      }
      throw new TypeError('a parameter cannot be an object');
  }
}
