// What the rollback guard does when, in its operators' terms.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Action, Answer, CommonSignal, ReceiptBody } from '../../src/governor/governor.ts';
import { releaseVerdict, rollbackGuard } from '../../src/governors/rollback-guard.ts';
import type { RollbackGuardPolicy } from '../../src/governors/rollback-guard-policy.ts';
import type { RequestCounts, RollbackGuardSignal, RollbackGuardState } from '../../src/governors/rollback-guard-state.ts';
import { readPolicy } from '../../src/policy/read-policy.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';

const minute = 60_000;
const defaults = defaultPolicy(rollbackGuard.policy);

/** A service that the guard watches: time advances by signals of ten seconds with a tick a second after each. */
class Service {
  nowMs = Date.UTC(2026, 0, 5, 9);
  state: RollbackGuardState;
  answer: Answer | null = null;
  readonly actions: Action[] = [];
  readonly receipts: ReceiptBody[] = [];
  readonly policy: RollbackGuardPolicy;
  /** What becomes of actions; null: nothing is heard of them. */
  outcome: 'succeeded' | 'failed' | null = 'succeeded';

  constructor(policy: Partial<RollbackGuardPolicy> = {}) {
    this.policy = { ...defaults, ...policy };
    this.state = rollbackGuard.initial(this.policy, this.nowMs);
    this.send({ kind: 'tick' });
  }

  send(signal: RollbackGuardSignal | CommonSignal): Answer {
    const { state, answer, actions, receipts } = rollbackGuard.decide(this.policy, this.state, signal, this.nowMs);
    this.state = state;
    this.receipts.push(...receipts);
    for (const action of actions) {
      this.actions.push(action);
      if (this.outcome !== null) this.send({ kind: 'action_result', actionId: action.id, outcome: this.outcome });
    }
    return answer;
  }

  /** `counts` of the signal of number `at`, every ten seconds for this long; ends early at an action. */
  run(minutes: number, counts: (at: number) => RequestCounts & { readonly control?: RequestCounts }): void {
    const before = this.actions.length;
    for (let at = 0; at < minutes * 6 && this.actions.length === before; at += 1) {
      this.nowMs += 9_000;
      this.heard(this.send({ kind: 'requests', ...counts(at) }));
      this.nowMs += 1_000;
      this.heard(this.send({ kind: 'tick' }));
    }
  }

  /** Keeps the last answer that says something. */
  heard(answer: Answer): void {
    if (answer.code !== 'normal') this.answer = answer;
  }

  get verdict(): string | null {
    return releaseVerdict(this.policy, this.state, this.nowMs)?.verdict ?? null;
  }
}

/** 20 requests/s, one error in 200. */
const healthy = (at: number): RequestCounts => ({ requests: 200, errors: at % 2 === 0 ? 1 : at % 3 === 0 ? 2 : 0 });
const bad = (at: number): RequestCounts => ({ requests: 200, errors: 9 + (at % 3) });
/** 100 requests of which `slow` are above 400 ms. */
const timed = (slow: number): RequestCounts => ({ requests: 200, errors: 1, latencyCounts: defaults.latencyBoundsMs.map((bound) => (bound === 100 ? 198 - slow : bound === 500 ? slow : 0)).concat(0) });

function ready(policy: Partial<RollbackGuardPolicy> = {}): Service {
  const service = new Service(policy);
  service.run(30, healthy);
  service.send({ kind: 'deployed', release: '1.4.2' });
  return service;
}

test('a bad release is rolled back within a minute, with a reason that a person can read', () => {
  const service = ready();
  const deployedMs = service.nowMs;
  service.run(30, bad);
  assert.equal(service.actions.length, 1);
  const [{ kind, parameters, reason }] = service.actions as [Action];
  assert.equal(kind, 'rollback');
  assert.deepEqual(parameters, { release: '1.4.2', evidence: 'errors' });
  assert.ok(service.nowMs - deployedMs <= minute);
  assert.match(reason, /^error rate (4|5)(\.\d)? % of [\d,]+ requests against 0\.\d+ % before; odds [\d,]+ : 1; threshold 200 : 1$/);
  assert.equal(service.verdict, 'rolled_back');
  const kinds = service.receipts.map((receipt) => `${receipt.kind} ${receipt.stateTo}`);
  assert.deepEqual(kinds, ['transition stable', 'transition warning', 'transition intervening', 'action intervening', 'action_result intervening']);
});

