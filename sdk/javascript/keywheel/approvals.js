/** Asking people before the function goes on. */

import { AwaitingApproval } from './failure.js';
import { current } from './host.js';

/**
 * Goes on when people have agreed to this step of this rotation, with this component; otherwise the host
 * shows them the summary, and runs the step again when they agree.
 *
 * Ask before the effect, and let the exception leave the step: a step that succeeds all the same counts as
 * done. Name what will happen and where, and no secret value.
 * @param {string} summary
 */
export function require(summary) {
  if (!current().requireApproval(summary)) {
    throw new AwaitingApproval();
  }
}
