import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeartError, type ChangeToRecord } from '@flyball/release';
import { changeOf, recorded, type RecordingHeart } from '../../src/control/recorded-changes.ts';

/** Two shards; `answer` is theirs to a record. */
function heart(answer: (generation: number, change: ChangeToRecord) => unknown): RecordingHeart & { readonly told: string[]; readonly done: string[] } {
  const told: string[] = [];
  const done: string[] = [];
  return {
    told,
    done,
    serving: () => [{ shard: 0, generation: 1 }, { shard: 1, generation: 2 }],
    request: async (generation, method, params) => {
      const change = params as ChangeToRecord;
      const result = answer(generation, change);
      done.push(`${method} ${change.event}${change.decision === undefined ? '' : ` ${change.decision}`} by ${generation}`);
      return result;
    },
    log: (severity, text) => void told.push(`${severity} ${text}`),
  };
}

const kept = (): unknown => ({ id: 'x' });
const fail = (code: string): never => {
  throw new HeartError(code, `failed with ${code}`);
};
const change = changeOf('load', { application: 'shop', directory: '/v2', version: undefined })!;

test('what changes the node has a kind of receipt, what only looks has none', () => {
  assert.deepEqual(change, { kind: 'upgrade', event: 'load', action: { application: 'shop', directory: '/v2' } });
  assert.deepEqual(changeOf('call', { target: 'visits', name: 'add', body: { secret: 1 } }), { kind: 'override', event: 'call', action: { target: 'visits', name: 'add' } }, 'not what it is called with');
  assert.deepEqual(changeOf('ledger', { what: 'prune', argument: 256 }), { kind: 'system', event: 'ledger-prune', action: { what: 'prune', argument: 256 } });
  assert.deepEqual(['hand-over', 'kill', 'stop'].map((method) => changeOf(method, {})?.kind), ['deployment', 'override', 'system']);
  for (const method of ['status', 'tree', 'peers']) assert.equal(changeOf(method, {}), undefined);
  for (const what of ['status', 'keys', 'publish', 'cosign', 'constructor']) assert.equal(changeOf('ledger', { what }), undefined, what);
});

test('recorded, then done, then its outcome recorded', async () => {
  const target = heart(kept);
  assert.equal(await recorded(target, change, async () => target.done.push('done')), 2);
  assert.deepEqual(target.done, ['record load by 1', 'done', 'record load-result done by 1']);
  await assert.rejects(recorded(target, change, async () => fail('load-failed')), { code: 'load-failed' });
  assert.equal(target.done.at(-1), 'record load-result failed by 1');
});

test('without its receipt nothing is done, and it says why', async () => {
  const target = heart(() => fail('ledger-unavailable'));
  await assert.rejects(recorded(target, change, async () => assert.fail('done')), { code: 'not-recorded', message: 'Not done: this node records what operators change, and no receipt of "load" could be left: failed with ledger-unavailable (ledger-unavailable).' });
  await assert.rejects(recorded(target, { kind: 'system', event: 'stop' }, async () => assert.fail('done')), { code: 'not-recorded', message: new RegExp(`kill ${process.pid}$`) });
  const empty: RecordingHeart = { ...target, serving: () => [] };
  await assert.rejects(recorded(empty, change, async () => assert.fail('done')), { code: 'not-recorded', message: /no shard serves now/ });
});

test('a shard that ends meanwhile: the next one is asked, for the same receipt', async () => {
  const numbers: number[] = [];
  const target = heart((generation, { number }) => {
    numbers.push(number);
    return generation === 1 ? fail('shard-gone') : kept();
  });
  await recorded(target, { kind: 'system', event: 'stop' }, async () => target.done.push('done'));
  assert.deepEqual(target.done, ['record stop by 2', 'done'], 'a stop has no outcome: nobody is left to record it');
  assert.equal(new Set(numbers).size, 1);
});

test('an outcome that cannot be recorded is told: what was done is done', async () => {
  const target = heart((_, { decision }) => (decision === undefined ? kept() : fail('ledger-unavailable')));
  assert.equal(await recorded(target, change, async () => 'result'), 'result');
  assert.match(target.told[0]!, /^error the outcome of change \d+ \(load-result: done\) could not be recorded: failed with ledger-unavailable$/);
});
