/**
 * The JSON object that a secret holds. Members that a function does not change are kept as they were
 * written, in their places.
 */

import { Permanent } from './failure.js';

const SPELT = { true: true, false: false };
const NOT_AN_OBJECT = 'the secret value is not a JSON object';

/** The members of a JSON object in their order, each with its value as JSON text. Shows none. */
export class Document {
  /** @type {Map<string, string>} */
  #members;

  /** @param {Map<string, string>} members */
  constructor(members) {
    this.#members = members;
  }

  /**
   * Reads a secret value. As in other readers of JSON, the last of two members with one name counts.
   * @param {string | Uint8Array} value
   * @returns {Document}
   */
  static parse(value) {
    if (typeof value !== 'string' || !isObject(value)) {
      throw new Permanent(NOT_AN_OBJECT);
    }
    return new Document(members(value));
  }

  /**
   * The value of a member; `undefined` when there is none, or `null`.
   * @param {string} key
   * @returns {unknown}
   */
  get(key) {
    return JSON.parse(this.#members.get(key) ?? 'null') ?? undefined;
  }

  /**
   * The text of a member.
   * @param {string} key
   * @returns {string | undefined}
   */
  text(key) {
    const found = this.get(key);
    if (typeof found === 'string') {
      return found;
    }
    if (found !== undefined) {
      throw wrongForm(key, 'a text');
    }
    return undefined;
  }

  /**
   * The text of a member that must be there.
   * @param {string} key
   * @returns {string}
   */
  requiredText(key) {
    const found = this.text(key);
    if (found === undefined) {
      throw new Permanent(`the secret has no key \`${key}\``);
    }
    return found;
  }

  /**
   * A TCP port: a number, or a text that holds one.
   * @param {string} [key]
   * @returns {number | undefined}
   */
  port(key = 'port') {
    const found = this.get(key);
    if (found === undefined) {
      return undefined;
    }
    const text = typeof found === 'string' ? found.trim() : this.#members.get(key);
    const port = /^[0-9]{1,8}$/.test(text) ? Number(text) : 0;
    if (port < 1 || port > 65535) {
      throw wrongForm(key, 'a number from 1 to 65535');
    }
    return port;
  }

  /**
   * A truth value, or a text that spells one.
   * @param {string} key
   * @returns {boolean | undefined}
   */
  truth(key) {
    const found = this.get(key);
    const spelt = typeof found === 'string' ? SPELT[found.toLowerCase()] : found;
    if (found === undefined || typeof spelt === 'boolean') {
      return spelt;
    }
    throw wrongForm(key, 'true or false');
  }

  /**
   * The same object with another text for a member.
   * @param {string} key
   * @param {string} text
   * @returns {Document}
   */
  withText(key, text) {
    return new Document(new Map(this.#members).set(key, JSON.stringify(text)));
  }

  /**
   * The value to store.
   * @returns {string}
   */
  toValue() {
    return `{${Array.from(this.#members, ([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
  }
}

function isObject(text) {
  try {
    const parsed = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    // The parser's own error may quote the text, so it goes no further.
    return false;
  }
}

/** Names the key, never the value. */
function wrongForm(key, expected) {
  return new Permanent(`the secret's key \`${key}\` must be ${expected}`);
}

/**
 * Cuts the text of an object, which is known to be JSON, at the colons and commas of its outermost level.
 * @param {string} text
 * @returns {Map<string, string>}
 */
function members(text) {
  const found = new Map();
  const start = text.indexOf('{') + 1;
  let [depth, from, key] = [0, start, undefined];
  for (let at = start; ; at += 1) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
    } else if (depth === 0 && character === ':') {
      key = JSON.parse(text.slice(from, at));
      from = at + 1;
    } else if (depth === 0 && (character === ',' || character === '}')) {
      if (key !== undefined) {
        found.set(key, text.slice(from, at).trim());
      }
      if (character === '}') {
        return found;
      }
      from = at + 1;
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
  }
}

function endOfString(text, start) {
  let at = start + 1;
  while (text[at] !== '"') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}
