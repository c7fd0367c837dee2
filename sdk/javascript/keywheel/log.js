/**
 * The log of the invocation.
 *
 * The host keeps the lines with the rotation and redacts every value that this invocation read or
 * generated. Write what the function does, never what it knows.
 */

import { current } from './host.js';

/** @typedef {'debug' | 'info' | 'warn' | 'error'} Level */

/**
 * Writes one line.
 * @param {Level} level
 * @param {string} message
 */
export function write(level, message) {
  current().log(level, message);
}

/**
 * Writes one line for the author of the function.
 * @param {string} message
 */
export function debug(message) {
  write('debug', message);
}

/**
 * Writes one line about what the function did.
 * @param {string} message
 */
export function info(message) {
  write('info', message);
}

/**
 * Writes one line about something to look at later.
 * @param {string} message
 */
export function warn(message) {
  write('warn', message);
}

/**
 * Writes one line about something that stops the rotation.
 * @param {string} message
 */
export function error(message) {
  write('error', message);
}
