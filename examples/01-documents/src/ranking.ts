/**
 * Which passages answer a query best: BM25F (Robertson, Zaragoza, "The Probabilistic Relevance
 * Framework: BM25 and Beyond", 2009, 3.6) over body, heading, outer headings and path, times how
 * much of the query a passage covers, times how close together its words stand.
 */
import { fieldBits } from './draft.ts';
import type { Field } from './draft.ts';
import { alternativesOf, eachOccurrence, exactAlternatives } from './occurrences.ts';
import type { Alternative, Occurrence } from './occurrences.ts';
import { closeness } from './proximity.ts';
import type { Clause, Query } from './query.ts';
import type { TextIndex } from './text-index.ts';

/** A clause with the ways in which the index can satisfy it and what it tells passages apart by. */
export interface WeighedClause {
  readonly clause: Clause;
  readonly alternatives: readonly Alternative[];
  /** Inverse document frequency. */
  readonly weight: number;
}

export interface Ranked {
  readonly passage: number;
  readonly score: number;
}

export interface Ranking {
  readonly clauses: readonly WeighedClause[];
  /** Clauses of which nothing stands anywhere. */
  readonly unknown: readonly Clause[];
  /** Best first; the first `candidatesMax` of all that match. */
  readonly ranked: readonly Ranked[];
  readonly total: number;
}

const saturation = 1.2;
const bodyNormalization = 0.7;
const fieldNormalization = 0.5;
const fieldWeights: Readonly<Record<Field, number>> = { heading: 3, trail: 0.8, path: 1.5 };
/** A passage with half of the query's weight gets this share of its score, with all of it the whole. */
const coverageFloor = 0.3;
const candidatesMax = 200;

/** `admits` restricts what is ranked, not how: frequencies are those of the whole set. */
export function rank(index: TextIndex, query: Query, admits: (passage: number) => boolean): Ranking {
  const clauses: WeighedClause[] = [];
  const unknown: Clause[] = [];
  const board = newBoard(index);
  for (const clause of query.wanted) {
    const alternatives = alternativesOf(index, clause);
    if (alternatives.length === 0) unknown.push(clause);
    else clauses.push({ clause, alternatives, weight: addClause(index, board, { alternatives, quoted: clause.quoted }) });
  }
  // A phrase that stands nowhere was still demanded.
  if (unknown.some((clause) => clause.quoted)) return { clauses, unknown, ranked: [], total: 0 };
  exclude(index, board, query.excluded);
  const matching = matchingPassages(board, clauses, admits);
  const best = candidates(matching).map(({ passage, score }) => {
    return { passage, score: score * (1 + closeness(index, clauses, passage)) };
  });
  return { clauses, unknown, ranked: best.sort(byScore), total: matching.length };
}

/** Per passage, over the clauses so far. */
interface Board {
  readonly score: Float64Array;
  /** Sum of the weights of the clauses that it satisfies. */
  readonly covered: Float64Array;
  /** How many of the quoted clauses it satisfies. */
  readonly quoted: Uint8Array;
  readonly excluded: Uint8Array;
  /** For the clause at hand. */
  readonly frequency: Float64Array;
  readonly average: Readonly<Record<Field | 'body', number>>;
}

function newBoard(index: TextIndex): Board {
  const count = index.passages.length;
  return {
    score: new Float64Array(count),
    covered: new Float64Array(count),
    quoted: new Uint8Array(count),
    excluded: new Uint8Array(count),
    frequency: new Float64Array(count),
    average: {
      body: averageOf(index.bodyLength),
      heading: averageOf(index.fieldLength.heading),
      trail: averageOf(index.fieldLength.trail),
      path: averageOf(index.fieldLength.path),
    },
  };
}

function averageOf(values: Uint32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return Math.max(1, sum / Math.max(1, values.length));
}

type Demand = Pick<WeighedClause, 'alternatives'> & { readonly quoted: boolean };

/** Returns the weight of the clause. */
function addClause(index: TextIndex, board: Board, { alternatives, quoted }: Demand): number {
  const frequency = board.frequency.fill(0);
  let found = 0;
  for (const alternative of alternatives) {
    eachOccurrence(index, alternative, (occurrence) => {
      if (quoted && occurrence.bodyCount === 0 && alternative.terms.length > 1) return;
      if (frequency[occurrence.passage] === 0) found += 1;
      frequency[occurrence.passage]! += alternative.weight * fieldedFrequency(index, board, occurrence);
    });
  }
  const weight = Math.log(1 + (frequency.length - found + 0.5) / (found + 0.5));
  for (let passage = 0; passage < frequency.length; passage += 1) {
    const value = frequency[passage] as number;
    if (value === 0) continue;
    board.score[passage]! += weight * (value / (saturation + value));
    board.covered[passage]! += weight;
    if (quoted) board.quoted[passage]! += 1;
  }
  return weight;
}

function fieldedFrequency(index: TextIndex, { average }: Board, { passage, bodyCount, fields }: Occurrence): number {
  const bodyLength = index.bodyLength[passage] as number;
  let frequency = bodyCount / (1 - bodyNormalization + (bodyNormalization * bodyLength) / average.body);
  if (fields === 0) return frequency;
  for (const field of ['heading', 'trail', 'path'] as const) {
    if ((fields & fieldBits[field]) === 0) continue;
    const length = index.fieldLength[field][passage] as number;
    frequency += fieldWeights[field] / (1 - fieldNormalization + (fieldNormalization * length) / average[field]);
  }
  return frequency;
}

function exclude(index: TextIndex, board: Board, clauses: readonly Clause[]): void {
  for (const clause of clauses) {
    for (const alternative of exactAlternatives(index, clause)) {
      eachOccurrence(index, alternative, ({ passage }) => {
        board.excluded[passage] = 1;
      });
    }
  }
}

function matchingPassages(board: Board, clauses: readonly WeighedClause[], admits: (passage: number) => boolean): Ranked[] {
  const weightTotal = clauses.reduce((sum, { weight }) => sum + weight, 0);
  const quotedTotal = clauses.filter(({ clause }) => clause.quoted).length;
  const matching: Ranked[] = [];
  for (let passage = 0; passage < board.score.length; passage += 1) {
    const score = board.score[passage] as number;
    if (score === 0 || board.excluded[passage] === 1 || board.quoted[passage]! < quotedTotal) continue;
    if (!admits(passage)) continue;
    const coverage = (board.covered[passage] as number) / weightTotal;
    matching.push({ passage, score: score * (coverageFloor + (1 - coverageFloor) * coverage * coverage) });
  }
  return matching;
}

/** Sorting all of them would cost more than finding them: only the best are of interest. */
function candidates(matching: readonly Ranked[]): Ranked[] {
  if (matching.length <= candidatesMax) return [...matching];
  const scores = Float64Array.from(matching, ({ score }) => score).sort();
  const least = scores[scores.length - candidatesMax] as number;
  return matching.filter(({ score }) => score >= least).sort(byScore).slice(0, candidatesMax);
}

function byScore(a: Ranked, b: Ranked): number {
  return b.score - a.score || a.passage - b.passage;
}
