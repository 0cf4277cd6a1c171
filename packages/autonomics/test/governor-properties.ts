// What must hold for every governor under every history: the conformance suite that the four governors share.
// A governor brings its policies and its signals; time, entitlement, resets and results of actions come from here.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { freshSeed, seededRandom, type Random } from '@flyball/kernel';

import type { Answer, CommonSignal, Decided, Governor, GovernorState, VersionedState } from '../src/governor/governor.ts';
import { governorStates, isTransition } from '../src/governor/machine-table.ts';

export interface Signals<S, Sig> {
  /** Any signal that could come, senseless ones too. */
  any(state: S, nowMs: number): Sig;
  /** What a healthy world says: kept up, it leads back to stable. */
  calm(state: S, nowMs: number): Sig;
  /** Hears each answer to its signals. */
  heard?(signal: Sig | CommonSignal, answer: Answer): void;
}

export interface GovernorCase<P, S extends VersionedState, Sig extends { readonly kind: string }> {
  readonly governor: Governor<P, S, Sig | CommonSignal>;
  policy(random: Random): P;
  signals(policy: P, random: Random): Signals<S, Sig>;
  /** Fails if something that must hold of the state does not. */
  check?(policy: P, state: S): void;
  /** Kinds of signal that a refusal may answer. */
  readonly requests: readonly string[];
  /** How far apart the healthy signals are; 1 s unless given. */
  readonly calmStepMs?: number;
  /** How many healthy signals lead back at most; 2,000 unless given. */
  readonly calmSteps?: number;
}

const histories = 60;
const stepsMax = 400;
const startMs = Date.UTC(2026, 10, 20, 12);

export function governorProperties<P, S extends VersionedState, Sig extends { readonly kind: string }>(governed: GovernorCase<P, S, Sig>): void {
  const seed = Number(process.env['FLYBALL_SEED'] ?? freshSeed());
  describe(`${governed.governor.sku}, seed ${seed}`, () => {
    test('any history keeps what must hold, and each state has a way back', () => everyHistory(governed, seed));
    test('a first tick leaves boot with one receipt', () => firstTick(governed, seed));
  });
}

function everyHistory<P, S extends VersionedState, Sig extends { readonly kind: string }>(governed: GovernorCase<P, S, Sig>, seed: number): void {
  const returned = new Set<GovernorState>();
  for (let index = 0; index < histories; index += 1) {
    const history = begin(governed, seededRandom(seed + index));
    const steps = history.random.below(stepsMax);
    for (let step = 0; step < steps; step += 1) randomStep(governed, history);
    returned.add(history.state.machine.name);
    for (const name of governorStates) if (history.snapshots.has(name)) returned.add(name);
    for (const snapshot of history.snapshots.values()) wayBack(governed, { ...history, ...snapshot });
  }
  const missing = governorStates.filter((name) => !returned.has(name));
  assert.deepEqual(missing, [], `seed ${seed}: no history led to these states, so nothing is known of their way back`);
}

function firstTick<P, S extends VersionedState, Sig extends { readonly kind: string }>({ governor, policy }: GovernorCase<P, S, Sig>, seed: number): void {
  const chosen = policy(seededRandom(seed));
  const { state, receipts } = governor.decide(chosen, governor.initial(chosen, startMs), { kind: 'tick' }, startMs + 1_000);
  assert.equal(state.machine.name, 'stable');
  assert.equal(receipts.length, 1);
}

interface Snapshot<S> {
  readonly state: S;
  readonly nowMs: number;
}

interface History<P, S, Sig> {
  readonly policy: P;
  readonly random: Random;
  readonly signals: Signals<S, Sig>;
  /** The last moment in each state. */
  readonly snapshots: Map<GovernorState, Snapshot<S>>;
  state: S;
  nowMs: number;
}

function begin<P, S extends VersionedState, Sig extends { readonly kind: string }>({ governor, policy, signals }: GovernorCase<P, S, Sig>, random: Random): History<P, S, Sig> {
  const chosen = policy(random);
  const nowMs = startMs + random.below(86_400_000);
  return { policy: chosen, random, signals: signals(chosen, random), snapshots: new Map(), state: governor.initial(chosen, nowMs), nowMs };
}

function randomStep<P, S extends VersionedState, Sig extends { readonly kind: string }>(governed: GovernorCase<P, S, Sig>, history: History<P, S, Sig>): void {
  history.nowMs += pause(history.random);
  history.snapshots.set(history.state.machine.name, { state: history.state, nowMs: history.nowMs });
  const signal = history.random.next() < 0.25 ? commonSignal(history.state, history.random) : history.signals.any(history.state, history.nowMs);
  checkedStep(governed, history, signal);
}

/** Mostly short, sometimes hours, now and then a clock that goes back. */
function pause(random: Random): number {
  const roll = random.next();
  if (roll < 0.4) return random.below(200);
  if (roll < 0.85) return random.below(5_000);
  if (roll < 0.95) return random.below(120_000);
  return roll < 0.98 ? random.below(10_000_000) : -random.below(2_000);
}

