/**
 * The lexical rules of PostgreSQL, as far as the statements of rotators need them. Written against the
 * manual, not against `sql.js`, so that the one can test the other.
 */

const ESCAPES = { n: '\n', t: '\t' };
const WORD = /[\p{L}\p{N}_]/u;

/**
 * A key word or plain name in small letters, a quoted name, a text, or any other character.
 * @typedef {{ kind: 'word' | 'name' | 'text' | 'other', text: string }} Token
 */

/**
 * Splits a statement. In a server where `standard_conforming_strings` is off, a backslash is special in
 * every text. A quote that is not closed is a token of the kind `other`.
 * @param {string} statement
 * @param {boolean} [standardConformingStrings]
 * @returns {Token[]}
 */
export function tokens(statement, standardConformingStrings = true) {
  const characters = Array.from(statement);
  const found = [];
  let at = 0;

  const quoted = (kind, quote, escapes) => {
    let text = '';
    while (at < characters.length) {
      const character = characters[at];
      at += 1;
      if (character === '\\' && escapes) {
        const following = characters[at] ?? '';
        at += 1;
        text += ESCAPES[following] ?? following;
      } else if (character !== quote) {
        text += character;
      } else if (characters[at] === quote) {
        at += 1;
        text += quote;
      } else {
        return { kind, text };
      }
    }
    return { kind: 'other', text: quote };
  };

  while (at < characters.length) {
    const first = characters[at];
    at += 1;
    if (/\s/u.test(first)) {
      continue;
    }
    if (first === '"') {
      found.push(quoted('name', '"', false));
    } else if (first === "'") {
      found.push(quoted('text', "'", !standardConformingStrings));
    } else if (/e/i.test(first) && characters[at] === "'") {
      at += 1;
      found.push(quoted('text', "'", true));
    } else if (WORD.test(first)) {
      let word = first;
      while (at < characters.length && WORD.test(characters[at])) {
        word += characters[at];
        at += 1;
      }
      found.push({ kind: 'word', text: word.toLowerCase() });
    } else {
      found.push({ kind: 'other', text: first });
    }
  }
  return found;
}
