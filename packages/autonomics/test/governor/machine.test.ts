// The machine, walked over every edge of its table, with a governor that judges as it is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { defineGovernor, type Judgement } from '../../src/governor/define-governor.ts';
import type { CommonSignal, Decided, GovernorState, MachineState, VersionedState } from '../../src/governor/governor.ts';
import { isTransition, machineTable, mermaidOf } from '../../src/governor/machine-table.ts';
import type { MachineRules } from '../../src/governor/machine.ts';
import { machineFields } from '../../src/policy/machine-fields.ts';
import { defaultPolicy, policySchema } from '../../src/policy/schema.ts';

type Told = { readonly kind: 'judge'; readonly level: Judgement['level'] };
interface State extends VersionedState { readonly level: Judgement['level'] }

const words = { warn: 'warn', refuse: 'refuse', action: 'throttle', normal: 'ok' };
const told = defineGovernor<MachineRules, State, Told>({
  sku: 'test', policy: policySchema<MachineRules>('test', machineFields), words, invariants: ['none'],
  initial: (_policy, machine) => ({ version: 1, machine, level: 'ok' }),
  absorb: (_policy, state, signal) => ({ state: signal.kind === 'judge' ? { ...state, level: signal.level } : state, answer: null }),
  judge: (_policy, { level }) => ({ level, code: level }),
  explain: (_policy, { level }) => `it is ${level}`,
  action: () => ({ kind: 'throttle', parameters: {}, heldForMs: null, undoTimeoutMs: null }),
});
const policy = defaultPolicy(told.policy);
const walked = new Set<string>();

function machine() {
  const made = {
    nowMs: 0,
    state: told.initial(policy, 0),
    tell(signal: Told | CommonSignal, afterMs = 0): Decided<State> {
      made.nowMs += afterMs;
      const from = made.state.machine.name;
      const decided = told.decide(policy, made.state, signal, made.nowMs);
      made.state = decided.state;
      if (from !== made.state.machine.name) walked.add(`${from} → ${made.state.machine.name}`);
      return decided;
    },
    judge: (level: Judgement['level'], afterMs = 0) => made.tell({ kind: 'judge', level }, afterMs),
    name: () => made.state.machine.name,
  };
  return made;
}

/** A machine that has come to be intervening. */
function intervening() {
  const made = machine();
  made.tell({ kind: 'tick' });
  made.judge('warn');
  made.judge('warn', policy.warnPersistMs);
  assert.equal(made.name(), 'intervening');
  return made;
}

const kinds = ({ receipts }: Decided<State>) => receipts.map(({ kind }) => kind);

test('boot waits for its first tick', () => {
  const made = machine();
  assert.equal(made.judge('refuse').answer.decision, 'postponed');
  assert.equal(made.name(), 'boot');
  made.tell({ kind: 'tick' });
  assert.equal(made.name(), 'stable');
  made.tell({ kind: 'tick' });
  assert.equal(made.name(), 'refusing', 'what was absorbed in boot counts');
});

test('a warning must last without a break; calm must too', () => {
  const made = machine();
  made.tell({ kind: 'tick' });
  made.judge('warn');
  made.judge('ok', policy.warnPersistMs - 1);
  made.judge('warn', 1);
  assert.equal(made.name(), 'warning', 'the break began it anew');
  made.judge('ok');
  made.judge('warn', policy.calmDwellMs - 1);
  made.judge('ok');
  made.judge('ok', policy.calmDwellMs - 1);
  assert.equal(made.name(), 'warning');
  made.judge('ok', 1);
  assert.equal(made.name(), 'stable');
});

test('one action at a time: whatever is said meanwhile is postponed and judged afterwards', () => {
  const made = intervening();
  assert.deepEqual(made.judge('refuse').answer.decision, 'postponed');
  assert.equal(made.tell({ kind: 'action_result', actionId: 7, outcome: 'failed' }).receipts.length, 0, 'somebody else\'s result');
  assert.deepEqual(kinds(made.tell({ kind: 'action_result', actionId: 1, outcome: 'succeeded' })), ['action_result']);
  assert.equal(made.tell({ kind: 'action_result', actionId: 1, outcome: 'failed' }).receipts.length, 0, 'told twice, counted once');
  made.tell({ kind: 'tick' }, policy.interventionDwellMs);
  assert.equal(made.name(), 'stable');
  made.tell({ kind: 'tick' });
  assert.equal(made.name(), 'refusing');
});

