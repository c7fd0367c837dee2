/**
 * Connections to SQL databases. The host holds the driver and TLS, and checks where a function may dial: by
 * default the host and the port that the secret names.
 */

import { CallError, Permanent } from './failure.js';
import { current } from './host.js';

/**
 * A parameter or a cell. A whole number that is read is a `bigint`; types that have no other form here are
 * text.
 * @typedef {null | boolean | bigint | number | string | Uint8Array} Value
 */

/** @typedef {'postgres' | 'mysql'} Engine */

/**
 * How a connection is protected: never encrypted; encrypted when the server offers it, with a certificate
 * that is not verified; encrypted, with a certificate that must be valid for the host name.
 * @typedef {'disable' | 'prefer' | 'verify-full'} Tls
 */

/**
 * Where to connect, and as whom.
 * @typedef {object} Target
 * @property {Engine} engine
 * @property {string} host
 * @property {number} port
 * @property {string} [database] the server's default for the user when absent
 * @property {string} username
 * @property {string} password
 * @property {Tls} tls
 */

/**
 * The answer to a query.
 * @typedef {object} Rows
 * @property {string[]} columns
 * @property {Value[][]} rows
 */

/**
 * What went wrong, where a function would act differently. `egress`: the sandbox does not allow this host
 * and port; the message holds the line that would. `connection`: refused, timed out, no such host, TLS
 * failed, broken in the middle. `authentication`: the server refused the password, another one may be the
 * right one. `statement`: the server refused it. `limit`: too many connections, too many rows.
 * @typedef {'egress' | 'connection' | 'authentication' | 'statement' | 'limit'} Reason
 */

const REASONS = {
  egress: 'not allowed by the sandbox',
  connection: 'no connection',
  authentication: 'login refused',
  statement: 'statement refused',
  limit: 'limit of the sandbox',
};

/** Why a connection or a statement failed. */
export class SqlError extends CallError {
  /**
   * @param {Reason} reason
   * @param {string} message
   * @param {string} [sqlstate] five characters, when the server sent one
   * @param {boolean} [isTransient]
   */
  constructor(reason, message, sqlstate, isTransient = false) {
    super(`${REASONS[reason]}: ${message}`, isTransient);
    this.reason = reason;
    this.sqlstate = sqlstate;
  }
}

/** An open session. */
export class Connection {
  #session;

  /** @param {import('./host.js').Session} session */
  constructor(session) {
    this.#session = session;
  }

  /**
   * Connects and logs in.
   * @param {Target} target
   * @returns {Connection}
   */
  static open(target) {
    return new Connection(current().open(target));
  }

  /**
   * Runs one statement with bound parameters; returns the number of rows that it changed.
   * @param {string} statement
   * @param {Value[]} [parameters]
   * @returns {bigint}
   */
  execute(statement, parameters = []) {
    return this.#session.execute(statement, parameters);
  }

  /**
   * Runs one statement with bound parameters; returns its rows.
   * @param {string} statement
   * @param {Value[]} [parameters]
   * @returns {Rows}
   */
  query(statement, parameters = []) {
    return this.#session.query(statement, parameters);
  }

  /** Ends the session. So does the end of the step. */
  close() {
    this.#session.close();
  }
}

/**
 * Quotes a name for PostgreSQL: `"…"`, with each quote doubled.
 * @param {string} name
 * @returns {string}
 */
export function quoteIdentifier(name) {
  return enclosed(name, '"', /"/g);
}

/**
 * Quotes a text for PostgreSQL: `'…'`, with each quote doubled. With a backslash in it: `E'…'`, with each
 * backslash doubled too, which means the same whatever `standard_conforming_strings` says.
 * @param {string} text
 * @returns {string}
 */
export function quoteLiteral(text) {
  // The space keeps a preceding word from swallowing the E.
  return text.includes('\\') ? ` E${enclosed(text, "'", /['\\]/g)}` : enclosed(text, "'", /'/g);
}

function enclosed(text, quote, doubled) {
  if (text.includes('\0')) {
    throw new Permanent('the text holds a zero byte');
  }
  return quote + text.replace(doubled, (character) => character + character) + quote;
}
