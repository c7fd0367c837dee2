/**
 * Write rotation functions for Keywheel in JavaScript.
 *
 * A function is a WebAssembly component: four steps, no files, no network of its own, and only the powers
 * that it imports. Each capability of the host is one module of plain functions: `secrets`, `sql`,
 * `approvals` and `log`; HTTP is the `fetch` of the language. In a component they call the host's imports;
 * natively they call the host that `testing` puts in place. `database` reads the JSON that a database's
 * secret holds, `scram` computes what PostgreSQL stores for a password.
 */

export * as approvals from './approvals.js';
export * as log from './log.js';
export * as scram from './scram.js';
export * as secrets from './secrets.js';
export * as sql from './sql.js';
export { DatabaseSecret } from './database.js';
export { Document } from './document.js';
export { AwaitingApproval, CallError, Failure, Permanent, Refused, Retry } from './failure.js';
export { Event, Rotator, STEPS, run } from './rotator.js';
