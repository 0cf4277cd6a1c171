// The rollback guard's state and signals. Plain JSON; everything that a decision needs is in it.
import type { MachineState, VersionedState } from '../governor/governor.ts';
import type { Baseline } from '../statistics/baseline.ts';
import type { BurnWindow } from '../statistics/burn-windows.ts';
import type { SequentialTest, TestPlan } from '../statistics/sequential-test.ts';

/** Counts since the signal before; never rates, which cannot be weighed. */
export interface RequestCounts {
  readonly requests: number;
  readonly errors: number;
  /** Requests a bucket: one per bound of the policy and one above the last. */
  readonly latencyCounts?: readonly number[];
}

export type RollbackGuardSignal =
  | ({ readonly kind: 'requests'; /** The version before, where both serve: a canary's control. */ readonly control?: RequestCounts } & RequestCounts)
  | { readonly kind: 'deploy_requested'; readonly release: string }
  | { readonly kind: 'deployed'; readonly release: string };

/**
 * `watching`; `suspect`: more likely bad than not, not sure enough; `bad`: to be rolled back; `healthy`: a bad release
 * would have shown by now; `no_data`: it would not; `rolled_back`; `superseded`: another release came before its verdict.
 */
export type Verdict = 'watching' | 'suspect' | 'bad' | 'healthy' | 'no_data' | 'rolled_back' | 'superseded';

/** What gave a release away. */
export type Evidence = 'errors' | 'latency';

export interface Watch {
  readonly release: string;
  readonly startedAtMs: number;
  readonly errorPlan: TestPlan;
  readonly errors: SequentialTest;
  /** Null: no latency baseline. */
  readonly latencyPlan: TestPlan | null;
  readonly latency: SequentialTest | null;
  /** Slow is above this bound of the policy. */
  readonly slowBound: number;
  /** Requests a ms: the usual, null without a baseline; and of late. */
  readonly usualPerMs: number | null;
  readonly recentPerMs: number;
  /** Since the last request, as far as it matters to the traffic. */
  readonly idleMs: number;
  /** Whose odds are over the threshold now; kept once a rollback has failed. */
  readonly badBy: Evidence | null;
  readonly noDataTold: boolean;
  /** A rollback was ordered and failed: a person has to look. */
  readonly hasFailed: boolean;
}

export interface PastRelease {
  readonly release: string;
  readonly verdict: Verdict;
  readonly atMs: number;
}

export interface RollbackGuardState extends VersionedState {
  readonly version: 1;
  readonly machine: MachineState;
  /** Of the last counts. */
  readonly countedAtMs: number;
  readonly baseline: Baseline;
  readonly watch: Watch | null;
  readonly last: PastRelease | null;
  /** Within the lock's window, oldest first. */
  readonly rollbacksAtMs: readonly number[];
  readonly burn: readonly BurnWindow[];
  /** A page for the burn rate that still lasts is out. */
  readonly isPaged: boolean;
}
