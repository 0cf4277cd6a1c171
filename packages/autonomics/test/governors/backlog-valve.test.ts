import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Priority } from '../../src/control/admission-control.ts';
import { backlogValve, type BacklogValveState } from '../../src/governors/backlog-valve.ts';
import type { BacklogValvePolicy } from '../../src/governors/backlog-valve-policy.ts';
import type { BacklogValveSignal } from '../../src/governors/backlog-valve-signals.ts';
import type { Action, CommonSignal, ReceiptBody } from '../../src/governor/governor.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';
import { readPolicy } from '../../src/policy/read-policy.ts';

const defaults = defaultPolicy(backlogValve.policy);

class Valve {
  readonly policy: BacklogValvePolicy;
  readonly receipts: ReceiptBody[] = [];
  readonly actions: Action[] = [];
  state: BacklogValveState;
  nowMs = 1_000_000;

  constructor(policy: Partial<BacklogValvePolicy> = {}) {
    this.policy = { ...defaults, ...policy };
    this.state = backlogValve.initial(this.policy, this.nowMs);
    this.tell({ kind: 'tick' });
  }

  tell(signal: BacklogValveSignal | CommonSignal, afterMs = 0): string {
    this.nowMs += afterMs;
    const { state, receipts, actions, answer } = backlogValve.decide(this.policy, this.state, signal, this.nowMs);
    this.state = state;
    this.receipts.push(...receipts);
    this.actions.push(...actions);
    return answer.decision;
  }

  /** A full second: arrivals and takings evenly spread, the depth given, then a tick and a sample. */
  second(depth: number, { perSecond = 400, capacity = 200, priority = (index: number) => (index % 5) as Priority } = {}): number {
    let shed = 0;
    for (let index = 0; index < perSecond; index += 1) {
      if (this.tell({ kind: 'request', priority: priority(index), depth }, 1_000 / perSecond) === 'shed') shed += 1;
      if (index % (perSecond / capacity) === 0) this.tell({ kind: 'taken', waitedMs: Math.min(depth * 5, 400), depth });
    }
    this.tell({ kind: 'tick' });
    this.tell({ kind: 'backlog', depth });
    return shed;
  }

  idle(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.tell({ kind: 'tick' }, 1_000);
      this.tell({ kind: 'backlog', depth: 0, headWaitMs: 0 });
    }
  }

  transitions(): string[] {
    return this.receipts.filter(({ kind }) => kind === 'transition').map(({ stateTo }) => stateTo);
  }
}

describe('shedding', () => {
  test('a short queue and a burst of less than half the deadline lose nobody', () => {
    const valve = new Valve();
    assert.equal(valve.second(10), 0, 'the capacity becomes known');
    valve.idle(2);
    for (let depth = 0; depth < 45; depth += 1) assert.equal(valve.tell({ kind: 'request', priority: 4, depth }, 0.1), 'ok');
    assert.deepEqual(valve.transitions(), ['stable']);
  });

  test('a standing queue is shed in proportion to its wait, the lowest priority first', () => {
    const valve = new Valve();
    valve.second(16);
    valve.second(16);
    assert.equal(valve.state.queue.standing, true);
    const before = valve.state.shedding.shed;
    valve.second(10);
    const shed = valve.state.shedding.shed.map((count, priority) => count - before[priority]!);
    assert.equal(shed[4], 80, 'all of the lowest');
    assert.ok(shed[3]! > 0 && shed[3]! < 80, `some of the next: ${shed[3]}`);
    assert.deepEqual(shed.slice(0, 3), [0, 0, 0]);
  });

  test('a long queue that drains fast is not shed for what its head has waited', () => {
    const valve = new Valve();
    valve.second(16);
    valve.second(16);
    assert.equal(valve.tell({ kind: 'request', priority: 4, depth: 2, headWaitMs: 400 }, 1), 'ok');
  });

  test('a server that is stuck is noticed before it takes the next', () => {
    const valve = new Valve({ shedPctMax: 100 });
    valve.second(16);
    valve.second(16);
    assert.equal(valve.tell({ kind: 'request', priority: 2, depth: 3 }, 1), 'ok');
    assert.equal(valve.tell({ kind: 'request', priority: 2, depth: 3 }, 300), 'shed');
  });

  test('who has waited past the deadline is not served, and counts as late, not as shed', () => {
    const valve = new Valve();
    assert.equal(valve.tell({ kind: 'taken', waitedMs: 500, depth: 1 }), 'shed');
    assert.equal(valve.tell({ kind: 'taken', waitedMs: 400, depth: 1 }), 'ok');
    assert.equal(valve.state.late, 1);
    assert.deepEqual(valve.state.shedding.shed, [0, 0, 0, 0, 0]);
  });

  test('without measurements the valve opens and warns: no data is not calm', () => {
    const valve = new Valve();
    valve.second(16);
    valve.second(16);
    valve.idle(300);
    assert.equal(valve.state.machine.name, 'stable');
    for (let second = 0; second < 6; second += 1) valve.tell({ kind: 'tick' }, 1_000);
    assert.equal(valve.tell({ kind: 'request', priority: 4 }), 'ok');
    assert.equal(valve.receipts.at(-1)!.decision, 'no_data');
    assert.match(valve.receipts.at(-1)!.reason, /^nothing measured for [\d,]+ ms; threshold 5,000 ms; the valve is open$/);
  });
});

