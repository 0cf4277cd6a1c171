/** How far apart two names are, for "did you mean". */

/**
 * Edits (insert, delete, replace, swap of neighbours) from `a` to `b`, or `distanceMax + 1` once it is
 * certain that there are more: optimal string alignment within a band, O(length × distanceMax).
 */
export function editDistance(a: string, b: string, distanceMax: number): number {
  const tooFar = distanceMax + 1;
  if (Math.abs(a.length - b.length) > distanceMax) return tooFar;
  let beforePrevious = newRow(b.length, tooFar);
  let previous = newRow(b.length, tooFar);
  let current = newRow(b.length, tooFar);
  for (let column = 0; column <= Math.min(b.length, distanceMax); column += 1) previous[column] = column;
  for (let row = 1; row <= a.length; row += 1) {
    const least = fillRow(a, b, { row, distanceMax, current, previous, beforePrevious });
    if (least > distanceMax) return tooFar;
    [beforePrevious, previous, current] = [previous, current, beforePrevious];
  }
  return Math.min(previous[b.length] as number, tooFar);
}

function newRow(length: number, tooFar: number): number[] {
  const row: number[] = [];
  for (let column = 0; column <= length; column += 1) row.push(tooFar);
  return row;
}

interface Rows {
  readonly row: number;
  readonly distanceMax: number;
  readonly current: number[];
  readonly previous: readonly number[];
  readonly beforePrevious: readonly number[];
}

/** Returns the least number in the band. What lies beside the band is made too far. */
function fillRow(a: string, b: string, { row, distanceMax, current, previous, beforePrevious }: Rows): number {
  const first = Math.max(1, row - distanceMax);
  const last = Math.min(b.length, row + distanceMax);
  const letter = a.charCodeAt(row - 1);
  current[first - 1] = first === 1 && row <= distanceMax ? row : distanceMax + 1;
  let least = current[first - 1] as number;
  for (let column = first; column <= last; column += 1) {
    const replaced = (previous[column - 1] as number) + (letter === b.charCodeAt(column - 1) ? 0 : 1);
    let cost = Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1);
    const swapped = letter === b.charCodeAt(column - 2) && a.charCodeAt(row - 2) === b.charCodeAt(column - 1);
    if (swapped && row > 1 && column > 1) cost = Math.min(cost, (beforePrevious[column - 2] as number) + 1);
    current[column] = cost;
    if (cost < least) least = cost;
  }
  if (last < b.length) current[last + 1] = distanceMax + 1;
  return least;
}

/** One edit for a short word, two for most, three for a long one. */
export function distanceAllowed(length: number): number {
  return length <= 5 ? 1 : length <= 10 ? 2 : 3;
}

/**
 * Which characters a word has, folded to 32 bits. One edit changes at most two of them, so most of
 * a vocabulary is ruled out by `mayBeWithin` without looking at its letters again.
 */
export function letterBag(word: string): number {
  let bag = 0;
  for (let at = 0; at < word.length; at += 1) bag |= 1 << (word.charCodeAt(at) & 31);
  return bag;
}

export function mayBeWithin(bagA: number, bagB: number, distanceMax: number): boolean {
  let different = bagA ^ bagB;
  for (let left = 2 * distanceMax; different !== 0; left -= 1) {
    if (left === 0) return false;
    different &= different - 1;
  }
  return true;
}
