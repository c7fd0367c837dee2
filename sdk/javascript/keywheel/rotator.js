/** The four steps of a rotation, and what a function answers. */

import { Failure, Permanent, Retry } from './failure.js';
import * as log from './log.js';
import * as secrets from './secrets.js';
import { CURRENT, PENDING, PREVIOUS } from './secrets.js';

/**
 * The phase of a rotation, in the order in which the host calls them: make the new value and store it as
 * `AWSPENDING`; make the target accept it; log in to the target with it; move `AWSCURRENT` to it.
 * @typedef {'create-secret' | 'set-secret' | 'test-secret' | 'finish-secret'} Step
 */

/**
 * All steps, in order.
 * @type {Step[]}
 */
export const STEPS = ['create-secret', 'set-secret', 'test-secret', 'finish-secret'];

/** One invocation: which step, of which secret, for which version. */
export class Event {
  #rotationToken;

  /** @param {{ step: Step, secretId: string, clientRequestToken: string, rotationToken: string }} fields */
  constructor({ step, secretId, clientRequestToken, rotationToken }) {
    this.step = step;
    /** The full ARN of the secret. */
    this.secretId = secretId;
    /** The id of the version that becomes current: the same in every step and every retry. */
    this.clientRequestToken = clientRequestToken;
    this.#rotationToken = rotationToken;
  }

  /** Proves to `secrets.putSecretValue` that the caller is this rotation. */
  get rotationToken() {
    return this.#rotationToken;
  }

  /** The value in use: that of the version labelled `AWSCURRENT`. */
  current() {
    return secrets.getSecretValue(this.secretId, undefined, CURRENT);
  }

  /**
   * The value of this rotation, or `undefined` when `createSecret` has not stored it yet.
   *
   * Asks for the version by token *and* label, so that a late retry of an abandoned rotation is refused
   * instead of bringing an old value back.
   */
  pending() {
    return found(this.secretId, this.clientRequestToken, PENDING);
  }

  /** The value before the one in use, or `undefined` when there is none. */
  previous() {
    return found(this.secretId, undefined, PREVIOUS);
  }

  /**
   * Stores the value of this rotation. The same value again changes nothing; another one is refused.
   * @param {string | Uint8Array} value
   */
  putPending(value) {
    secrets.putSecretValue(this.secretId, this.clientRequestToken, value, [PENDING], this.rotationToken);
  }
}

function found(secretId, versionId, stage) {
  try {
    return secrets.getSecretValue(secretId, versionId, stage);
  } catch (error) {
    if (error instanceof secrets.SecretsError && error.isNotFound) {
      return undefined;
    }
    throw error;
  }
}

/**
 * A rotation function: one method for each step, which may be asynchronous.
 *
 * The host calls each step at least once, in order, with one token. Any call may be repeated after it
 * succeeded, and may have been cut off anywhere before: a step first finds out what is done already, then
 * does the rest.
 */
export class Rotator {
  /**
   * Makes the new value and stores it with `Event.putPending`, unless it is stored already. Touches nothing
   * outside: when the target is changed, the value must be in the store.
   * @param {Event} event
   * @returns {void | Promise<void>}
   */
  createSecret(event) {
    throw new Permanent(`the function has no createSecret, for ${event.secretId}`);
  }

  /**
   * Makes the target accept the pending value.
   * @param {Event} event
   * @returns {void | Promise<void>}
   */
  setSecret(event) {
    throw new Permanent(`the function has no setSecret, for ${event.secretId}`);
  }

  /**
   * Logs in to the target with the pending value.
   * @param {Event} event
   * @returns {void | Promise<void>}
   */
  testSecret(event) {
    throw new Permanent(`the function has no testSecret, for ${event.secretId}`);
  }

  /**
   * Moves `AWSCURRENT` to the pending version. Done already: does nothing.
   * @param {Event} event
   * @returns {void | Promise<void>}
   */
  finishSecret(event) {
    const token = event.clientRequestToken;
    const description = secrets.describeSecret(event.secretId);
    const current = secrets.holder(description, CURRENT);
    if (current === token) {
      return;
    }
    if (secrets.holder(description, PENDING) !== token) {
      throw new Permanent(
        `version \`${token}\` is not labelled ${PENDING}: another rotation or a new value came in between`,
      );
    }
    secrets.updateSecretVersionStage(event.secretId, CURRENT, token, current);
    log.info(`moved ${CURRENT} to version ${token}`);
  }
}

/**
 * Runs the step that the event names. Whatever the step throws leaves as a `Failure`.
 *
 * An exception that is none is a mistake in the function. Its stack goes to the log; like a trap, it is
 * tried again.
 * @param {Rotator} rotator
 * @param {Event} event
 */
export async function run(rotator, event) {
  const steps = {
    'create-secret': () => rotator.createSecret(event),
    'set-secret': () => rotator.setSecret(event),
    'test-secret': () => rotator.testSecret(event),
    'finish-secret': () => rotator.finishSecret(event),
  };
  try {
    await steps[event.step]();
  } catch (error) {
    if (error instanceof Failure) {
      throw error;
    }
    log.error(`${error}\n${error?.stack ?? ''}`.trimEnd());
    throw new Retry(`the function failed in ${event.step}: ${error}`);
  }
}
