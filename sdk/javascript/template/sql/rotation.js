/**
 * Rotates the password of a PostgreSQL role, which changes it itself.
 *
 * The secret is a JSON object with `engine` (`postgres`), `host`, `username` and `password`, and optionally
 * `port`, `dbname` and `ssl`.
 */

import {
  DatabaseSecret,
  Permanent,
  Refused,
  Rotator,
  log,
  scram,
  secrets,
  sql,
} from './vendor/keywheel/index.js';

export class Rotation extends Rotator {
  createSecret(event) {
    const current = DatabaseSecret.parse(event.current().value);
    if (event.pending()) {
      return; // An earlier run got this far.
    }
    const password = secrets.getRandomPassword(secrets.passwordRulesFromEnvironment());
    event.putPending(current.withPassword(password).toValue());
    log.info('stored a new password as the pending value');
  }

  async setSecret(event) {
    const current = DatabaseSecret.parse(event.current().value);
    const pending = readPending(event);
    current.requireSameLogin(pending);
    const { connection } = logIn(pending);
    if (connection) {
      connection.close(); // An earlier run got this far.
      return;
    }
    const role = sql.quoteIdentifier(pending.username);
    const verifier = sql.quoteLiteral(await scram.verifier(pending.password));
    const session = logInAsUser(event, current);
    session.execute(`ALTER ROLE ${role} WITH PASSWORD ${verifier}`);
    session.close();
    log.info('the server took the pending password');
  }

  testSecret(event) {
    const { connection, refusal } = logIn(readPending(event));
    if (!connection) {
      // After setSecret, more likely than not a cache or a standby is behind.
      throw new Refused(`the server refused the pending password: ${refusal}`);
    }
    connection.query('SELECT 1');
    connection.close();
    log.info('logged in with the pending password');
  }
}

function readPending(event) {
  const version = event.pending();
  if (!version) {
    throw new Permanent('there is no AWSPENDING value: createSecret has not stored one');
  }
  return DatabaseSecret.parse(version.value);
}

/**
 * Logs in, or tells why the server refused the password. A server that cannot be reached has refused
 * nothing: that is an exception.
 */
function logIn(secret) {
  try {
    return { connection: sql.Connection.open(secret.target('postgres')) };
  } catch (error) {
    if (!(error instanceof sql.SqlError)) {
      throw error;
    }
    if (error.reason !== 'authentication') {
      throw error.whileDoing('connecting to the server');
    }
    return { refusal: error.message };
  }
}

/** Logs in with the current password, or with the one before it. */
function logInAsUser(event, current) {
  const { connection, refusal } = logIn(current);
  if (connection) {
    return connection;
  }
  const version = event.previous();
  if (version) {
    const previous = DatabaseSecret.parse(version.value);
    current.requireSameLogin(previous);
    const { connection: found } = logIn(previous);
    if (found) {
      log.warn('the server refused the current password and took the previous one');
      return found;
    }
  }
  throw new Permanent(
    `the server takes neither the pending, the current nor the previous password: ${refusal}`,
  );
}
