/** Words that were asked for together should stand together: a bonus for passages where they do. */
import { positionsOf, postingIn } from './lookup.ts';
import type { WeighedClause } from './ranking.ts';
import type { TextIndex } from './text-index.ts';

/** Words further apart than this earn nothing. */
const gapMax = 8;
const bonusMax = 0.5;

/** From 0 to `bonusMax`: the mean over neighbouring words of the query of how near they come, 1 / gap. */
export function closeness(index: TextIndex, clauses: readonly WeighedClause[], passage: number): number {
  if (clauses.length < 2) return 0;
  const places = clauses.map((clause) => bodyPositions(index, clause, passage));
  let sum = 0;
  let weights = 0;
  for (let at = 1; at < clauses.length; at += 1) {
    // A pair of which one word is in every passage says little.
    const weight = Math.min((clauses[at - 1] as WeighedClause).weight, (clauses[at] as WeighedClause).weight);
    const gap = smallestGap(places[at - 1] as readonly number[], places[at] as readonly number[]);
    sum += gap > gapMax ? 0 : weight / gap;
    weights += weight;
  }
  return weights === 0 ? 0 : bonusMax * (sum / weights);
}

function bodyPositions(index: TextIndex, { alternatives }: WeighedClause, passage: number): number[] {
  const positions: number[] = [];
  for (const { terms } of alternatives) {
    const posting = postingIn(index, terms[0] as number, passage);
    if (posting !== -1) positions.push(...positionsOf(index, posting).subarray(0, positionsMax));
  }
  return alternatives.length > 1 ? positions.sort((a, b) => a - b) : positions;
}

/** A word that stands more often in one passage is near everything. */
const positionsMax = 200;

/** Between sorted lists; at least 1, so that the parts of one compound are no nearer than neighbours. */
function smallestGap(a: readonly number[], b: readonly number[]): number {
  let smallest = Number.POSITIVE_INFINITY;
  let atA = 0;
  let atB = 0;
  while (atA < a.length && atB < b.length) {
    const difference = (b[atB] as number) - (a[atA] as number);
    smallest = Math.min(smallest, Math.max(1, Math.abs(difference)));
    if (difference > 0) atA += 1;
    else atB += 1;
  }
  return smallest;
}
