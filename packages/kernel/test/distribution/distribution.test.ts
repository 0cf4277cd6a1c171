import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, cast, distribution, exit, formatPid, isPid, monitorWith, named, PidClass, processTable, samePid, send, telemetryEvent, type Down, type Pid } from '@flyball/kernel';
import type { DeskProtocol } from './fixtures/shard.ts';
import { desk, openInbox, Shards, status, statusOf } from './shard-children.ts';

const shards = new Shards();
const ups: number[] = [];
telemetryEvent<{ shard: number }>('distribution.peer.up').subscribe(({ shard }) => ups.push(shard));

before(async () => {
  await shards.startSelf();
  await shards.start(1, 1, { names: ['desk', 'only-1', 'both'] });
  await shards.start(2, 1, { names: ['desk', 'both', 'only-2'] });
});
after(() => shards.stop());

const deskPid = async (shard: number): Promise<Pid<DeskProtocol>> => await call(desk(shard), 'pid') as Pid<DeskProtocol>;
const workerIn = async (shard: number): Promise<Pid> => {
  const { node, shard: of, creation, serial } = await call(desk(shard), 'loneWorker');
  return new PidClass(node, of, creation, serial);
};
const downOf = (pid: Pid): Promise<Down> => new Promise((resolve) => monitorWith(pid, resolve));

test('connections are made at the first use, and told', async () => {
  assert.deepEqual([ups, (await status()).links], [[], []]);
  await call(desk(1), 'echo', 1);
  assert.deepEqual(ups, [1]);
});

test('calls reach a process by name and shard, and by pid, with plain data both ways', async () => {
  const pid = await deskPid(1);
  assert.ok(isPid(pid));
  assert.equal(pid.shard, 1);
  const value = { text: 'größer 漢字', list: [1, undefined, 2n], map: new Map([['a', new Set([1])]]), bytes: new Uint8Array([1, 2, 3]), at: new Date(5), pid };
  assert.deepEqual(await call(desk(1), 'echo', value), value);
  assert.deepEqual(await call(pid, 'echo', value), value);
  assert.equal(await call(named<typeof import('./fixtures/shard.ts').deskBehaviour>('desk', 2), 'echo', 7), 7);
});

test('a name without a shard, or of this shard, is looked for here', async () => {
  await assert.rejects(call(named<typeof import('./fixtures/shard.ts').deskBehaviour>('desk'), 'echo', 7), { code: 'noproc' });
  await assert.rejects(call(desk(0), 'echo', 7), { code: 'noproc' });
});

test('casts and messages arrive in order, by name and by pid', async () => {
  await call(desk(1), 'forget');
  const pid = await deskPid(1);
  for (let at = 0; at < 500; at += 1) {
    if (at % 2 === 0) cast(desk(1), 'note', at);
    else send(pid, at);
  }
  assert.deepEqual(await call(desk(1), 'notes'), Array.from({ length: 500 }, (_none, at) => at));
  await call(desk(1), 'forget');
});

test('what a process sent before its answer, and before its death, arrives before them', async () => {
  const inbox = await openInbox();
  await call(desk(1), 'burst', { to: inbox.pid, count: 300 });
  assert.equal(inbox.waiting.length, 300);
  inbox.waiting.length = 0;
  const pid = await deskPid(2);
  await call(inbox.pid, 'monitor', pid);
  cast(desk(2), 'tellAndEnd', { to: inbox.pid, count: 300 });
  for (let at = 0; at < 300; at += 1) assert.equal(await inbox.next(), at);
  const down = await inbox.next() as Down;
  assert.deepEqual([down.type, down.reason, samePid(down.pid, pid)], ['DOWN', { shutdown: 'told' }, true]);
  exit(inbox.pid, 'kill');
});

test('one shard asks another, and both begin at the same moment', async () => {
  const ask = (from: number, to: number) => call(desk(from, 'both'), 'ask', { target: { name: from === 1 ? 'only-2' : 'only-1', shard: to }, name: 'echo', body: from });
  assert.deepEqual(await Promise.all([ask(1, 2), ask(2, 1), ask(1, 2), ask(2, 1)]), [1, 2, 1, 2]);
});

test('failures keep their code, message and reason', async () => {
  const dead = await workerIn(1);
  exit(dead, 'kill');
  await downOf(dead);
  await assert.rejects(call(dead as never, 'echo'), { name: 'KernelError', code: 'noproc', message: `call "echo": ${formatPid(dead)} is not alive` });
  await assert.rejects(call(desk(1, 'nobody'), 'echo', 1), { code: 'noproc', message: /"nobody" in shard 1/ });
  await assert.rejects(call(desk(9), 'echo', 1), { code: 'noconnection', message: /"desk" in shard 9/ });
  await assert.rejects(call(desk(1) as never, 'none'), { code: 'bad-call', message: /has no call "none"/ });
  await assert.rejects(call(desk(1, 'only-1'), 'crash'), ({ code, reason }: { code: string; reason: { error: { name: string; message: string } } }) => {
    assert.deepEqual([code, reason.error.name, reason.error.message], ['exited', 'TypeError', 'as asked']);
    return true;
  });
});

