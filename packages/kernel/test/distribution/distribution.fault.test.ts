import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { call, cast, distribution, distributionServer, exit, identity, monitorWith, PidClass, processNamed, processTable, send, systemClock, useClock, type Down, type Pid } from '@flyball/kernel';
import { createVirtualClock, events } from '@flyball/kernel/testing';
import { connectFailed, frameBad, helloRefused, messageDropped, peerDown, peerUp } from '../../src/distribution/events.ts';
import { encodeFrame, FrameReader } from '../../src/distribution/frame.ts';
import { op } from '../../src/distribution/wire.ts';
import type { DeskProtocol } from './fixtures/shard.ts';
import { desk, node, openInbox, Shards, status, statusOf, stopSelf, takePeers } from './shard-children.ts';

let shards: Shards;
beforeEach(async () => {
  shards = new Shards();
  await shards.startSelf();
});
afterEach(async () => {
  useClock(systemClock);
  await shards.stop();
});

const codeOf = (asked: Promise<unknown>): Promise<unknown> => asked.then(() => 'answered', ({ code }) => code);
const downOf = (pid: Pid): Promise<Down> => new Promise((resolve) => monitorWith(pid, resolve));
const deskPid = (shard: number) => call(desk(shard), 'pid') as unknown as Promise<Pid<DeskProtocol>>;

/** A client that says what it likes to shard 0. */
function connectRaw(): { socket: net.Socket; greeting: Promise<unknown>; closed: Promise<unknown> } {
  const socket = net.connect(shards.pathOf(0, 1));
  socket.on('error', () => {});
  const reader = new FrameReader();
  const greeting = new Promise((resolve) => socket.on('data', (chunk: Buffer) => reader.push(chunk, (value) => {
    resolve(value);
    return true;
  })));
  return { socket, greeting, closed: once(socket, 'close') };
}

const hello = (change: object = {}) => encodeFrame([op.hello, { protocol: 1, node, shard: 5, creation: 1, path: shards.pathOf(5, 1), to: { shard: 0, creation: 1 }, ...change }]);

test('a shard that is killed: pending calls fail at once, monitors fire, and names are answered again by its successor', async () => {
  await shards.start(1, 1);
  const downs = events(peerDown);
  const old = await deskPid(1);
  const inbox = await openInbox();
  const ref = await call(inbox.pid, 'monitor', old);
  const outside = downOf(old);
  const pending = [call(old, 'never', undefined, { timeoutMs: Infinity }), call(desk(1), 'never', undefined, { timeoutMs: Infinity }), call(inbox.pid, 'ask', { target: old, name: 'never', timeoutMs: Infinity }, { timeoutMs: Infinity })];
  const failed = Promise.all(pending.map(codeOf));
  await call(desk(1), 'echo', 'all are under way');
  shards.child(1).kill('SIGKILL');
  assert.deepEqual(await failed, ['noconnection', 'noconnection', 'exited']);
  assert.deepEqual(await outside, { type: 'DOWN', ref: (await outside).ref, pid: old, reason: 'noconnection' });
  assert.deepEqual([(await downs.next()).shard, (await status()).links], [1, []]);
  assert.equal(inbox.waiting.length, 0, 'its handler failed, and it with it');
  assert.ok(ref > 0);
  await assert.rejects(call(old, 'echo', 1), { code: 'noconnection' });
  await shards.kill(1);
  await shards.forget(1, 1);
  await shards.start(1, 2);
  await assert.rejects(call(old, 'echo', 1), { code: 'noproc', message: /incarnation/ });
  assert.equal((await downOf(old)).reason, 'noproc');
  assert.equal((await deskPid(1)).creation, 2);
});

test('a process that watches gets its DOWN when the connection breaks', async () => {
  await shards.start(1, 1);
  const inbox = await openInbox();
  const ref = await call(inbox.pid, 'monitor', await deskPid(1));
  await call(desk(1), 'echo', 1);
  await shards.kill(1);
  const down = await inbox.next() as Down;
  assert.deepEqual([down.type, down.ref, down.reason], ['DOWN', ref, 'noconnection']);
});

test('what a shard said last, before it closed all, is still heard', async () => {
  await shards.start(1, 1);
  const down = downOf(await deskPid(1));
  await call(desk(1), 'echo', 1);
  cast(desk(1), 'leave');
  assert.deepEqual((await down).reason, { shutdown: 'left' });
});

