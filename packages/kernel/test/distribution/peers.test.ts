import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PidClass } from '@flyball/kernel';
import { checkPeers, currentPeers, refusalOf, routeTo, type DistributionPeer } from '../../src/distribution/peers.ts';

const self = { node: 'a@b', shard: 0, creation: 4 };
const peer = (shard: number, creation: number, role?: DistributionPeer['role']): DistributionPeer => ({ shard, creation, path: `${shard}.${creation}`, ...(role !== undefined && { role }) });
const pid = (shard: number, creation: number, node = 'a@b') => new PidClass(node, shard, creation, 9);
const nobody = () => false;

test('a pid goes to its very incarnation', () => {
  const peers = [peer(1, 2, 'draining'), peer(1, 7), peer(2, 3)];
  assert.deepEqual(routeTo(pid(1, 2), self, peers, nobody), { peer: peers[0] });
  assert.deepEqual(routeTo(pid(1, 7), self, peers, nobody), { peer: peers[1] });
  assert.deepEqual(routeTo(pid(1, 5), self, peers, nobody), { unreachable: 'noproc' }, 'replaced');
  assert.deepEqual(routeTo(pid(0, 3), self, peers, nobody), { unreachable: 'noproc' }, 'an earlier one of this shard');
  assert.deepEqual(routeTo(pid(1, 8), self, peers, nobody), { unreachable: 'noconnection' }, 'newer than what is known');
  assert.deepEqual(routeTo(pid(3, 1), self, peers, nobody), { unreachable: 'noconnection' });
  assert.deepEqual(routeTo(pid(1, 7, 'c@d'), self, peers, nobody), { unreachable: 'noconnection' }, 'of another node');
});

test('an incarnation that connected before the list named it is reached', () => {
  assert.deepEqual(routeTo(pid(1, 8), self, [peer(1, 7)], ({ creation }) => creation === 8), { peer: pid(1, 8) });
});

test('a name goes to the current incarnation, else to the newest', () => {
  const named = { shard: 1, name: 'x' };
  const starting = peer(1, 9, 'starting');
  const current = peer(1, 7, 'current');
  assert.deepEqual(routeTo(named, self, [starting, current, peer(1, 2, 'draining')], nobody), { peer: current });
  assert.deepEqual(routeTo(named, self, [peer(1, 2, 'draining'), starting], nobody), { peer: starting });
  assert.deepEqual(routeTo(named, self, [peer(2, 1)], nobody), { unreachable: 'noconnection' });
});

test('names are looked for in one current incarnation a shard, lowest shard first', () => {
  const found = currentPeers([peer(3, 1), peer(1, 2, 'draining'), peer(1, 7, 'current'), peer(2, 3, 'starting')]);
  assert.deepEqual(found.map(({ path }) => path), ['1.7', '3.1']);
});

test('who says hello is let in if it is a shard of this node that looks for this one', () => {
  const hello = { protocol: 1, node: 'a@b', shard: 1, creation: 7, path: 'p', to: { shard: 0, creation: 4 } };
  const peers = [peer(1, 7), peer(2, 5)];
  const refusal = (change: Partial<typeof hello>) => refusalOf({ ...hello, ...change }, self, peers);
  assert.equal(refusal({}), undefined);
  assert.equal(refusal({ creation: 8 }), undefined, 'newer than what is known');
  assert.equal(refusal({ shard: 5 }), undefined, 'not known yet');
  assert.match(refusal({ protocol: 2 })!, /protocol 2, this shard speaks 1/);
  assert.match(refusal({ node: 'c@d' })!, /node c@d/);
  assert.match(refusal({ to: { shard: 0, creation: 3 } })!, /looks for shard 0\.3, this is 0\.4/);
  assert.match(refusal({ shard: 0, creation: 4 })!, /says that it is this shard/);
  assert.match(refusal({ creation: 6 })!, /1\.6 was replaced/);
});

test('a list that is none is refused', () => {
  for (const list of [undefined, {}, [undefined], [{ shard: 1 }], [{ shard: 1, creation: 2 }]]) {
    assert.throws(() => checkPeers(list as never), { code: 'bad-message' }, JSON.stringify(list));
  }
});