test('a good release is judged healthy at the end of the watch, and becomes the baseline', () => {
  const service = ready();
  service.run(31, healthy);
  assert.deepEqual([service.actions.length, service.verdict], [0, 'healthy']);
  assert.equal(service.answer?.code, 'healthy');
  assert.match(service.answer!.reason, /^release 1\.4\.2: error rate [\d.]+ % of [\d,]+ requests against 0\.\d+ % before; odds .* : 1 against a rate of 4\.\d %; wanted 20 : 1; latency not judged: too short a baseline$/);
  const { binEvents } = service.state.baseline;
  service.run(2, (at) => ({ requests: 300, errors: at % 2 }));
  assert.equal(service.state.baseline.binEvents.at(-1), 1_800);
  assert.notDeepEqual(service.state.baseline.binEvents, binEvents);
});

test('no data is a verdict of its own: told once, never a rollback, never healthy', () => {
  const service = ready();
  service.run(6, () => ({ requests: 0, errors: 0 }));
  assert.equal(service.verdict, 'no_data');
  assert.deepEqual(service.actions.map(({ kind }) => kind), ['notify']);
  assert.match(service.actions[0]!.reason, /^no data: 0 requests of release 1\.4\.2 in 5 min; usual in that time [\d,]+; at least 20 and 10 % of the usual are needed$/);
  service.run(6 * 60 + 10, () => ({ requests: 0, errors: 0 }));
  assert.equal(service.actions.length, 1, 'told once');
  assert.deepEqual([service.verdict, service.state.watch, service.state.machine.name], ['no_data', null, 'stable']);
});

test('a release without data that gets traffic after all is judged by it', () => {
  const service = ready();
  service.run(8, () => ({ requests: 0, errors: 0 }));
  service.run(20, bad);
  assert.deepEqual(service.actions.map(({ kind }) => kind), ['notify', 'rollback']);
});

test('counts gate the rollback: a first failure of two requests is nothing', () => {
  const service = ready();
  service.run(0.2, () => ({ requests: 2, errors: 2 }));
  assert.equal(service.actions.length, 0);
  service.run(5, () => ({ requests: 2, errors: 2 }));
  assert.equal(service.actions[0]?.kind, 'rollback');
  assert.ok(service.state.last !== null);
});

test('traffic that multiplies with the deployment, errors in proportion, is no bad release; a bad one still is', () => {
  const crowd = ready();
  crowd.run(30, (at) => ({ requests: 1_600, errors: at % 2 === 0 ? 8 : 9 }));
  assert.deepEqual([crowd.actions.length, crowd.verdict === 'bad'], [0, false]);
  const overloaded = ready();
  overloaded.run(30, (at) => ({ requests: 1_000, errors: 15 + (at % 5) }));
  assert.equal(overloaded.actions.length, 0, 'five times the traffic, three times the share of errors');
  const broken = ready();
  broken.run(30, () => ({ requests: 1_000, errors: 200 }));
  assert.equal(broken.actions[0]?.kind, 'rollback');
  assert.match(broken.actions[0].reason, /traffic [\d.]+ times the usual, allowed for$/);
});