test('what a peer said is heard though the way to it is closed before', async () => {
  const server = net.createServer().listen(shards.pathOf(5, 1));
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const ups = events(peerUp);
  const { socket } = connectRaw();
  socket.write(hello());
  await ups.next();
  const down = downOf(new PidClass(node, 5, 1, 7));
  const [wayThere] = await accepted;
  const [operation, ref] = await new Promise<number[]>((resolve) => {
    const reader = new FrameReader();
    wayThere.on('data', (chunk: Buffer) => reader.push(chunk, (value) => {
      if ((value as number[])[0] === op.monitor) resolve(value as number[]);
      return true;
    }));
  });
  assert.equal(operation, op.monitor);
  const refusals = events(helloRefused);
  wayThere.destroy();
  // Once a connection made after it is answered, its end was seen.
  connectRaw().socket.write(hello({ protocol: 9 }));
  await refusals.next();
  socket.end(encodeFrame([op.down, ref, { shutdown: 'late' }]));
  assert.deepEqual((await down).reason, { shutdown: 'late' });
  server.close();
});

test('a shard that only served learns of the death of who asked, too', async () => {
  await shards.start(1, 1);
  await shards.start(2, 1, { names: ['desk', 'lone'] });
  await call(desk(1), 'ask', { target: { name: 'lone', shard: 2 }, name: 'echo', body: 1 });
  await call(desk(1), 'watch', await call(desk(2), 'pid') as Pid);
  await call(desk(1), 'ask', { target: desk(2), name: 'echo', body: 'the monitor is there' });
  const linkTo1 = async () => (await statusOf(2)).links.find(({ shard }) => shard === 1);
  assert.equal((await linkTo1())!.watched, 1);
  await shards.kill(1);
  // The end of the connection is among what shard 2 handles next, not before a given answer.
  while (await linkTo1() !== undefined);
  assert.equal(await codeOf(call(desk(2), 'ask', { target: desk(1), name: 'echo', body: 1 })), 'exited');
});

test('in a hand-over pids reach their own incarnation and names the current one', async () => {
  await shards.start(1, 1, { role: 'current' });
  const old = await deskPid(1);
  await shards.start(1, 2, { role: 'starting' });
  assert.equal((await deskPid(1)).creation, 1);
  shards.peers.splice(shards.peers.findIndex(({ creation, shard }) => shard === 1 && creation === 1), 2, { shard: 1, creation: 1, path: shards.pathOf(1, 1), role: 'draining' }, { shard: 1, creation: 2, path: shards.pathOf(1, 2), role: 'current' });
  await shards.tellPeers();
  assert.equal((await deskPid(1)).creation, 2);
  assert.equal((await distribution()!.whereis('desk'))!.creation, 2);
  assert.equal(await call(old, 'echo', 'still there'), 'still there');
  const gone = downOf(old);
  await shards.forget(1, 1);
  assert.equal((await gone).reason, 'noconnection');
  await assert.rejects(call(old, 'echo', 1), { code: 'noproc' });
});

test('a peer that was never there: calls fail, monitors fire, messages are nothing', async () => {
  shards.peers.push({ shard: 3, creation: 1, path: join(shards.directory, 'nobody') });
  await shards.tellPeers();
  // With the connection all that waits for it ends: no timeout passes.
  useClock(createVirtualClock());
  const failures = events(connectFailed);
  const pid = new PidClass<DeskProtocol>(node, 3, 1, 5);
  send(pid, 'lost');
  assert.deepEqual(await Promise.all([codeOf(call(pid, 'echo', 1)), codeOf(call(desk(3), 'echo', 1)), downOf(pid).then(({ reason }) => reason)]), ['noconnection', 'noconnection', 'noconnection']);
  assert.equal(await distribution()!.whereis('desk'), undefined);
  assert.match((await failures.next()).reason, /ENOENT/);
  assert.deepEqual((await status()).links, []);
});

test('who is no shard of this node is refused', async () => {
  const refusals = events(helloRefused);
  const cases: [Buffer, RegExp][] = [
    [hello({ node: 'other@host' }), /node other@host/],
    [hello({ protocol: 9 }), /protocol 9/],
    [hello({ to: { shard: 0, creation: 9 } }), /looks for shard 0\.9/],
    [encodeFrame([op.cast, 1, 'note', 1]), /no hello/],
    [Buffer.from('GET / HTTP/1.1\r\n\r\n'), /a frame of \d+ bytes; 65536 are the most/],
    [Buffer.from([0, 0, 0, 2, 1, 2]), /hold no value/],
  ];
  for (const [bytes, pattern] of cases) {
    const { socket, closed } = connectRaw();
    socket.write(bytes);
    await closed;
    assert.match((await refusals.next()).reason, pattern);
  }
  assert.deepEqual((await status()).links, []);
});

