// The backlog valve under any interleaving of requests, takings, samples and senseless measurements.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, seededRandom, type Random } from '@flyball/kernel';

import type { Priority } from '../../src/control/admission-control.ts';
import { backlogValve, type BacklogValveState } from '../../src/governors/backlog-valve.ts';
import type { BacklogValvePolicy } from '../../src/governors/backlog-valve-policy.ts';
import type { BacklogValveSignal } from '../../src/governors/backlog-valve-signals.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';
import { readPolicy } from '../../src/policy/read-policy.ts';
import { governorProperties, type Signals } from '../governor-properties.ts';

const creditMax = 8;
const seed = Number(process.env['FLYBALL_SEED'] ?? freshSeed());

governorProperties<BacklogValvePolicy, BacklogValveState, BacklogValveSignal>({
  governor: backlogValve,
  policy: randomPolicy,
  signals: (policy, random) => randomSignals(policy, random),
  check: ({ deadlineMs }, { shedding, queue, shareMean, holdMs }) => {
    assert.ok(shedding.credit >= 0 && shedding.credit <= creditMax, `credit ${shedding.credit}`);
    for (const due of shedding.due) assert.ok(due >= -1 && due <= 1, `due ${due}`);
    assert.ok(Math.abs(shedding.mix.reduce((sum, share) => sum + share, 0) - 1) < 1e-9, `mix ${shedding.mix}`);
    assert.ok(shareMean >= 0 && shareMean <= 1 + 1e-9, `mean share ${shareMean}`);
    assert.ok(queue.waitMs >= 0 && queue.gapMs >= 0 && holdMs <= 960_000 && deadlineMs > 0);
  },
  requests: ['request'],
  calmSteps: 12_000,
});

function randomPolicy(random: Random): BacklogValvePolicy {
  const policy: BacklogValvePolicy = {
    ...defaultPolicy(backlogValve.policy),
    shedPctMax: random.pick([1, 30, 50, 50, 100]),
    refuseAfterMs: random.pick([0, 1_000, 10_000]),
    priorityGapMs: random.pick([0, 8, 15]),
    intervalMs: random.pick([10, 600, 5_000]),
    warnPersistMs: random.pick([0, 2_000]),
    depthWarn: random.pick([100, 100_000]),
    action: random.pick(['scale', 'shed', 'notify'] as const),
  };
  assert.ok(readPolicy(backlogValve.policy, policy).ok, 'the random policy is one that an operator could write');
  return policy;
}

function randomSignals(policy: BacklogValvePolicy, random: Random): Signals<BacklogValveState, BacklogValveSignal> {
  const bound = { offered: 0, shed: 0, limited: false };
  let depth = 0;
  const seen = () => {
    depth = Math.max(0, depth + random.below(21) - 9);
    const senseless = random.pick([-1, NaN, Infinity, 1e15]);
    return {
      ...(random.next() < 0.9 ? { depth: random.next() < 0.02 ? senseless : depth } : {}),
      ...(random.next() < 0.5 ? { headWaitMs: random.next() < 0.02 ? senseless : depth * 5 } : {}),
    };
  };
  return {
    any: ({ machine }) => {
      if (machine.name === 'refusing' || !bound.limited) Object.assign(bound, { offered: 0, shed: 0, limited: machine.name !== 'refusing' });
      const roll = random.next();
      if (roll < 0.6) return { kind: 'request', priority: (random.next() < 0.01 ? 9 : random.below(5)) as Priority, ...seen() };
      return roll < 0.9 ? { kind: 'taken', waitedMs: random.below(600), ...seen() } : { kind: 'backlog', ...seen() };
    },
    calm: () => {
      depth = 0;
      return { kind: 'backlog', depth: 0, headWaitMs: 0 };
    },
    heard: (signal, { decision }) => {
      if (signal.kind !== 'request' || decision === 'refuse') return;
      bound.offered += 1;
      if (decision === 'shed') bound.shed += 1;
      if (bound.limited) assert.ok(bound.shed <= (bound.offered * policy.shedPctMax) / 100 + creditMax, `${bound.shed} of ${bound.offered} shed, limit ${policy.shedPctMax} %`);
    },
  };
}

test(`a request is shed only where each lower priority would have been, seed ${seed}`, () => {
  let compared = 0;
  for (let run = 0; run < 40; run += 1) {
    const random = seededRandom(seed + run);
    const policy = { ...randomPolicy(random), staleAfterMs: 60_000 };
    const mix = ([0, 1, 2, 3, 4] as const).flatMap((priority): Priority[] => Array.from({ length: random.below(6) }, () => priority)).concat(0);
    let state = backlogValve.decide(policy, backlogValve.initial(policy, 0), { kind: 'tick' }, 0).state;
    let depth = 0;
    let nowMs = 0;
    for (let step = 0; step < 2_000; step += 1) {
      nowMs += random.below(6);
      depth = Math.max(0, Math.min(60, depth + random.below(7) - 3));
      if (random.next() < 0.4) state = backlogValve.decide(policy, state, { kind: 'taken', waitedMs: depth * 5, depth }, nowMs).state;
      const priority = random.pick(mix);
      const decided = backlogValve.decide(policy, state, { kind: 'request', priority, depth }, nowMs);
      if (decided.answer.decision === 'shed') {
        for (let lower = priority + 1; lower < 5; lower += 1) {
          const instead = backlogValve.decide(policy, state, { kind: 'request', priority: lower as Priority, depth }, nowMs);
          assert.equal(instead.answer.decision, 'shed', `run ${run}, step ${step}: priority ${priority} is shed, ${lower} would be let in`);
          compared += 1;
        }
      }
      state = decided.state;
    }
  }
  assert.ok(compared > 1_000, `only ${compared} comparisons: the runs shed too little to prove anything`);
});
