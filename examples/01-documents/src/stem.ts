/**
 * A light English stemmer: plural, -ed, -ing, -ly, -ate, -ation and a final e. It is applied to the vocabulary when
 * a query is expanded, never to what is indexed: the exact word can then outrank its relatives, and
 * a wrong conflation costs rank, not results.
 */

/** Never shorter than three characters, and it shares all but its last character with the word. */
export function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  return finalE(suffix(plural(word)));
}

function plural(word: string): string {
  if (!word.endsWith('s') || /(?:ss|us|is)$/.test(word)) return word;
  if (word.endsWith('ies')) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1);
  if (/(?:ss|sh|ch|x|zz)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

function suffix(word: string): string {
  // authorize, authorization; validate, validation. Not: create, station.
  const noun = /^(.{5,})at(?:e|ed|ing|ion)$/.exec(word)?.[1];
  if (noun !== undefined) return noun;
  const match = /(?:ingly|edly|ing|ed|ly)$/.exec(word);
  if (match === null) return word;
  const rest = word.slice(0, match.index);
  // "string", "need", "supply": what is left must be a word of its own.
  if (rest.length < (match[0] === 'ly' ? 5 : 3) || !/[aeiouy]/.test(rest) || rest.endsWith('e')) return word;
  return rest.length > 3 && /([bdfgmnprt])\1$/.test(rest) ? rest.slice(0, -1) : rest;
}

function finalE(word: string): string {
  if (word.length > 3 && word.endsWith('e')) return word.slice(0, -1);
  return word.length > 3 && word.endsWith('y') ? `${word.slice(0, -1)}i` : word;
}