test('latency alone rolls back; with a shift of traffic it is not judged', () => {
  const released = (policy: Partial<RollbackGuardPolicy> = {}): Service => {
    const service = new Service(policy);
    service.run(30, (at) => timed(at % 3));
    service.send({ kind: 'deployed', release: '1.4.2' });
    return service;
  };
  const slow = released();
  slow.run(30, () => timed(12));
  assert.deepEqual(slow.actions.map(({ kind, parameters }) => [kind, parameters['evidence']]), [['rollback', 'latency']]);
  assert.match(slow.actions[0]!.reason, /^requests over \d+ ms [\d.]+ % of [\d,]+ requests against [\d.]+ % before; odds (over )?[\d,]+ : 1; threshold 3,000 : 1$/);
  const blind = released({ judgeLatency: false });
  blind.run(30, () => timed(12));
  assert.equal(blind.actions.length, 0);
  const crowded = released();
  const times = (factor: number, { requests, errors, latencyCounts }: RequestCounts): RequestCounts =>
    ({ requests: factor * requests, errors: factor * errors, latencyCounts: latencyCounts!.map((count) => factor * count) });
  // Three minutes: the crowd comes before it slows anything down.
  crowded.run(3, (at) => times(5, timed(at % 3)));
  crowded.run(27, () => times(5, timed(12)));
  assert.equal(crowded.actions.length, 0);
});

test('what the version before shows at the same time is no fault of the release', () => {
  const outage = ready();
  outage.run(30, () => ({ requests: 50, errors: 5, control: { requests: 150, errors: 15 } }));
  assert.equal(outage.actions.length, 0);
  const worse = ready();
  worse.run(30, () => ({ requests: 50, errors: 25, control: { requests: 150, errors: 15 } }));
  assert.equal(worse.actions[0]?.kind, 'rollback', 'an outage does not hide a release that is worse still');
  const canary = ready();
  canary.run(30, (at) => ({ requests: 50, errors: 5, control: healthy(at) }));
  assert.equal(canary.actions[0]?.kind, 'rollback');
});

test('a missing or short baseline still finds a bad release and still spares a good one', () => {
  for (const minutes of [0, 2]) {
    const [good, broken] = [new Service(), new Service()];
    for (const service of [good, broken]) {
      service.run(minutes, healthy);
      service.send({ kind: 'deployed', release: '1' });
    }
    good.run(31, healthy);
    broken.run(30, bad);
    assert.deepEqual([good.actions.length, good.verdict], [0, 'healthy'], `${minutes} min`);
    assert.equal(broken.actions[0]?.kind, 'rollback', `${minutes} min`);
  }
});

function rolledBackThrice(): Service {
  const service = ready();
  for (let time = 0; time < 3; time += 1) {
    service.run(30, bad);
    service.run(4, healthy);
    service.send({ kind: 'deployed', release: `1.4.${3 + time}` });
  }
  return service;
}

test('three rollbacks within a day lock; an admin or the day opens the lock', () => {
  const service = rolledBackThrice();
  assert.deepEqual(service.actions.map(({ kind }) => kind), ['rollback', 'rollback', 'rollback']);
  assert.equal(service.state.machine.name, 'refusing');
  const refused = service.send({ kind: 'deploy_requested', release: '1.5.0' });
  assert.deepEqual([refused.decision, refused.code], ['refuse', 'rollback_lock']);
  assert.match(refused.reason, /^3 rollbacks in 24 h; locked from 3; opens in 2[34](\.\d)? h or by admin reset$/);
  assert.equal(service.receipts.at(-1)!.kind, 'refusal');
  service.run(30, bad);
  assert.equal(service.actions.length, 3, 'a locked guard rolls nothing back');

  const reset = rolledBackThrice();
  reset.send({ kind: 'admin_reset', by: 'ops' });
  assert.equal(reset.state.machine.name, 'stable');
  assert.equal(reset.send({ kind: 'deploy_requested', release: '1.5.0' }).decision, 'ok');

  service.nowMs += 86_400_000;
  service.send({ kind: 'tick' });
  service.nowMs += service.policy.recoveryDwellMs;
  service.run(1, healthy);
  assert.equal(service.state.machine.name, 'stable');
});

test('a rollback that fails degrades; its watch ends with a new release or with time', () => {
  const service = ready();
  service.outcome = 'failed';
  service.run(30, bad);
  assert.equal(service.state.machine.name, 'degraded');
  assert.equal(service.verdict, 'bad');
  service.run(5, bad);
  assert.equal(service.actions.length, 1, 'not again and again');
  service.send({ kind: 'deployed', release: '1.4.3' });
  service.run(3, healthy);
  assert.equal(service.state.machine.name, 'stable');
});