test('a failed action and one without a result lead to degraded with two receipts, and calm leads out', () => {
  for (const end of [(made: ReturnType<typeof machine>) => made.tell({ kind: 'action_result', actionId: 1, outcome: 'failed', detail: 'no such node' }),
    (made: ReturnType<typeof machine>) => made.tell({ kind: 'tick' }, policy.actionTimeoutMs)]) {
    const made = intervening();
    assert.deepEqual(kinds(end(made)), ['action_result', 'transition']);
    assert.equal(made.name(), 'degraded');
    assert.equal(made.tell({ kind: 'action_result', actionId: 1, outcome: 'succeeded' }).receipts.length, 0, 'too late');
    made.judge('ok');
    made.judge('ok', policy.recoveryDwellMs);
    assert.equal(made.name(), 'warning');
    made.judge('ok');
    made.judge('ok', policy.calmDwellMs);
    assert.equal(made.name(), 'stable');
  }
});

test('stable, warning and degraded refuse at once; three ways lead back', () => {
  const ways: ((made: ReturnType<typeof machine>) => void)[] = [
    (made) => { made.judge('ok'); made.judge('ok', policy.recoveryDwellMs); },
    (made) => { made.tell({ kind: 'admin_reset', by: 'ada' }); },
  ];
  for (const before of ['stable', 'warning', 'degraded'] as const) {
    for (const way of ways) {
      const made = before === 'degraded' ? intervening() : machine();
      made.tell({ kind: 'tick' });
      if (before === 'warning') made.judge('warn');
      if (before === 'degraded') made.tell({ kind: 'action_result', actionId: 1, outcome: 'failed' });
      made.judge('refuse');
      assert.equal(made.name(), 'refusing', before);
      way(made);
      assert.equal(made.name(), 'stable');
    }
  }
});

test('without the entitlement nothing but the entitlement leads back', () => {
  const made = machine();
  made.tell({ kind: 'tick' });
  made.tell({ kind: 'entitlement', active: false });
  assert.equal(made.name(), 'refusing');
  made.tell({ kind: 'admin_reset', by: 'ada' });
  made.judge('ok', policy.recoveryDwellMs);
  made.judge('ok', policy.recoveryDwellMs);
  assert.equal(made.name(), 'refusing');
  made.tell({ kind: 'entitlement', active: true });
  assert.equal(made.name(), 'stable');
});

test('a machine restored from JSON, in the middle of an action, goes on as if nothing had been', () => {
  const made = intervening();
  const restored = JSON.parse(JSON.stringify(made.state)) as State;
  const result: CommonSignal = { kind: 'action_result', actionId: 1, outcome: 'failed' };
  assert.deepEqual(told.decide(policy, restored, result, made.nowMs), made.tell(result));
});

test('every edge of the table was walked, and the picture has them all', () => {
  const table = machineTable(words);
  assert.deepEqual(table.transitions.map(({ from, to }) => `${from} → ${to}`).filter((edge) => !walked.has(edge)), []);
  assert.ok([...walked].every((edge) => isTransition(table, ...(edge.split(' → ') as [GovernorState, GovernorState]))));
  const picture = mermaidOf(table);
  for (const { from, to } of table.transitions) assert.ok(picture.includes(`  ${from} --> ${to}: `));
  assert.equal(picture.split('\n').length, table.transitions.length + 2);
});

test('the machine\'s own part of a state is as small as it says', () => {
  const full: MachineState = { ...intervening().state.machine, sinceMs: 1e13, warnSinceMs: 1e13, normalSinceMs: 1e13, succeededAtMs: 1e13 };
  assert.ok(JSON.stringify(full).length < 300);
});
