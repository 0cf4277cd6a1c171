// A set of rising ids as text-friendly numbers: pairs of a word's distance to the word before and the 31 ids in it as
// bits (31, so that they stay small integers). Ids lie close together, so a hundred words hold most of what is open.
// Pure: every change makes a new array.

export type OpenIds = readonly number[];

const bits = 31;

/** Of one pair as JSON, without the distance's digits: the bits, two commas. */
const pairBytes = 12;

/** A bound of the JSON: the digits of the distances are the most when these are equal (the logarithm is concave). */
export function bytesBound(ids: OpenIds, next: number): number {
  const pairs = ids.length / 2 + 1;
  const span = Math.floor(next / bits) - (ids[0] ?? Math.floor(next / bits)) + 1;
  return 20 + pairs * (pairBytes + 1 + Math.log10(Math.max(1, span / pairs)));
}

/** Position of the pair of a word; where it is not there, minus (position where it belongs) minus 1. */
function pairOf(ids: OpenIds, word: number): number {
  let sum = 0;
  for (let at = 0; at < ids.length; at += 2) {
    sum += ids[at]!;
    if (sum >= word) return sum === word ? at : -at - 1;
  }
  return -ids.length - 1;
}

export function hasId(ids: OpenIds, id: number): boolean {
  const word = Math.floor(id / bits);
  const at = pairOf(ids, word);
  return at >= 0 && (ids[at + 1]! & (1 << (id - word * bits))) !== 0;
}

/** `id` is above all ids ever added. */
export function withNext(ids: OpenIds, id: number): OpenIds {
  const word = Math.floor(id / bits);
  const bit = 1 << (id - word * bits);
  let last = 0;
  for (let at = 0; at < ids.length; at += 2) last += ids[at]!;
  const more = ids.slice();
  if (ids.length > 0 && last === word) more[ids.length - 1]! |= bit;
  else more.push(word - last, bit);
  return more;
}

/** Without an id that is in it. */
export function withoutId(ids: OpenIds, id: number): OpenIds {
  const word = Math.floor(id / bits);
  const at = pairOf(ids, word);
  const less = ids.slice();
  less[at + 1]! &= ~(1 << (id - word * bits));
  return less[at + 1] === 0 ? withoutPair(less, at) : less;
}

function withoutPair(ids: number[], at: number): number[] {
  if (at + 2 < ids.length) ids[at + 2]! += ids[at]!;
  ids.splice(at, 2);
  return ids;
}

/** Without the ids below `before`. */
export function from(ids: OpenIds, before: number): OpenIds {
  const word = Math.floor(before / bits);
  let sum = 0;
  for (let at = 0; at < ids.length; at += 2) {
    sum += ids[at]!;
    if (sum < word) continue;
    const rest = [sum, ...ids.slice(at + 1)];
    // The bit operators make negative what has bit 31; 31 bits never do.
    if (sum === word) rest[1]! &= ~((1 << (before - word * bits)) - 1);
    return rest[1] === 0 ? withoutPair(rest, 0) : rest;
  }
  return [];
}