test('a shard refuses one that looks for its predecessor, and the caller learns why', async () => {
  await shards.start(1, 2);
  const failures = events(connectFailed);
  shards.peers.push({ shard: 1, creation: 3, path: shards.pathOf(1, 2) });
  await takePeers(shards.peers);
  await assert.rejects(call(desk(1), 'echo', 1), { code: 'noconnection', message: /refused: it looks for shard 1\.3, this is 1\.2/ });
  assert.match((await failures.next()).reason, /looks for shard/);
});

test('a connection without a hello is closed in time', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const refusals = events(helloRefused);
  const { socket, closed } = connectRaw();
  await once(socket, 'connect');
  // Its other end is accepted once an answer to a later connection is there.
  const later = connectRaw();
  later.socket.write(hello({ protocol: 9 }));
  await later.closed;
  await refusals.next(({ reason }) => /protocol/.test(reason));
  await clock.advance(5_000);
  await closed;
  assert.match((await refusals.next()).reason, /no hello within 5000 ms/);
});

test('a peer that breaks the protocol loses its connection, and nothing else happens', async () => {
  const [ups, downs, bads] = [events(peerUp), events(peerDown), events(frameBad)];
  const worker = await openInbox();
  const tooLarge = Buffer.alloc(4);
  tooLarge.writeUInt32BE(64 * 1024 * 1024 + 1);
  const faults = [encodeFrame(['nonsense']), encodeFrame([op.down, 1, null]), encodeFrame([op.exit, worker.pid.serial, 'nobody', 'kill']), hello(), tooLarge, Buffer.from([0, 0, 0, 3, 255, 15, 99])];
  for (const fault of faults) {
    const { socket, greeting, closed } = connectRaw();
    socket.write(hello());
    assert.deepEqual(await greeting, [op.welcome]);
    assert.deepEqual(await ups.next(), { shard: 5, creation: 1 });
    socket.write(Buffer.concat([encodeFrame([op.info, worker.pid.serial, 'before']), fault, encodeFrame([op.info, worker.pid.serial, 'after'])]));
    await closed;
    assert.equal(await worker.next(), 'before');
    assert.equal((await bads.next()).shard, 5);
    assert.deepEqual(await downs.next(), { shard: 5, creation: 1, reason: 'it broke the protocol' });
  }
  assert.deepEqual([worker.waiting, (await status()).links, processTable.has(worker.pid.serial)], [[], [], true]);
});

test('frames for what is not there any more are nothing', async () => {
  const ups = events(peerUp);
  const { socket, greeting } = connectRaw();
  const inbox = await openInbox();
  socket.write(Buffer.concat([
    hello(),
    ...[[op.reply, 7, 1], [op.fail, 7, { code: 'x', message: 'y' }], [op.down, 7, 'normal'], [op.found, 7, 1], [op.demonitor, 7], [op.cast, 999_999, 'x', 1], [op.info, 'nobody', 1], [op.exit, 999_999, inbox.pid, 'kill']].map(encodeFrame),
    encodeFrame([op.info, inbox.pid.serial, 'through']),
  ]));
  await greeting;
  await ups.next();
  assert.equal(await inbox.next(), 'through');
  socket.destroy();
});

test('a peer that goes leaves no monitor on what it watched', async () => {
  const downs = events(peerDown);
  const { socket } = connectRaw();
  const inbox = await openInbox();
  const { serial } = inbox.pid;
  socket.write(Buffer.concat([hello(), encodeFrame([op.monitor, 1, serial]), encodeFrame([op.monitor, 1, serial]), encodeFrame([op.monitor, 2, serial]), encodeFrame([op.info, serial, 'watched'])]));
  assert.equal(await inbox.next(), 'watched');
  assert.equal((await status()).links[0]!.watched, 2, 'the same reference again takes the place of the first');
  assert.notEqual(processTable.get(serial)!.monitors, undefined);
  socket.destroy();
  await downs.next();
  assert.equal(processTable.get(serial)!.monitors, undefined);
});

test('after a frame that ends the distribution no other is taken', async () => {
  const { socket, closed } = connectRaw();
  const inbox = await openInbox();
  socket.write(Buffer.concat([hello(), encodeFrame([op.exit, 'distribution', { ...inbox.pid }, 'kill']), encodeFrame([op.info, inbox.pid.serial, 'after'])]));
  await closed;
  assert.deepEqual([processNamed('distribution'), inbox.waiting], [undefined, []]);
});

