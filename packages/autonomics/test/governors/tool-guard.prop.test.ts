// The tool guard under any interleaving of calls, endings, packs and days.
import assert from 'node:assert/strict';

import type { Random } from '@flyball/kernel';

import { toolGuard } from '../../src/governors/tool-guard.ts';
import type { ToolPolicy } from '../../src/governors/tool-guard/policy.ts';
import type { ToolSignal, ToolState } from '../../src/governors/tool-guard/signals.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';
import { governorProperties, type Signals } from '../governor-properties.ts';

const names = Array.from({ length: 30 }, (_, index) => `tool.${String(index).padStart(2, '0')}.${'x'.repeat(100)}`);
const packs = Array.from({ length: 24 }, (_, index) => `pack-${String(index).padStart(2, '0')}-${'y'.repeat(30)}`);

governorProperties<ToolPolicy, ToolState, ToolSignal>({
  governor: toolGuard,
  policy: randomPolicy,
  signals: (_policy, random) => randomSignals(random),
  check: (_policy, { offenders }) => assert.equal(new Set(offenders.map(({ tool }) => tool)).size, offenders.length),
  requests: ['call'],
  calmStepMs: 60_000,
  calmSteps: 10_000,
});

function randomPolicy(random: Random): ToolPolicy {
  const tools = Object.fromEntries(names.map((name, index) => [name, {
    pack: random.next() < 0.5 ? '' : packs[index % packs.length]!,
    roles: random.next() < 0.5 ? [] : ['operator'],
    preconditions: random.next() < 0.5 ? [] : [{ fact: 'free', is: 'at_least' as const, value: 5 }],
    timeoutMs: random.next() < 0.5 ? null : 1 + random.below(60_000), memoryBytes: null,
  }]));
  return {
    ...defaultPolicy(toolGuard.policy), tools,
    callsPerDayMax: random.next() < 0.5 ? null : 1 + random.below(100),
    exceedWarn: 1 + random.below(4), exceedRefuse: 6 + random.below(40), warnPersistMs: random.pick([0, 3_000]),
  };
}

function randomSignals(random: Random): Signals<ToolState, ToolSignal> {
  const tool = () => (random.next() < 0.03 ? random.pick(['constructor', '', 'nothing']) : random.pick(names));
  return {
    any: (_state, nowMs) => {
      const roll = random.next();
      if (roll < 0.1) return { kind: 'pack', pack: random.pick(packs), active: random.next() < 0.8 };
      if (roll < 0.4) return { kind: 'call_ended', tool: random.next() < 0.4 ? names[0]! : tool(), outcome: random.pick(['completed', 'failed', 'timeout', 'memory'] as const) };
      const deadline = random.next() < 0.3 ? { deadlineMs: nowMs + random.below(1_000) - 200 } : {};
      return { kind: 'call', tool: tool(), roles: random.pick([[], ['operator'], ['viewer']]), facts: random.pick([{}, { free: 3 }, { free: 9 }, { free: true }]), ...deadline };
    },
    calm: () => ({ kind: 'call_ended', tool: names[1]!, outcome: 'completed' }),
  };
}
