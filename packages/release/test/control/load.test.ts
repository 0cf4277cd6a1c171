import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeartError, type LoadedApplication } from '@flyball/release';
import { loadEverywhere, type LoadTarget } from '../../src/control/load.ts';

/** Two shards that answer as told; every call is written down. */
function target(answer: (generation: number, method: string) => unknown): LoadTarget & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    allCurrent: () => [{ shard: 0, generation: 1 }, { shard: 1, generation: 2 }],
    exclusively: (load) => load(),
    recordLoad: ({ application }, taken) => void calls.push(`record ${application} ${[...taken].join()}`),
    replace: (generation) => void calls.push(`replace ${generation}`),
    request: async (generation, method) => {
      calls.push(`${method} ${generation}`);
      return answer(generation, method);
    },
  };
}

const VERSION: LoadedApplication = { application: 'shop', directory: '/v2', version: '2' };
const fail = (code: string): never => {
  throw new HeartError(code, `failed with ${code}`);
};

test('all can: prepared everywhere before any swaps, then recorded', async () => {
  const heart = target((generation, method) => `${method} by ${generation}`);
  const result = await loadEverywhere(heart, VERSION);
  assert.deepEqual(heart.calls, ['load-prepare 1', 'load-prepare 2', 'load-commit 1', 'load-commit 2', 'record shop 1,2']);
  assert.deepEqual(result.shards[1], { shard: 1, changes: 'load-prepare by 2', report: 'load-commit by 2' });
});

test('one cannot prepare: all are told to forget it, none swaps', async () => {
  const heart = target((generation, method) => (method === 'load-prepare' && generation === 2 ? fail('compile-failed') : {}));
  await assert.rejects(loadEverywhere(heart, VERSION), { code: 'load-failed', message: 'Nothing was changed. shard 1: failed with compile-failed (compile-failed)' });
  assert.deepEqual(heart.calls, ['load-prepare 1', 'load-prepare 2', 'load-abort 1', 'load-abort 2']);
});

test('one cannot commit: recorded with those that did, which makes heart restart the other', async () => {
  const heart = target((generation, method) => (method === 'load-commit' && generation === 1 ? fail('code-change-failed') : {}));
  const result = await loadEverywhere(heart, VERSION);
  assert.equal(heart.calls.at(-1), 'record shop 2');
  assert.deepEqual(result.shards[0]?.restarted, { code: 'code-change-failed', message: 'failed with code-change-failed' });
});

test('none commits: nothing is recorded; one that gave no answer is restarted, since it may have swapped', async () => {
  const heart = target((generation, method) => (method === 'load-commit' ? fail(generation === 1 ? 'shard-timeout' : 'code-change-failed') : {}));
  await assert.rejects(loadEverywhere(heart, VERSION), { code: 'load-failed' });
  assert.deepEqual(heart.calls.slice(4), ['replace 1']);
});