test('what cannot be sent is refused to who sends it, and the connection stays', async () => {
  const tooLarge = new Uint8Array(64 * 1024 * 1024);
  const dropped: { name: string; reason: string; shard: number }[] = [];
  const stop = telemetryEvent<typeof dropped[0]>('distribution.message.dropped').subscribe((data) => dropped.push(data));
  await assert.rejects(call(desk(1), 'echo', () => {}), { code: 'bad-message', message: /call "echo" to a process named "desk" in shard 1: .*plain data/ });
  await assert.rejects(call(desk(1), 'echo', tooLarge), { code: 'bad-message', message: /67108864 are the most/ });
  await assert.rejects(call(desk(1), 'unsendable'), { code: 'bad-message', message: /handled, its answer not/ });
  await assert.rejects(call(desk(1), 'bytes', tooLarge.length, { timeoutMs: 20_000 }), { code: 'bad-message', message: /67108864 are the most/ });
  cast(desk(1), 'note', tooLarge);
  send(desk(1), () => {});
  stop();
  assert.deepEqual(dropped.map(({ name, reason, shard }) => [name, reason, shard]), [['note', 'bad-message', 1], ['', 'bad-message', 1]]);
  assert.equal((await call(desk(1), 'bytes', 16_000_000, { timeoutMs: 20_000 })).length, 16_000_000);
  assert.deepEqual(ups.filter((shard) => shard === 1), [1]);
});

test('a call without an answer in time fails; its late answer is dropped', async () => {
  const late = call(desk(1), 'block', Date.now() + 150, { timeoutMs: 20 });
  await assert.rejects(late, { code: 'timeout', message: 'call "block" to a process named "desk" in shard 1: no answer within 20 ms' });
  assert.equal((await status()).links.find(({ shard }) => shard === 1)!.calls, 0);
  assert.equal(await call(desk(1), 'echo', 'after'), 'after');
});

test('a monitor tells once: death with its reason, noproc of a dead one, nothing when taken back', async () => {
  const inbox = await openInbox();
  const [first, second] = [await workerIn(1), await workerIn(1)];
  const refs = [await call(inbox.pid, 'monitor', first), await call(inbox.pid, 'monitor', second), await call(inbox.pid, 'monitor', first)];
  assert.equal((await statusOf(1)).links.find(({ shard }) => shard === 0)!.watched, 3);
  await call(inbox.pid, 'demonitor', refs[2]!);
  exit(first, { shutdown: { at: 1 } });
  const { type, ref, pid, reason } = await inbox.next() as Down;
  assert.deepEqual([type, ref, pid instanceof PidClass && samePid(pid, first), reason], ['DOWN', refs[0], true, { shutdown: { at: 1 } }]);
  assert.equal((await downOf(first)).reason, 'noproc');
  exit(second, 'kill');
  assert.deepEqual([(await inbox.next() as Down).ref, inbox.waiting], [refs[1], []]);
  assert.equal((await statusOf(1)).links.find(({ shard }) => shard === 0)!.watched, 0);
  exit(inbox.pid, 'kill');
});

test('exit signals: kill cannot be refused and is told as killed, normal is ignored', async () => {
  const worker = await workerIn(2);
  const down = downOf(worker);
  exit(worker, 'normal');
  await assert.rejects(call(worker as never, 'never', undefined, { timeoutMs: 30 } as never), { code: 'timeout' });
  exit(worker, 'kill');
  assert.equal((await down).reason, 'killed');
  const both = downOf(await call(desk(2, 'both'), 'pid') as Pid);
  exit({ name: 'both', shard: 2 }, 'shutdown');
  assert.equal((await both).reason, 'shutdown');
});

test('whereis finds a name in the lowest shard that has it', async () => {
  const carrier = distribution()!;
  assert.equal((await carrier.whereis('both'))!.shard, 1);
  assert.equal((await carrier.whereis('only-2'))!.shard, 2);
  assert.equal(await carrier.whereis('nobody'), undefined);
  const found = await carrier.whereis('only-2');
  assert.equal(await call(found as Pid<DeskProtocol>, 'echo', 1), 1);
});

test('thousands of calls at once are all answered, each with its own answer', async () => {
  const pid = await deskPid(1);
  const answers = await Promise.all(Array.from({ length: 5_000 }, (_none, at) => call(pid, 'echo', at, { timeoutMs: 30_000 })));
  assert.deepEqual(answers, Array.from({ length: 5_000 }, (_none, at) => at));
});

test('processes that die with calls and monitors open leave nothing, here or there', async () => {
  const watched = await workerIn(1);
  const base = (await status()).links.find(({ shard }) => shard === 1)!;
  for (let round = 0; round < 5; round += 1) {
    const inboxes = await Promise.all(Array.from({ length: 50 }, openInbox));
    await Promise.all(inboxes.map(({ pid }) => call(pid, 'monitor', watched)));
    const asked = inboxes.map(({ pid }) => call(pid, 'ask', { target: watched as never, name: 'never', timeoutMs: Infinity }));
    await call(desk(1), 'echo', 'all are under way');
    assert.deepEqual(await openAt(1), { calls: 50, monitors: 50, watched: 0 });
    for (const { pid } of inboxes) exit(pid, 'kill');
    for (const each of await Promise.allSettled(asked)) assert.equal(each.status === 'rejected' && each.reason.code, 'exited');
    assert.deepEqual(await openAt(1), { calls: base.calls, monitors: base.monitors, watched: 0 });
  }
  const there = (await statusOf(1)).links.find(({ shard }) => shard === 0)!;
  assert.deepEqual([there.watched, there.calls, there.monitors], [0, 0, 0]);
});

test('a process keeps nothing of the calls that it made', async () => {
  const inbox = await openInbox();
  const target = await deskPid(1);
  for (let at = 0; at < 20; at += 1) await call(inbox.pid, 'ask', { target, name: 'pid', timeoutMs: 5_000 });
  assert.equal(processTable.get(inbox.pid.serial)!.monitoring?.size, 0);
});

async function openAt(of: number) {
  const { calls, monitors, watched } = (await status()).links.find(({ shard }) => shard === of)!;
  return { calls, monitors, watched };
}
