import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CommonSignal } from '../../src/governor/governor.ts';
import { toolGuard } from '../../src/governors/tool-guard.ts';
import type { ToolPolicy } from '../../src/governors/tool-guard/policy.ts';
import type { ToolAnswer, ToolSignal, ToolState } from '../../src/governors/tool-guard/signals.ts';
import { readPolicy } from '../../src/policy/read-policy.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const call = (tool: string, given: Partial<ToolSignal & { kind: 'call' }> = {}) => ({ kind: 'call', tool, roles: [], facts: {}, ...given }) as const;

function guard(given: object = {}) {
  const reading = readPolicy(toolGuard.policy, {
    tools: {
      free: {},
      apply: { pack: 'billing', roles: ['operator', 'admin'], preconditions: [{ fact: 'drained' }, { fact: 'nodes', is: 'at_least', value: 3 }], timeoutMs: 5_000 },
    },
    ...given,
  });
  assert.ok(reading.ok, JSON.stringify(reading));
  const made = {
    policy: reading.policy as ToolPolicy,
    nowMs: noon,
    state: toolGuard.initial(reading.policy, noon) as ToolState,
    tell(signal: ToolSignal | CommonSignal) {
      const decided = toolGuard.decide(made.policy, made.state, signal, made.nowMs);
      made.state = decided.state;
      return decided;
    },
    ask: (signal: ToolSignal) => made.tell(signal).answer as ToolAnswer,
  };
  made.tell({ kind: 'tick' });
  return made;
}

test('entitlement, then role, then preconditions: the first that refuses answers, the others are not asked', () => {
  const made = guard();
  // Reads of the facts tell that the preconditions were asked.
  let asked = 0;
  const facts = new Proxy({ drained: true, nodes: 3 }, { getOwnPropertyDescriptor: (target, name) => { asked += 1; return Reflect.getOwnPropertyDescriptor(target, name); } });
  const gates = (given: object) => { const { gate, reason } = made.ask(call('apply', given)); return [gate, reason]; };
  assert.deepEqual(gates({ facts }), ['entitlement', 'apply is in the pack billing, which is not active']);
  made.tell({ kind: 'pack', pack: 'billing', active: true });
  assert.deepEqual(gates({ facts, roles: ['viewer'] }), ['role', 'apply needs the role operator or admin; the caller has viewer']);
  assert.equal(asked, 0);
  assert.deepEqual(gates({ facts: { nodes: 3 }, roles: ['admin'] }), ['precondition', 'apply needs drained to be true; it is not known']);
  assert.deepEqual(gates({ facts: { drained: true, nodes: 2 }, roles: ['admin'] }), ['precondition', 'apply needs nodes to be at least 3; it is 2']);
  assert.deepEqual(gates({ facts, roles: ['admin'] }), [null, '']);
  assert.ok(asked > 0);
});

test('a refusal leaves one receipt with its gate\'s reason, and no transition', () => {
  const { receipts, state } = guard().tell(call('nothing'));
  assert.deepEqual(receipts.map(({ kind, decision, reason }) => [kind, decision, reason]), [['refusal', 'unknown_tool', 'there is no tool nothing']]);
  assert.equal(state.machine.name, 'stable');
});

test('limits are data: the tool\'s own, else the common ones, never beyond the caller\'s deadline', () => {
  const made = guard();
  made.tell({ kind: 'pack', pack: 'billing', active: true });
  const granted = { roles: ['admin'], facts: { drained: true, nodes: 9 } };
  assert.deepEqual(made.ask(call('free')).limits, { timeoutMs: 30_000, memoryBytes: 536_870_912 });
  assert.equal(made.ask(call('apply', granted)).limits?.timeoutMs, 5_000);
  assert.equal(made.ask(call('apply', { ...granted, deadlineMs: noon + 700 })).limits?.timeoutMs, 700);
  assert.equal(made.ask(call('free', { deadlineMs: noon })).code, 'deadline_passed');
});

test('a tool that exceeds its limits is paused, alone, until the intervention is over', () => {
  const made = guard();
  for (let index = 0; index < 3; index += 1) made.tell({ kind: 'call_ended', tool: 'free', outcome: 'timeout' });
  made.nowMs += 3_000;
  const { actions } = made.tell({ kind: 'tick' });
  assert.deepEqual(actions.map(({ kind, parameters, reason }) => [kind, parameters['tool'], reason]), [['pause', 'free', 'free went beyond its limit of time 3 times within 300 s; threshold 3']]);
  assert.equal(made.ask(call('free')).code, 'tool_paused');
  made.tell({ kind: 'pack', pack: 'billing', active: true });
  assert.equal(made.ask(call('apply', { roles: ['admin'], facts: { drained: true, nodes: 3 } })).decision, 'ok');
  made.tell({ kind: 'action_result', actionId: 1, outcome: 'succeeded' });
  assert.equal(made.ask(call('free')).code, 'tool_paused');
  made.nowMs += made.policy.interventionDwellMs;
  made.tell({ kind: 'tick' });
  assert.equal(made.ask(call('free')).decision, 'ok');
});

test('a tool that goes on hanging is paused twice as long each time, and forgiven when it keeps its limits', () => {
  const made = guard();
  const pauses: number[] = [];
  const longestMs = 9 * made.policy.interventionDwellMs;
  for (let round = 0; round < 4; round += 1) {
    for (let index = 0; index < 3; index += 1) made.tell({ kind: 'call_ended', tool: 'free', outcome: 'memory' });
    made.nowMs += made.policy.warnPersistMs;
    const actionId = made.tell({ kind: 'tick' }).actions[0]!.id;
    made.tell({ kind: 'action_result', actionId, outcome: 'succeeded' });
    const fromMs = made.nowMs;
    while (made.ask(call('free')).decision === 'refuse') {
      made.nowMs += 1_000;
      assert.ok(made.nowMs - fromMs <= longestMs);
    }
    pauses.push((made.nowMs - fromMs) / made.policy.interventionDwellMs);
  }
  assert.deepEqual(pauses.map(Math.round), [1, 2, 4, 8]);
  made.nowMs += made.policy.exceedWindowMs;
  assert.equal(made.tell({ kind: 'tick' }).state.offenders.length, 0);
});

test('the quota of the day refuses everything, and midnight brings it back', () => {
  const made = guard({ callsPerDayMax: 2 });
  made.ask(call('free'));
  made.ask(call('free'));
  assert.deepEqual([made.ask(call('free')).code, made.state.machine.name], ['quota_day', 'refusing']);
  made.nowMs = noon + 12 * 3_600_000;
  made.tell({ kind: 'tick' });
  made.nowMs += made.policy.recoveryDwellMs;
  made.tell({ kind: 'tick' });
  assert.equal(made.ask(call('free')).decision, 'ok');
});

test('not entitled: refused by the first gate; entitled again: at once', () => {
  const made = guard();
  made.tell({ kind: 'entitlement', active: false });
  assert.deepEqual([made.ask(call('free')).gate, made.state.machine.name], ['entitlement', 'refusing']);
  made.tell({ kind: 'entitlement', active: true });
  assert.equal(made.ask(call('free')).decision, 'ok');
});
