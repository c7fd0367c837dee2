/**
 * Rotates a secret that is one text, such as a key that an application reads and nothing else checks.
 *
 * Replace what the steps do; the comments of `Rotator` say what each must keep to.
 */

import { Permanent, Rotator, log, secrets } from './vendor/keywheel/index.js';

export class Rotation extends Rotator {
  createSecret(event) {
    if (event.pending()) {
      return; // An earlier run got this far.
    }
    event.putPending(secrets.getRandomPassword(secrets.passwordRulesFromEnvironment()));
    log.info('stored a new value as the pending value');
  }

  setSecret() {
    // There is no target that must learn the value.
  }

  testSecret(event) {
    const pending = event.pending();
    if (!pending) {
      throw new Permanent('there is no AWSPENDING value: createSecret has not stored one');
    }
    if (pending.value === event.current().value) {
      throw new Permanent('the pending value is the current one');
    }
  }
}
