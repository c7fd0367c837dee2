/** The JSON that the secret of a database holds: the form that AWS's rotation functions define. */

import { Document } from './document.js';
import { Permanent } from './failure.js';

const PORTS = { postgres: 5432, mysql: 3306, mariadb: 3306 };

/** The secret of a database user. Fields that the SDK does not know are kept as they were written. */
export class DatabaseSecret {
  #document;
  #password;

  /** @param {Document} document */
  constructor(document) {
    this.#document = document;
    /** The kind of database, in AWS's words: `postgres`, `mysql`, `mariadb`. */
    this.engine = document.requiredText('engine');
    this.host = document.requiredText('host');
    /** The port of the server, when the secret names one. */
    this.port = document.port();
    this.username = document.requiredText('username');
    this.#password = document.requiredText('password');
    this.database = document.text('dbname');
    /**
     * What `ssl` asks for: absent means prefer, true verify-full, false disable.
     * @type {import('./sql.js').Tls}
     */
    this.tls = { true: 'verify-full', false: 'disable' }[document.truth('ssl')] ?? 'prefer';
    /** The secret of a user who may change the password of this one. */
    this.masterArn = document.text('masterarn');
  }

  /**
   * Reads a value. `engine`, `host`, `username` and `password` must be there.
   * @param {string | Uint8Array} value
   * @returns {DatabaseSecret}
   */
  static parse(value) {
    return new DatabaseSecret(Document.parse(value));
  }

  /** Not a plain field, so that no printed object shows it. */
  get password() {
    return this.#password;
  }

  /**
   * Refuses a pending value that leads to another server or user than this one: a password must not be
   * sent there, and changing it there would not rotate this secret. Without a port: the engine's own.
   * @param {DatabaseSecret} pending
   */
  requireSameLogin(pending) {
    const usualPort = (secret) => secret.port ?? PORTS[secret.engine];
    const differences = {
      host: this.host !== pending.host,
      port: usualPort(this) !== usualPort(pending),
      username: this.username !== pending.username,
    };
    const key = Object.keys(differences).find((name) => differences[name]);
    if (key !== undefined) {
      throw new Permanent(`the pending value has another \`${key}\` than the current value`);
    }
  }

  /**
   * The same secret with another password; all other fields stay as they were written.
   * @param {string} password
   * @returns {DatabaseSecret}
   */
  withPassword(password) {
    return new DatabaseSecret(this.#document.withText('password', password));
  }

  /**
   * The same secret with another user.
   * @param {string} username
   * @returns {DatabaseSecret}
   */
  withUsername(username) {
    return new DatabaseSecret(this.#document.withText('username', username));
  }

  /**
   * The value to store.
   * @returns {string}
   */
  toValue() {
    return this.#document.toValue();
  }

  /**
   * Where this secret logs in. Without a port: the engine's own.
   * @param {import('./sql.js').Engine} engine
   * @returns {import('./sql.js').Target}
   */
  target(engine) {
    return {
      engine,
      host: this.host,
      port: this.port ?? PORTS[engine],
      database: this.database,
      username: this.username,
      password: this.password,
      tls: this.tls,
    };
  }
}
