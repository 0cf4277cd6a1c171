import assert from 'node:assert/strict';
import { test } from 'node:test';

import { costGuard } from '../../src/governors/cost-guard.ts';
import { toolGuard } from '../../src/governors/tool-guard.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { problemText, readPolicy } from '../../src/policy/read-policy.ts';
import { policyReference } from '../../src/policy/reference.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';

const schemas = [costGuard.policy, toolGuard.policy] as const;

function problems(input: unknown): string[] {
  const reading = readPolicy(costGuard.policy, input);
  return reading.ok ? [] : reading.problems.map((one) => problemText(costGuard.policy, one));
}

test('an empty policy is the defaults, and the defaults are a right policy', () => {
  for (const schema of schemas) {
    assert.deepEqual(readPolicy(schema as typeof costGuard.policy, {}), { ok: true, policy: defaultPolicy(schema as typeof costGuard.policy) });
    assert.ok(readPolicy(schema as typeof costGuard.policy, defaultPolicy(schema as typeof costGuard.policy)).ok);
  }
});

test('a wrong policy is refused with the field, the range and what was given', () => {
  assert.deepEqual(problems({ reservationTtlMs: 999 }), ['policy of cost_guard: reservationTtlMs must be an integer from 1000 to 86400000 ms, not 999']);
  assert.deepEqual(problems({ reservationTtlMs: 1_000.5 }), ['policy of cost_guard: reservationTtlMs must be an integer from 1000 to 86400000 ms, not 1000.5']);
  assert.deepEqual(problems({ tripPct: Number.NaN }), ['policy of cost_guard: tripPct must be a number from 50 to 100 %, not NaN']);
  assert.deepEqual(problems({ currency: 'usd' }), ['policy of cost_guard: currency must match ^[A-Z]{3}$, not "usd"']);
  assert.deepEqual(problems({ action: 'explode' }), ['policy of cost_guard: action must be one of throttle, scale, pause, notify, not "explode"']);
  assert.deepEqual(problems({ stages: [{ budget: 'day', burn: 0.5, longMs: 60_000, shortMs: 1_000 }] }), ['policy of cost_guard: stages[0].burn must be a number from 1 to 1000 ×, not 0.5']);
  assert.deepEqual(problems({ pricesMicroPerMillion: { gpt: -1 } }), ['policy of cost_guard: pricesMicroPerMillion.gpt must be an integer from 0 to 1000000000000000 micro-units a million units, not -1']);
  assert.deepEqual(problems([]), ['policy of cost_guard: it must be an object, not a list of 0']);
  assert.match(problems({ dayMicro: 5 })[0]!, /^policy of cost_guard: dayMicro is unknown; there are currency, /);
});

test('all that is wrong is said at once; what is wrong between fields only when each is right', () => {
  assert.equal(problems({ reservationTtlMs: 0, tripPct: 101, action: 1 }).length, 3);
  const limitless = { budgets: { hourMicro: null, dayMicro: null, monthMicro: null, totalMicro: null } };
  assert.deepEqual(problems(limitless), ['policy of cost_guard: budgets must limit at least one of hourMicro, dayMicro, monthMicro, totalMicro']);
  assert.deepEqual(problems({ stages: [{ budget: 'day', burn: 2, longMs: 60_000, shortMs: 60_000 }] }), ['policy of cost_guard: stages[0].shortMs must be less than longMs (60000 ms), not 60000']);
});

test('a name that every object has is no field and no price', () => {
  assert.equal(problems(JSON.parse('{"constructor": 1}')).length, 1);
  assert.equal(problems(JSON.parse('{"__proto__": {"tripPct": 0}}')).length, 1);
});

test('JSON Schema and reference have every field, with unit, range and default', () => {
  for (const schema of schemas) {
    const { properties } = policyJsonSchema(schema as typeof costGuard.policy) as { properties: Record<string, unknown> };
    assert.deepEqual(Object.keys(properties), Object.keys(schema.fields));
    const rows = policyReference(schema as typeof costGuard.policy).split('\n').filter((row) => !row.startsWith('|---'));
    assert.ok(rows.every((row) => row.split(' | ').length === 5), 'five columns');
  }
  assert.deepEqual((policyJsonSchema(costGuard.policy) as { properties: Record<string, object> }).properties['tripPct'], {
    type: 'number', minimum: 50, maximum: 100, default: 99.9, description: 'Spent this much of a budget, the guard refuses everything until the next period. (%)',
  });
  assert.ok(policyReference(costGuard.policy).includes('| `reservationTtlMs` | ms | 1,000 … 86,400,000 | 600,000 | A reservation without a settlement for this long is charged in full. |'));
});
