// Where a request goes whose session is not in the process that got it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LivePeer, PeerRole } from '@flyball/release';
import { isDraining, others, part, placeOf, setPeers, whenAlone, whereSessionMayBe } from '../../src/shard/peers.ts';

function peer(shard: number, generation: number, role: PeerRole = 'current'): LivePeer {
  return { shard, generation, role, distribution: `s${shard}g${generation}.dist.sock`, http: `s${shard}g${generation}.http.sock` };
}

const here = { shard: 0, generation: 1 };

test('a session of another shard is in that shard\'s current process, whatever else of it lives', () => {
  assert.equal(placeOf(here, 1, [peer(0, 1), peer(1, 2, 'draining'), peer(1, 3)], undefined)?.generation, 3);
  assert.equal(placeOf(here, 1, [peer(0, 1), peer(1, 2), peer(1, 3, 'starting')], undefined)?.generation, 2);
  assert.equal(placeOf(here, 1, [peer(0, 1), peer(1, 3, 'starting')], undefined)?.generation, 3);
  assert.equal(placeOf(here, 2, [peer(0, 1), peer(1, 2)], undefined), undefined);
});

test('a session of this shard that is not here does not exist, unless a hand-over is under way', () => {
  assert.equal(placeOf(here, 0, [peer(0, 1), peer(1, 2)], undefined), undefined);
});

test('the successor serves before its predecessor is told: what is not here may have begun there', () => {
  assert.equal(placeOf(here, 0, [peer(0, 1), peer(0, 2, 'starting')], undefined)?.generation, 2);
});

test('what has not moved yet is at the predecessor', () => {
  assert.equal(placeOf({ shard: 0, generation: 2 }, 0, [peer(0, 1, 'draining'), peer(0, 2)], undefined)?.generation, 1);
});

test('what has moved is at the successor', () => {
  assert.equal(placeOf(here, 0, [peer(0, 1, 'draining'), peer(0, 2)], peer(0, 2))?.generation, 2);
});

test('a process that said farewell is asked for nothing, until its name is gone from the list too', () => {
  const second = { shard: 0, generation: 2 };
  setPeers([peer(0, 1, 'draining'), peer(0, 2)]);
  assert.equal(whereSessionMayBe(second, 0)?.generation, 1);
  part('s0g1.http.sock');
  assert.equal(whereSessionMayBe(second, 0), undefined);
  setPeers([peer(0, 2)]);
  assert.equal(whereSessionMayBe(second, 0), undefined);
});

test('whoever waits to be the last one is told when it is, or after its patience', async () => {
  setPeers([peer(0, 1, 'draining'), peer(0, 3), peer(1, 2)]);
  assert.deepEqual(others(here).map(({ generation }) => generation), [3, 2]);
  assert.deepEqual([isDraining(here), isDraining({ shard: 0, generation: 3 })], [true, false]);
  let isAlone = false;
  const alone = whenAlone(here, 60_000).then(() => {
    isAlone = true;
  });
  setPeers([peer(0, 1), peer(1, 2)]);
  await new Promise(setImmediate);
  assert.equal(isAlone, false);
  await whenAlone(here, 1);
  setPeers([peer(0, 1)]);
  await alone;
  await whenAlone(here, 60_000);
});
