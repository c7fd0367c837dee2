/** Why a step did not succeed, with a sentence for the operator. It must hold no secret value. */

/** What a step throws. Throw one of its kinds. */
export class Failure extends Error {
  /**
   * What the host does next.
   * @type {'retry' | 'refused' | 'permanent'}
   */
  kind = 'permanent';

  /**
   * The same failure, with what the function was doing in front of the message.
   * @param {string} what
   * @returns {Failure}
   */
  whileDoing(what) {
    return new this.constructor(`${what}: ${this.message}`);
  }
}

/** It may pass: the network, a target that restarts. The step runs again, with the same token. */
export class Retry extends Failure {
  kind = 'retry';
}

/**
 * The target answered, and did not take the credential: it may be behind, or another one is in force. The
 * step runs again a few times.
 */
export class Refused extends Failure {
  kind = 'refused';
}

/** Retrying cannot help: the secret has the wrong shape, the target refused the statement. */
export class Permanent extends Failure {}

/** People have not agreed yet: what `approvals.require` throws. The step runs again when they have. */
export class AwaitingApproval extends Failure {
  // The host was asked, and looks no further.
  kind = 'retry';

  constructor() {
    super('waiting for approval');
  }

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
    this.kind = isTransient ? 'retry' : 'permanent';
  }

  whileDoing(what) {
    const Kind = this.isTransient ? Retry : Permanent;
    return new Kind(`${what}: ${this.message}`);
  }
}