test('a notice that nobody answers does not keep a bad release from being rolled back', () => {
  const service = ready();
  service.outcome = null;
  service.run(6, () => ({ requests: 0, errors: 0 }));
  assert.equal(service.actions[0]?.kind, 'notify');
  service.run(10, bad);
  assert.equal(service.actions[1]?.kind, 'rollback', service.state.machine.name);
});

test('the watch survives a restart in its middle', () => {
  const service = ready();
  service.run(0.2, bad);
  service.state = JSON.parse(JSON.stringify(service.state)) as RollbackGuardState;
  service.run(1, bad);
  assert.equal(service.actions[0]?.kind, 'rollback');
});

test('after the watch burn rates page, once, and name the release', () => {
  const service = ready();
  service.run(31, healthy);
  assert.equal(service.verdict, 'healthy');
  service.run(120, () => ({ requests: 200, errors: 60 }));
  assert.deepEqual(service.actions.map(({ kind, parameters }) => [kind, parameters['about']]), [['notify', 'burn_rate']]);
  assert.match(service.actions[0]!.reason, /^burn rate [\d.]+ over 6 h \([\d,]+ of [\d,]+ requests failed\) and [\d.]+ over 30 min; threshold 6, which is 6 %; release 1\.4\.2 was judged healthy [\d.]+ (min|h) ago$/);
  service.run(60, () => ({ requests: 200, errors: 60 }));
  assert.equal(service.actions.length, 1);
});

test('counts that cannot be true are no evidence', () => {
  const service = ready();
  const before = service.state;
  for (const wrong of [{ requests: -1, errors: 0 }, { requests: 1, errors: 2 }, { requests: Number.NaN, errors: 0 }, { requests: 1e12, errors: 0 }, { requests: 5, errors: 0, latencyCounts: [1, 2] }]) {
    service.send({ kind: 'requests', ...wrong });
  }
  assert.equal(service.state, before);
});

test('the state fits into 4,096 bytes at a million requests a second, with everything in it', () => {
  const service = new Service();
  const share = 10_000_000 / (defaults.latencyBoundsMs.length + 1);
  const big = (): RequestCounts => ({ requests: 9_999_999, errors: 55_555, latencyCounts: Array.from({ length: defaults.latencyBoundsMs.length + 1 }, (_, at) => Math.floor(share - at)) });
  for (let hours = 0; hours < 25; hours += 1) {
    service.run(31, big);
    service.nowMs += 29 * minute;
  }
  service.send({ kind: 'deployed', release: 'x'.repeat(64) });
  service.run(1, big);
  const bytes = JSON.stringify(service.state).length;
  assert.ok(bytes <= 4_096, `${bytes} bytes`);
});

test('a wrong policy is refused with the field and the range', () => {
  const reading = readPolicy(rollbackGuard.policy, { oddsToRollBack: 2, errorIncreasesPct: [10, 4], watchMaxMs: 60_000 });
  assert.equal(reading.ok, false);
  assert.deepEqual(!reading.ok && reading.problems, [{ field: 'oddsToRollBack', problem: 'must be a number from 10 to 1000000000 : 1, not 2' }]);
  const rules = readPolicy(rollbackGuard.policy, { errorIncreasesPct: [10, 4], watchMaxMs: 60_000 });
  assert.deepEqual(!rules.ok && rules.problems.map(({ field }) => field), ['errorIncreasesPct', 'watchMaxMs']);
});

test('counts that come in lumps, with empty signals in between, are no crowd: a bad release is rolled back', () => {
  const lump = (errors: number) => (at: number): RequestCounts => (at % 12 === 0 ? { requests: 300, errors } : { requests: 0, errors: 0 });
  const service = new Service();
  service.run(30, lump(1));
  service.send({ kind: 'deployed', release: '1.4.2' });
  const deployedMs = service.nowMs;
  service.run(30, lump(18));
  assert.deepEqual(service.actions.map(({ kind }) => kind), ['rollback']);
  assert.ok(service.nowMs - deployedMs <= 10 * minute, `rolled back after ${(service.nowMs - deployedMs) / 1_000} s`);
});
