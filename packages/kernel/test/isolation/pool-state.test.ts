import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  missingRunners, newPool, poolConfigDefault, runnerFinished, runnerGone, runnerReady, runnerStarted, submit, withdraw,
  type PoolAction, type PoolState, type QueuedRun,
} from '../../src/isolation/pool-state.ts';

const run = (id: number, version = '1', application = 'shop'): QueuedRun => ({ id, application, version });

/** A pool with idle runners on the ports 1 to `size`. */
function idlePool(size: number): PoolState {
  let state: PoolState = { ...newPool({ ...poolConfigDefault, size }), used: true };
  for (let port = 1; port <= size; port += 1) state = runnerReady(runnerStarted(state, port), port).state;
  return state;
}

/** Applies steps one after the other; returns the last state and all actions. */
function steps(state: PoolState, ...each: ((state: PoolState) => { state: PoolState; actions: readonly PoolAction[] } | PoolState)[]) {
  const actions: PoolAction[] = [];
  let now = state;
  for (const step of each) {
    const decided = step(now);
    if ('actions' in decided) actions.push(...decided.actions);
    now = 'actions' in decided ? decided.state : decided;
  }
  return { state: now, actions };
}

test('no runner before the first use, then as many as configured', () => {
  const fresh = newPool(poolConfigDefault);
  assert.equal(missingRunners(fresh), 0);
  const { state, actions } = submit(fresh, run(1));
  assert.deepEqual(actions, []);
  assert.equal(missingRunners(state), 2);
  assert.equal(missingRunners(runnerStarted(state, 1)), 1);
});

test('a run that waits goes to the first runner that is ready', () => {
  const { state, actions } = steps(newPool(poolConfigDefault), (s) => submit(s, run(1)), (s) => runnerStarted(s, 1), (s) => runnerReady(s, 1));
  assert.deepEqual(actions, [{ kind: 'assign', port: 1, run: run(1) }]);
  assert.deepEqual(state.queue, []);
});

test('a runner that has the version is preferred, then one without the application', () => {
  const used = steps(idlePool(2), (s) => submit(s, run(1)), (s) => runnerFinished(s, 1), (s) => runnerReady(s, 1)).state;
  assert.deepEqual(submit(used, run(2)).actions, [{ kind: 'assign', port: 1, run: run(2) }]);
  assert.deepEqual(submit(used, run(2, '2')).actions, [{ kind: 'assign', port: 2, run: run(2, '2') }]);
  assert.deepEqual(submit(used, run(2, '9', 'docs')).actions, [{ kind: 'assign', port: 1, run: run(2, '9', 'docs') }]);
});

test('where all runners hold another version, one is recycled and the run waits for the fresh one', () => {
  const used = steps(idlePool(1), (s) => submit(s, run(1)), (s) => runnerFinished(s, 1), (s) => runnerReady(s, 1)).state;
  const { state, actions } = submit(used, run(2, '2'));
  assert.deepEqual(actions, [{ kind: 'recycle', port: 1 }]);
  assert.equal(missingRunners(state), 1);
  assert.deepEqual(steps(state, (s) => runnerStarted(s, 5), (s) => runnerReady(s, 5)).actions, [{ kind: 'assign', port: 5, run: run(2, '2') }]);
});

test('a finished runner gets nothing before it is ready', () => {
  const busy = steps(idlePool(1), (s) => submit(s, run(1)), (s) => submit(s, run(2)), (s) => runnerFinished(s, 1));
  assert.deepEqual(busy.state.queue, [run(2)]);
  assert.deepEqual(runnerReady(busy.state, 1).actions, [{ kind: 'assign', port: 1, run: run(2) }]);
});

test('the queue has a limit, and a run can leave it', () => {
  const full = submit({ ...newPool({ ...poolConfigDefault, queueLengthMax: 1 }) }, run(1)).state;
  assert.deepEqual(submit(full, run(2)).actions, [{ kind: 'refuse', run: run(2) }]);
  assert.deepEqual(withdraw(full, 1).queue, []);
});

test('starts that fail are tried again ever later, one that was ready is replaced at once', () => {
  let state: PoolState = { ...newPool(poolConfigDefault), used: true };
  const delays: number[] = [];
  for (let at = 0; at < 9; at += 1) {
    const gone = runnerGone(runnerStarted(state, at), at, false);
    delays.push(...gone.actions.map((action) => (action.kind === 'retry' ? action.delayMs : -1)));
    assert.equal(missingRunners(gone.state), 0);
    state = { ...gone.state, holdsBack: false };
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  const replacedAtOnce = runnerGone(idlePool(2), 1, true);
  assert.deepEqual(replacedAtOnce.actions, []);
  assert.equal(missingRunners(replacedAtOnce.state), 1);
});