describe('the machine', () => {
  test('twice the capacity: warning, refusing, and back to stable, each with its reason', () => {
    const valve = new Valve();
    valve.second(2);
    for (let second = 0; second < 3; second += 1) valve.second(30);
    assert.deepEqual(valve.transitions(), ['stable', 'warning', 'refusing']);
    const [, warning, refusing] = valve.receipts;
    assert.match(warning!.reason, /^queue time \d+ ms; target 20 ms; above it for [\d,]+ ms; shedding priority 4: 100 %, .*; capacity 20\d\/s$/);
    assert.match(refusing!.reason, /^queue time \d+ ms although 50 % may be shed; 80 % of the deadline is 400 ms, the ceiling 120 ms for 800 ms; capacity 20\d\/s$/);
    assert.equal(valve.second(60), 400, 'refusing, there is no limit');
    valve.idle(200);
    assert.deepEqual(valve.transitions(), ['stable', 'warning', 'refusing', 'stable']);
    assert.match(valve.receipts.at(-1)!.reason, /^queue time 0 ms; target 20 ms; [\d,]+ of 2,000 requests shed so far, 0 too late$/);
  });

  test('a warning that persists asks for the capacity that would do, once', () => {
    const valve = new Valve();
    for (let second = 0; second < 6; second += 1) valve.second(11);
    assert.equal(valve.state.machine.name, 'intervening');
    assert.equal(valve.actions.length, 1);
    const [{ id, kind, parameters, heldForMs }] = valve.actions as [Action];
    assert.equal(kind, 'scale');
    assert.ok((parameters['capacityPct'] as number) > 120 && (parameters['capacityPct'] as number) < 200, `${parameters['capacityPct']} %`);
    assert.equal(heldForMs, 900_000);
    valve.tell({ kind: 'action_result', actionId: id, outcome: 'succeeded' });
    for (let second = 0; second < 180; second += 1) valve.second(11);
    assert.equal(valve.state.machine.name, 'intervening', 'amid shedding it stays, instead of beginning anew each minute');
    valve.idle(300);
    assert.deepEqual(valve.transitions(), ['stable', 'warning', 'intervening', 'stable']);
  });

  test('an overload that grows beyond the intervention ends it, so that the valve can refuse', () => {
    const valve = new Valve();
    for (let second = 0; second < 6; second += 1) valve.second(11);
    valve.tell({ kind: 'action_result', actionId: 1, outcome: 'succeeded' });
    for (let second = 0; second < 4; second += 1) valve.second(40);
    assert.deepEqual(valve.transitions(), ['stable', 'warning', 'intervening', 'stable', 'refusing']);
  });

  test('more than 100,000 waiting is a warning', () => {
    const valve = new Valve();
    valve.tell({ kind: 'backlog', depth: 100_000 }, 1_000);
    assert.equal(valve.state.machine.name, 'stable');
    valve.idle(1);
    for (let depth = 100_001, second = 0; second < 1; second += 1) valve.tell({ kind: 'backlog', depth }, 60_000);
    assert.equal(valve.receipts.at(-1)!.decision, 'backlog_depth');
    assert.equal(valve.receipts.at(-1)!.reason, '100,001 requests wait; threshold 100,000');
  });

  test('growth above 10,000/s, three times in a row, intervenes and scales; twice does not', () => {
    const twice = new Valve();
    for (const depth of [0, 11_000, 22_000, 22_000, 22_000, 22_000]) twice.tell({ kind: 'backlog', depth }, 1_000);
    assert.deepEqual(twice.actions, []);
    const thrice = new Valve();
    for (const depth of [0, 11_000, 22_000, 33_000]) thrice.tell({ kind: 'backlog', depth }, 1_000);
    assert.equal(thrice.actions[0]?.kind, 'scale');
    assert.equal(thrice.actions[0]!.reason, 'the backlog grows by 11,000 requests/s; threshold 10,000 requests/s');
  });

  test('an overload that comes back every two minutes is one episode, not thirty', () => {
    const valve = new Valve();
    for (let minute = 0; minute < 30; minute += 1) {
      for (let second = 0; second < 4; second += 1) valve.second(40);
      valve.idle(116);
    }
    assert.ok(valve.transitions().length <= 6, valve.transitions().join(' '));
  });

  test('without entitlement each request is refused, with a receipt', () => {
    const valve = new Valve();
    valve.tell({ kind: 'entitlement', active: false });
    assert.equal(valve.tell({ kind: 'request', priority: 0, depth: 0 }), 'refuse');
    assert.equal(valve.receipts.at(-1)!.kind, 'refusal');
    valve.tell({ kind: 'entitlement', active: true });
    assert.equal(valve.tell({ kind: 'request', priority: 0, depth: 0 }), 'ok');
  });
});