test('a peer that connects anew has given up its first connection', async () => {
  const [ups, downs] = [events(peerUp), events(peerDown)];
  const [first, second] = [connectRaw(), connectRaw()];
  first.socket.write(hello());
  await ups.next();
  second.socket.write(hello());
  await first.closed;
  assert.match((await downs.next()).reason, /anew/);
  await ups.next();
  assert.deepEqual((await status()).links.map(({ shard, up }) => [shard, up]), [[5, true]]);
  second.socket.destroy();
  await downs.next();
});

test('a peer that does not read: calls fail overloaded, casts are dropped and counted, what waits is bounded', async () => {
  const child = await shards.start(1, 1);
  await call(desk(1), 'echo', 1);
  child.kill('SIGSTOP');
  const drops = events(messageDropped);
  const mebibyte = new Uint8Array(1024 * 1024);
  const asked = Array.from({ length: 80 }, () => call(desk(1), 'echo', mebibyte, { timeoutMs: 60_000 }));
  const refused = asked.map(codeOf);
  assert.equal(await refused.at(-1), 'overloaded');
  cast(desk(1), 'note', mebibyte);
  cast(desk(1), 'note', mebibyte);
  assert.deepEqual(await drops.next(), { shard: 1, creation: 1, name: 'note', reason: 'overloaded', dropped: 1 });
  const link = (await status()).links[0]!;
  assert.ok(link.waitingBytes <= 64 * 1024 * 1024 && link.dropped === 2, JSON.stringify(link));
  child.kill('SIGCONT');
  const codes = await Promise.all(refused);
  const answered = codes.filter((code) => code === 'answered').length;
  assert.ok(answered >= 60 && answered < 70, `${answered} of 80 answered`);
  assert.deepEqual([...new Set(codes)], ['answered', 'overloaded']);
  assert.deepEqual([(await status()).links[0]!.calls, await call(desk(1), 'echo', 'again')], [0, 'again']);
});

test('the server ends: remote pids are unreachable, all is closed; started anew, it connects again', async () => {
  await shards.start(1, 1);
  const pid = await deskPid(1);
  const pending = codeOf(call(pid, 'never'));
  const down = downOf(pid);
  await stopSelf();
  assert.deepEqual([await pending, (await down).reason, distribution()], ['noconnection', 'noconnection', undefined]);
  assert.throws(() => statSync(shards.pathOf(0, 1)), { code: 'ENOENT' });
  assert.deepEqual([await codeOf(call(pid, 'echo', 1)), (await downOf(pid)).reason], ['noconnection', 'noconnection']);
  await distributionServer.start({ path: shards.pathOf(0, 1), peers: shards.peers }, { name: 'distribution' });
  assert.equal(await call(pid, 'echo', 'again'), 'again');
});

test('the socket is its owner\'s alone; a dead one is replaced, a live one is not, nor is a path too long', async () => {
  assert.equal(statSync(shards.pathOf(0, 1)).mode & 0o777, 0o600);
  await assert.rejects(distributionServer.start({ path: shards.pathOf(0, 1), peers: [] }), { code: 'start-failed', message: /EADDRINUSE/ });
  await assert.rejects(distributionServer.start({ path: join(shards.directory, 'x'.repeat(107)), peers: [] }), { code: 'start-failed', message: /at most 107 bytes/ });
  assert.equal(processNamed('distribution')!.pid.serial > 0 && distribution() !== undefined, true, 'the one that runs is not disturbed');
  await shards.start(1, 1);
  await shards.kill(1);
  assert.ok(statSync(shards.pathOf(1, 1)).isSocket(), 'left behind');
  await stopSelf();
  await distributionServer.start({ path: shards.pathOf(1, 1), peers: [] }, { name: 'distribution' });
  await stopSelf();
  writeFileSync(shards.pathOf(1, 1), 'a file of somebody');
  await assert.rejects(distributionServer.start({ path: shards.pathOf(1, 1), peers: [] }), { code: 'start-failed' });
  assert.equal(statSync(shards.pathOf(1, 1)).isFile(), true);
});

test('killed while it starts, it leaves no socket and is not installed', async () => {
  await stopSelf();
  const path = shards.pathOf(0, 2);
  const starting = distributionServer.start({ path, peers: [] }, { name: 'starting' });
  exit(processNamed('starting')!.pid, 'kill');
  await assert.rejects(starting, { code: 'start-failed' });
  await new Promise((resolve) => setImmediate(resolve));
  assert.throws(() => statSync(path), { code: 'ENOENT' });
  assert.equal(distribution(), undefined);
  assert.equal(identity.node, node);
});
