// What comes of a run: for each policy what it decided when and how it scored, and what a picture shows of
// the load. Plain data: `--json` prints it, the chart draws it, the benchmarks read its figures.

import type { GovernorState, ReceiptBody } from '../governor/governor.ts';
import { clockText } from './chart/scale.ts';

/** Peers have fewer states and other names for them; the picture compares what they mean. */
export type TrackState = GovernorState;

/** From `fromMs` until the next span begins. */
export interface Span {
  readonly fromMs: number;
  readonly state: TrackState;
}

/** Something that a policy did: an action, a rollback, a refusal that others will feel. */
export interface Mark {
  readonly atMs: number;
  readonly label: string;
}

export interface Line {
  readonly name: string;
  /** [ms since the start, value], in order of time. */
  readonly points: readonly (readonly [number, number])[];
  /** Drawn stronger than the lines of peers. */
  readonly ours?: boolean;
}

export interface Threshold {
  readonly label: string;
  readonly value: number;
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly thresholds: readonly Threshold[];
  /** The upper end of the scale, where a peer's failure would flatten everything else. */
  readonly most?: number;
}

/** What a score is, once for a governor. `undefined` in an outcome means that it does not apply: never detected. */
export interface FigureKind {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  /** How runs are summed up: a share is of 0 and 1, in percent. */
  readonly over: 'median' | 'mean' | 'max' | 'min' | 'share';
}

export interface PolicyOutcome {
  readonly name: string;
  readonly ours: boolean;
  /** Where a peer's defaults are documented. */
  readonly source?: string;
  readonly figures: Readonly<Record<string, number | undefined>>;
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
  /** The decisions of most weight, in words. */
  readonly reasons: readonly string[];
}

export interface RunOutcome {
  readonly seed: number;
  readonly durationMs: number;
  readonly panels: readonly Panel[];
  /** When the world changed: a deployment, the begin and end of an overload. */
  readonly moments: readonly Mark[];
  readonly outcomes: readonly PolicyOutcome[];
}

/** Collects the spans and marks of one policy; a state that stays is one span. */
export class Track {
  readonly spans: Span[] = [];
  readonly marks: Mark[] = [];
  readonly reasons: string[] = [];

  at(atMs: number, state: TrackState): void {
    if (this.spans.at(-1)?.state !== state) this.spans.push({ fromMs: atMs, state });
  }

  mark(atMs: number, label: string): void {
    this.marks.push({ atMs, label });
  }

  /** Transitions and actions in words; a refusal of each request would be a list of nothing else. */
  receipt({ kind, at, stateFrom, stateTo, action, reason, decision }: ReceiptBody): void {
    const what = kind === 'transition' ? `${stateFrom} → ${stateTo}` : kind === 'action' ? `${action}` : '';
    if (what === '' || this.reasons.length >= REASONS_MAX) return;
    this.reasons.push(`${clockText(at)} ${what}: ${reason === '' ? decision : reason}`);
  }

  /** Changes of mind; the boot of a governor is its start. */
  get transitions(): number {
    return this.spans.filter(({ state }) => state !== 'boot').length - 1;
  }
}

/** A picture and a report say the first ones; all of them are the ledger's business. */
const REASONS_MAX = 20;