describe('clocks', () => {
  for (const [name, leapMs] of [['forward', 3_600_000], ['back', -3_600_000], ['to nowhere', NaN]] as const) {
    test(`a clock that leaps ${name} changes no decision`, () => {
      const [plain, leaping] = [new Valve(), new Valve()];
      for (const valve of [plain, leaping]) for (let second = 0; second < 3; second += 1) valve.second(12);
      if (Number.isNaN(leapMs)) {
        backlogValve.decide(leaping.policy, leaping.state, { kind: 'tick' }, NaN);
        leaping.state = backlogValve.decide(leaping.policy, leaping.state, { kind: 'tick' }, NaN).state;
      } else {
        leaping.nowMs += leapMs;
        leaping.state = backlogValve.decide(leaping.policy, leaping.state, { kind: 'tick' }, leaping.nowMs).state;
      }
      const [usual, leapt] = [plain.second(12), leaping.second(12)];
      assert.ok(usual > 50 && Math.abs(usual - leapt) <= 2, `${leapt} shed instead of ${usual}`);
      for (const valve of [plain, leaping]) valve.idle(200);
      assert.deepEqual(leaping.transitions(), plain.transitions());
      assert.equal(leaping.receipts.at(-1)!.at - leaping.nowMs, plain.receipts.at(-1)!.at - plain.nowMs, 'receipts carry the caller\'s time');
    });
  }
});

test('a policy that leaves no room is refused with the field', () => {
  const reading = readPolicy(backlogValve.policy, { targetMs: 90, ceilingMs: 120 });
  assert.equal(reading.ok, false);
  assert.match(JSON.stringify(reading), /ceilingMs.*leaves no room above targetMs \(90 ms\)/);
  assert.equal(readPolicy(backlogValve.policy, { ceilingMs: 300 }).ok, false, 'above half the deadline');
  assert.equal(readPolicy(backlogValve.policy, {}).ok, true);
});
