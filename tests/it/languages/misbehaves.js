// Draws random bytes, throws, computes for ever, and takes all memory: one in each step.

import { Rotator, log } from './vendor/keywheel/index.js';

export class Rotation extends Rotator {
  createSecret() {
    log.info(`${crypto.getRandomValues(new Uint8Array(16)).join()} ${Math.random()}`);
  }

  setSecret(event) {
    const secret = event.current().value;
    console.log(secret);
    throw new RangeError(`while I held ${secret}`);
  }

  testSecret() {
    for (;;);
  }

  finishSecret() {
    const kept = [];
    for (;;) {
      kept.push(new Uint8Array(1024 * 1024).fill(1));
    }
  }
}
