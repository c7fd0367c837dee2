/** Why a step did not succeed, with a sentence for the operator. It must hold no secret value. */

/**
 * What the host does next.
 * @typedef {'retry' | 'refused' | 'permanent'} Kind
 */

/** What a step throws. Throw one of its kinds. */
export class Failure extends Error {
  /** @type {Kind} */
  kind = 'permanent';

  /**
   * The same failure, with what the function was doing in front of the message.
   * @param {string} what
   * @returns {Failure}
   */
  whileDoing(what) {
    const Kind = /** @type {typeof Failure} */ (this.constructor);
    return new Kind(`${what}: ${this.message}`);
  }
}

/** It may pass: the network, a target that restarts. The step runs again, with the same token. */
export class Retry extends Failure {
  /** @type {Kind} */
  kind = 'retry';
}

/**
 * The target answered, and did not take the credential: it may be behind, or another one is in force. The
 * step runs again a few times.
 */
export class Refused extends Failure {
  /** @type {Kind} */
  kind = 'refused';
}

/** Retrying cannot help: the secret has the wrong shape, the target refused the statement. */
export class Permanent extends Failure {}

/** People have not agreed yet: what `approvals.require` throws. The step runs again when they have. */
export class AwaitingApproval extends Failure {
  // The host was asked, and looks no further.
  /** @type {Kind} */
  kind = 'retry';

  constructor() {
    super('waiting for approval');
  }

  /** @returns {Failure} */
  whileDoing() {
    return this;
  }
}

/** A call of the host failed. A step that lets it pass fails with it. */
export class CallError extends Failure {
  /**
   * @param {string} message
   * @param {boolean} isTransient whether the same call may succeed later
   */
  constructor(message, isTransient) {
    super(message);
    this.isTransient = isTransient;
    /** @type {Kind} */
    this.kind = isTransient ? 'retry' : 'permanent';
  }

  /**
   * @param {string} what
   * @returns {Failure}
   */
  whileDoing(what) {
    const Kind = this.isTransient ? Retry : Permanent;
    return new Kind(`${what}: ${this.message}`);
  }
}
