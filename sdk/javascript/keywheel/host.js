/**
 * The host as the SDK sees it: implemented by the imports of a component (`component.js`) and, natively, by
 * whatever `use` put in place. Authors call `secrets`, `sql`, `approvals` and `log` instead.
 */

/**
 * What a rotation function may ask of its host. The methods are the imports of the WIT world.
 * @typedef {object} Host
 * @property {(secretId: string, versionId?: string, versionStage?: string) => import('./secrets.js').VersionValue} getSecretValue
 * @property {(secretId: string, clientRequestToken: string, value: string | Uint8Array, versionStages: string[], rotationToken: string) => import('./secrets.js').StoredVersion} putSecretValue
 * @property {(secretId: string) => import('./secrets.js').Description} describeSecret
 * @property {(secretId: string, versionStage: string, moveToVersionId?: string, removeFromVersionId?: string) => void} updateSecretVersionStage
 * @property {(rules: import('./secrets.js').PasswordRules) => string} getRandomPassword
 * @property {(target: import('./sql.js').Target) => Session} open
 * @property {(summary: string) => boolean} requireApproval
 * @property {(level: import('./log.js').Level, message: string) => void} log
 * @property {() => Record<string, string>} environment
 */

/**
 * An open session with a database.
 * @typedef {object} Session
 * @property {(statement: string, parameters: import('./sql.js').Value[]) => bigint} execute
 * @property {(statement: string, parameters: import('./sql.js').Value[]) => import('./sql.js').Rows} query
 * @property {() => void} close
 */

/** @type {Host | undefined} */
let inPlace;

/**
 * The host that answers.
 * @returns {Host}
 */
export function current() {
  if (inPlace === undefined) {
    throw new Error('there is no host: run the function as a component, or with `keywheel/testing`');
  }
  return inPlace;
}

/**
 * Lets a host answer until `run` has ended. Calls may be nested, and may not overlap.
 * @template T
 * @param {Host} host
 * @param {() => T | Promise<T>} run
 * @returns {Promise<T>}
 */
export async function use(host, run) {
  const before = inPlace;
  inPlace = host;
  try {
    return await run();
  } finally {
    inPlace = before;
  }
}
