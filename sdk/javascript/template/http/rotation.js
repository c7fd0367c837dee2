/**
 * Rotates the password of a user of a service over HTTP, which changes it itself.
 *
 * The secret is a JSON object with `host`, `username` and `password`, and optionally `port` and `ssl` (true when
 * absent). What the service is expected to offer stands in `ask` and `setSecret`: change it to what yours does.
 */

import { Document, Permanent, Refused, Retry, Rotator, log, secrets } from './vendor/keywheel/index.js';

export class Rotation extends Rotator {
  createSecret(event) {
    const current = new Login(event.current().value);
    if (event.pending()) {
      return; // An earlier run got this far.
    }
    const password = secrets.getRandomPassword(secrets.passwordRulesFromEnvironment());
    event.putPending(current.document.withText('password', password).toValue());
    log.info('stored a new password as the pending value');
  }

  async setSecret(event) {
    const current = new Login(event.current().value);
    const pending = readPending(event);
    if (pending.url !== current.url || pending.username !== current.username) {
      throw new Permanent('the pending value leads to another server or user than the current value');
    }
    if (await accepts(pending)) {
      return; // An earlier run got this far.
    }
    const status = await ask(current, 'PUT', JSON.stringify({ password: pending.password }));
    if (isRefusal(status)) {
      throw new Permanent('the service takes neither the pending nor the current password');
    }
    log.info('the service took the pending password');
  }

  async testSecret(event) {
    if (!(await accepts(readPending(event)))) {
      throw new Refused('the service refused the pending password');
    }
    log.info('logged in with the pending password');
  }
}

/** What a secret says about the service and its user. */
class Login {
  constructor(value) {
    this.document = Document.parse(value);
    const scheme = this.document.truth('ssl') === false ? 'http' : 'https';
    const port = this.document.port();
    const authority = this.document.requiredText('host') + (port ? `:${port}` : '');
    this.username = this.document.requiredText('username');
    this.password = this.document.requiredText('password');
    this.url = `${scheme}://${authority}/users/${encodeURIComponent(this.username)}`;
  }
}

function readPending(event) {
  const version = event.pending();
  if (!version) {
    throw new Permanent('there is no AWSPENDING value: createSecret has not stored one');
  }
  return new Login(version.value);
}

async function accepts(login) {
  return !isRefusal(await ask(login, 'GET'));
}

/** Whether the service refuses the password. */
function isRefusal(status) {
  return status === 401 || status === 403;
}

/** Asks as the user. Returns the status of a success or of a refused password; other refusals are failures. */
async function ask(login, method, body) {
  const credentials = new TextEncoder().encode(`${login.username}:${login.password}`);
  const headers = {
    authorization: `Basic ${btoa(String.fromCharCode(...credentials))}`,
    'content-type': 'application/json',
  };
  let response;
  try {
    response = await fetch(login.url, { method, headers, body, redirect: 'manual' });
    await response.arrayBuffer();
  } catch (error) {
    throw new Retry(`the service cannot be reached: ${error}`);
  }
  const { status } = response;
  if (status >= 500 || status === 429) {
    throw new Retry(`the service answered ${method} with status ${status}`);
  }
  if (status >= 300 && !isRefusal(status)) {
    throw new Permanent(`the service answered ${method} with status ${status}`);
  }
  return status;
}