function commonSignal(state: VersionedState, random: Random): CommonSignal {
  const roll = random.next();
  if (roll < 0.45) return { kind: 'tick' };
  if (roll < 0.85) {
    const actionId = random.next() < 0.8 ? state.machine.actionsStarted : random.below(5);
    return { kind: 'action_result', actionId, outcome: random.pick(['succeeded', 'succeeded', 'failed', 'timed_out'] as const) };
  }
  return roll < 0.95 ? { kind: 'entitlement', active: random.next() < 0.7 } : { kind: 'admin_reset', by: 'operator' };
}

/** One decision, made three times: on the state, again, and on what JSON leaves of it. */
function checkedStep<P, S extends VersionedState, Sig extends { readonly kind: string }>(governed: GovernorCase<P, S, Sig>, history: History<P, S, Sig>, signal: Sig | CommonSignal): void {
  const { governor } = governed;
  const { policy, state, nowMs, signals } = history;
  const written = JSON.stringify(state);
  const decided = governor.decide(policy, deepFrozen(state), deepFrozen(signal), nowMs);
  assert.deepEqual(governor.decide(policy, state, signal, nowMs), decided, 'the same inputs must give the same outputs');
  assert.deepEqual(governor.decide(policy, JSON.parse(written) as S, signal, nowMs), decided, 'a state restored from JSON must decide the same');
  assert.deepEqual(JSON.parse(JSON.stringify(decided.state)), decided.state, 'the state must be plain JSON');
  const bytes = Buffer.byteLength(JSON.stringify(decided.state));
  assert.ok(bytes <= 4_096, `the state is ${bytes} bytes after ${signal.kind}`);
  checkReceipts(governed, state, signal, decided);
  checkActions(state, decided);
  governed.check?.(policy, decided.state);
  signals.heard?.(signal, decided.answer);
  history.state = decided.state;
}

function checkReceipts<P, S extends VersionedState, Sig extends { readonly kind: string }>(
  { governor, requests }: GovernorCase<P, S, Sig>, before: S, signal: { readonly kind: string }, { state, receipts, actions, answer }: Decided<S>,
): void {
  const [from, to] = [before.machine, state.machine];
  const countOf = (kind: string) => receipts.filter((receipt) => receipt.kind === kind).length;
  assert.equal(countOf('transition'), from.name === to.name ? 0 : 1, `${from.name} → ${to.name} on ${signal.kind}: one receipt a transition`);
  if (from.name !== to.name) assert.ok(isTransition(governor.machine, from.name, to.name), `${from.name} → ${to.name} on ${signal.kind} is not in the table`);
  assert.equal(countOf('refusal'), answer.decision === 'refuse' ? 1 : 0, `one receipt a refusal, on ${signal.kind}`);
  if (answer.decision === 'refuse') assert.ok(requests.includes(signal.kind), `${signal.kind} is no request: it cannot be refused`);
  assert.equal(countOf('action'), actions.length, 'one receipt an action');
  assert.equal(countOf('action_result'), from.inFlight !== null && to.inFlight === null ? 1 : 0, 'one receipt a result');
  for (const receipt of receipts) {
    assert.equal(receipt.sku, governor.sku);
    assert.notEqual(receipt.reason, '', `a ${receipt.kind} without a reason`);
    assert.ok(!/NaN|undefined|Infinity|\[object/.test(receipt.reason), `unreadable: ${receipt.reason}`);
    assert.equal(receipt.stateFrom, from.name);
  }
}

function checkActions(before: VersionedState, { state, actions }: Decided<VersionedState>): void {
  assert.ok(actions.length <= 1, 'one action at a time');
  if (before.machine.inFlight !== null) assert.equal(actions.length, 0, 'an action is in flight already');
  if (actions.length === 1) assert.equal(state.machine.inFlight?.id, actions[0]!.id);
  if (state.machine.inFlight !== null) assert.equal(state.machine.name, 'intervening');
}

/** From here on the world is healthy: entitled, its actions succeed, an operator resets once. */
function wayBack<P, S extends VersionedState, Sig extends { readonly kind: string }>(governed: GovernorCase<P, S, Sig>, history: History<P, S, Sig>): void {
  const from = history.state.machine.name;
  const path: GovernorState[] = [from];
  checkedStep(governed, history, { kind: 'entitlement', active: true });
  for (let step = 0; step < (governed.calmSteps ?? 2_000); step += 1) {
    const { name, inFlight } = history.state.machine;
    if (path.at(-1) !== name) path.push(name);
    if (name === 'stable' && step > 0) return;
    history.nowMs += governed.calmStepMs ?? 1_000;
    calmStep(governed, history, { step, actionId: inFlight?.id ?? null });
  }
  assert.fail(`no way back from ${from} in a healthy world: ${path.join(' → ')}; ${JSON.stringify(history.state)}`);
}

function calmStep<P, S extends VersionedState, Sig extends { readonly kind: string }>(
  governed: GovernorCase<P, S, Sig>, history: History<P, S, Sig>, { step, actionId }: { step: number; actionId: number | null },
): void {
  if (actionId !== null) return checkedStep(governed, history, { kind: 'action_result', actionId, outcome: 'succeeded' });
  if (step === 100) return checkedStep(governed, history, { kind: 'admin_reset', by: 'operator' });
  checkedStep(governed, history, step % 2 === 0 ? { kind: 'tick' } : history.signals.calm(history.state, history.nowMs));
}

export function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}
