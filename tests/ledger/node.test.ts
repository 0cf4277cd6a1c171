// A node keeps a ledger: one of its processes writes it, all record in it, and it moves and comes back with them.
import assert from 'node:assert/strict';
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { cosignNote, formatNote, formatVerifierKey, openWriter, parseNote, signatureTypes, signingKey, verifierKeyOf } from '@flyball/ledger';
import { draft } from '@flyball/ledger/testing';
import { startNode, type TestNode } from '../spine/harness/node.ts';
import { flyball, scratch } from './harness/flyball.ts';
import { assertKept, verifiedReceipts } from './harness/log.ts';
import { clientAt, Recorders, type Recorded } from './harness/recorders.ts';

const applications = [join(import.meta.dirname, 'applications/recording')];

interface Started {
  readonly node: TestNode;
  readonly folder: string;
  /** `flyball ctl` on it. */
  readonly ctl: (...args: readonly string[]) => ReturnType<typeof flyball>;
}

async function started(context: TestContext, { shards = 2, args = [] }: { readonly shards?: number; readonly args?: readonly string[] } = {}): Promise<Started> {
  const folder = join(scratch(context), 'ledger');
  const node = await startNode(context, { applications, args: ['+S', String(shards), '--ledger', folder, ...args] });
  return { node, folder, ctl: (...rest) => flyball(node.runtimeRoot, 'ctl', '--name', node.name, ...rest) };
}

const pidOf = async (node: TestNode, shard: number): Promise<number> => {
  const { processes } = await node.control('status') as { processes: readonly { shard: number; pid: number; role: string }[] };
  return processes.find((found) => found.shard === shard && found.role === 'current')!.pid;
};

test('both shards record in one log through two hand-overs, and no call fails', { timeout: 60_000 }, async (context) => {
  // In development messages are checked and frozen.
  const { node, folder } = await started(context, { args: ['--mode', 'development'] });
  const pinned = [await clientAt(node.url, 0), await clientAt(node.url, 1)];
  const direct = await Promise.all(pinned.map((client, shard) => client.call<Recorded>('record', { id: `direct-${shard}`, tenant: 'acme' })));
  assert.deepEqual(direct.map(({ shard }) => shard), [0, 1]);
  const [zero, one] = await Promise.all(pinned.map((client) => client.call<{ hash: string }>('lastHash', { tenant: 'acme' })));
  assert.match(zero!.hash, /^[0-9a-f]{64}$/);
  assert.equal(zero!.hash, one!.hash, 'one chain, whichever shard is asked');
  const again = await pinned[1]!.call<Recorded>('record', { id: 'direct-0', tenant: 'acme' });
  assert.equal(again.index, direct[0]!.index, 'the same id is recorded once, from any shard');

  const recorders = [await Recorders.everywhere('any', node.url, 8), new Recorders('pinned', pinned)];
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(recorders.map((each) => each.more(50)));
    const { shards } = await node.control('hand-over') as { shards: readonly { end: string }[] };
    assert.deepEqual(shards.map(({ end }) => end), ['drained', 'drained']);
  }
  const generations = new Set<number>();
  await recorders[0]!.when(() => {
    for (const { generation } of recorders[0]!.acknowledged.values()) generations.add(generation);
    return generations.has(5) && generations.has(6);
  });
  await Promise.all(recorders.map((each) => each.stop()));
  assert.deepEqual(recorders.flatMap(({ failures }) => failures), []);
  assert.deepEqual(recorders[1]!.shards, [0, 1]);

  const url = new URL('/ledger/', node.url).href;
  const served = await flyball(node.runtimeRoot, 'ledger', 'verify', url);
  assert.equal(served.code, 0, served.out + served.err);
  await node.control('stop');
  await node.ended;
  const receipts = await verifiedReceipts(folder);
  for (const { acknowledged } of recorders) assertKept(receipts, acknowledged);
  context.diagnostic(`${receipts.length} receipts`);
  // Recorded while a successor starts, and while a process leaves: shard 0 waits for the others before it closes the log.
  const lifetimes = receipts.filter(({ receipt }) => receipt.tenantId === 'lifetimes').map(({ receipt }) => receipt.id);
  assert.deepEqual(lifetimes.toSorted(), [1, 2, 3, 4, 5, 6].flatMap((generation) => ['begin', 'end'].map((what) => `${what}-${1 - (generation % 2)}-${generation}`)).toSorted());
  const operators = receipts.filter(({ receipt }) => receipt.tenantId === 'flyball-node').map(({ receipt }) => [receipt.kind, receipt.event, receipt.decision]);
  assert.deepEqual(operators, [
    ['deployment', 'hand-over', undefined], ['deployment', 'hand-over-result', 'done'],
    ['deployment', 'hand-over', undefined], ['deployment', 'hand-over-result', 'done'],
    ['system', 'stop', undefined],
  ]);
});

test('kill -9 of the shard that writes: the others wait for it, and nothing acknowledged is lost', { timeout: 60_000 }, async (context) => {
  const { node, folder } = await started(context);
  const survivors = await Recorders.at('one', node.url, 1, 4);
  const victims = await Recorders.at('zero', node.url, 0, 2);
  await Promise.all([survivors.more(100), victims.more(20)]);
  process.kill(await pidOf(node, 0), 'SIGKILL');
  await node.line(/shard 0 \(generation 1\) was ended by SIGKILL/);
  await survivors.more(100);
  await Promise.all([survivors.stop(), victims.stop()]);
  assert.deepEqual(survivors.failures, [], 'a receipt of the shard that lives waits until it can be recorded');
  assert.ok(victims.failures.length > 0);
  await node.stop();
  const receipts = await verifiedReceipts(folder);
  for (const { acknowledged } of [survivors, victims]) assertKept(receipts, acknowledged);
});

test('operators reach the ledger through ctl, in either shard', { timeout: 60_000 }, async (context) => {
  const witness = signingKey({ name: 'witness.example', type: signatureTypes.cosignature, seed: Buffer.alloc(32, 7) });
  const { node, folder, ctl } = await started(context, { args: ['--ledger-origin', 'ledger.example/node-1', '--ledger-witness', formatVerifierKey(verifierKeyOf(witness))] });
  assert.match(node.output(), /ledger\.example\/node-1, \d receipts?\n/);
  const recorders = await Recorders.everywhere('r', node.url, 8);
  await recorders.more(600);
  await recorders.stop();
  const status = await ctl('ledger', 'status');
  assert.match(status.out, /ledger\.example\/node-1\n[^]*6\d\d, \d+ published\n[^]*shard 0, generation 1/);
  assert.match((await ctl('status')).out, new RegExp(`ledger: ledger\\.example/node-1, 6\\d\\d receipts .* in ${folder}`));
  const before = JSON.parse((await ctl('ledger', 'keys', '--json')).out) as string[];
  assert.equal(before.length, 1);
  assert.match((await ctl('ledger', 'rotate-key')).out, /^rotated/);
  assert.equal((await ctl('ledger', 'retire-key', before[0]!)).code, 0);
  const after = JSON.parse((await ctl('ledger', 'keys', '--json')).out) as string[];
  assert.deepEqual([after.length, after.includes(before[0]!)], [1, false]);
  assert.match((await ctl('ledger', 'prune', '256')).out, /receipts from 256 on are kept/);
  const refused = await ctl('ledger', 'retire-key', after[0]!);
  assert.deepEqual([refused.code, /\(unknown-key\)/.test(refused.err)], [1, true]);
  const { text, signatures } = parseNote(await (await fetch(new URL('/ledger/checkpoint', node.url))).text());
  const cosigned = join(folder, '..', 'cosigned');
  writeFileSync(cosigned, formatNote({ text, signatures: [...signatures, cosignNote(text, witness, { timestampS: 1_790_000_000 })] }));
  assert.match((await ctl('ledger', 'cosign', cosigned)).out, /^cosigned: /);
  assert.match(await (await fetch(new URL('/ledger/cosigned-checkpoint', node.url))).text(), /^— witness\.example /m);
  const unread = await ctl('ledger', 'cosign', 'nowhere');
  assert.deepEqual([unread.code, /nowhere cannot be read.*\(bad-note\)/.test(unread.err)], [1, true]);
  writeFileSync(cosigned, Buffer.alloc(1_048_577, 'x'));
  for (const [file, says] of [[cosigned, /cosigned has 1048577 bytes: a cosigned checkpoint has 1048576 at most/], ['/dev/zero', /\/dev\/zero is no file/]] as const) {
    const refusedFile = await ctl('ledger', 'cosign', file);
    assert.deepEqual([refusedFile.code, says.test(refusedFile.err)], [1, true], refusedFile.err);
  }
  const wrong = await ctl('ledger', 'fly');
  assert.deepEqual([wrong.code, /there are status, publish/.test(wrong.err)], [2, true]);
  // Who may speak to the socket is an operator all the same: what the platform records is not dictated to it.
  const at = new Date().toISOString();
  await assert.rejects(node.control('ledger', { what: 'append', argument: [{ id: 'forged', kind: 'override', event: 'load', tenantId: 'flyball-node', at }] }), /operators ask a ledger for status, .*; not for "append"/);
  await assert.rejects(node.control('ledger', { what: 'prune', argument: '256' }), /prune takes a number, not "256"/);
  assert.equal((await ctl('kill', 'nobody')).code, 1);
  assert.equal((await ctl('load', 'recording', applications[0]!, '--version', '2')).code, 0);
  assert.match((await ctl('ledger', 'publish')).out, /covers \d+ receipts/);
  const { out } = await flyball(node.runtimeRoot, 'ledger', 'query', folder, '--tenant', 'flyball-node', '--json');
  const events = (JSON.parse(out) as { receipts: { receipt: { event: string; decision?: string } }[] }).receipts.map(({ receipt: { event, decision } }) => `${event} ${decision ?? ''}`.trim());
  assert.deepEqual(events.toSorted(), ['kill', 'kill-result failed', 'ledger-prune', 'ledger-prune', 'ledger-prune-result done', 'ledger-prune-result failed', 'ledger-retire-key', 'ledger-retire-key', 'ledger-retire-key-result done', 'ledger-retire-key-result failed', 'ledger-rotate-key', 'ledger-rotate-key-result done', 'load', 'load-result done']);
});

test('a ledger that cannot be opened again: receipts are refused, the node is not ready, operators\' changes are refused; then it comes back', { timeout: 60_000 }, async (context) => {
  const { node, folder, ctl } = await started(context);
  const pinned = [await clientAt(node.url, 0), await clientAt(node.url, 1)];
  for (const client of pinned) context.after(() => client.close());
  const ready = async (): Promise<number> => (await fetch(new URL('/readyz', node.url))).status;
  const statuses = async (): Promise<readonly number[]> => Promise.all(Array.from({ length: 12 }, ready));
  await pinned[1]!.call('record', { id: 'before', tenant: 'acme' });
  assert.deepEqual(new Set(await statuses()), new Set([200]));
  // The writer dies: its supervisor opens it again, and nobody notices.
  assert.equal((await ctl('kill', 'ledger_writer')).code, 0);
  await pinned[1]!.call('record', { id: 'between', tenant: 'acme' });
  renameSync(join(folder, 'keys'), join(folder, '..', 'keys'));
  // The successor asks for the ledger and cannot open it: it is none, and the old process takes the ledger back.
  const handOver = await ctl('hand-over');
  assert.deepEqual([handOver.code, /no signing key.*Generation 1 serves on/.test(handOver.err)], [1, true], handOver.err);
  await node.line(/ledger: .*\(key-lost\); tried again/);
  await node.line(/the outcome of change \d+ \(hand-over-result: failed\) could not be recorded/);
  for (const client of pinned) await assert.rejects(client.call('record', { id: 'refused', tenant: 'acme' }), /ledger cannot be opened: .*key-lost/);
  const stop = await ctl('stop');
  assert.deepEqual([stop.code, /no receipt of "stop" could be left.*kill \d+ \(not-recorded\)/.test(stop.err)], [1, true], stop.err);
  assert.deepEqual(new Set(await statuses()), new Set([503]));
  assert.match((await ctl('status')).out, /ledger: UNAVAILABLE, .*key-lost/);
  rmSync(join(folder, 'keys'), { recursive: true });
  renameSync(join(folder, '..', 'keys'), join(folder, 'keys'));
  await node.line(/ledger: open again/);
  for (const client of pinned) await client.call('record', { id: `back-${Math.random()}`, tenant: 'acme' });
  assert.deepEqual(new Set(await statuses()), new Set([200]));
  assert.equal((await ctl('stop')).code, 0);
  const receipts = await verifiedReceipts(folder);
  assert.equal(receipts.filter(({ receipt }) => receipt.tenantId === 'acme').length, 4);
});

test('a node refuses to boot without its ledger, says why once, and what to do', { timeout: 60_000 }, async (context) => {
  const root = scratch(context);
  const good = join(root, 'good');
  const writer = await openWriter({ folder: good, origin: 'ledger.example/node-1' });
  for (let at = 0; at < 20; at += 1) await writer.append(draft(at));
  await writer.close();
  const copy = (name: string): string => {
    cpSync(good, join(root, name), { recursive: true });
    return join(root, name);
  };
  const start = (...args: readonly string[]) => flyball(root, 'start', '--name', `n${args.length}-${args.at(-1)!.length}`, '--port', '0', '--application', applications[0]!, '--ledger', ...args);
  const refusal = async (pattern: RegExp, ...args: readonly string[]): Promise<void> => {
    const { code, err, out } = await start(...args);
    assert.deepEqual([code, out], [1, ''], err);
    assert.match(err, pattern);
    assert.equal(err.split('\n').filter((line) => /ERROR/.test(line)).length, 1, err);
    assert.doesNotMatch(err, /restarting/);
  };
  const forked = copy('forked');
  rmSync(join(forked, 'state'), { recursive: true });
  mkdirSync(join(forked, 'state'));
  await refusal(/state\/ is gone[^]*flyball ledger fsck .*forked --repair/, forked);
  const keyless = copy('keyless');
  rmSync(join(keyless, 'keys'), { recursive: true });
  await refusal(/keys[^]*--repair --new-key/, keyless);
  await refusal(/is the ledger of ledger\.example\/node-1, not of other\.example[^]*leave --ledger-origin out/, good, '--ledger-origin', 'other.example');
  const damaged = copy('damaged');
  const segment = openSync(join(damaged, 'state/journal', readdirSync(join(damaged, 'state/journal'))[0]!), 'r+');
  writeSync(segment, Buffer.alloc(64, 7), 0, 64, 4_096);
  closeSync(segment);
  await refusal(/journal[^]*flyball ledger fsck .*damaged --repair/, damaged);
  // A file system that is only read, to root as well.
  if (process.platform === 'linux') await refusal(/\/sys\/flyball-ledger: the folder cannot be written/, '/sys/flyball-ledger');
  // The mount point of a disk that is not mounted.
  mkdirSync(join(root, 'unmounted'));
  await refusal(/unmounted holds no ledger.*mount it/, join(root, 'unmounted'), '--ledger-existing');
  assert.deepEqual(readdirSync(join(root, 'unmounted')), []);
  writeFileSync(join(root, 'file'), '');
  await refusal(/cannot|not a folder|ENOTDIR/, join(root, 'file', 'below'));
  const { code, err } = await start(join(root, 'file'));
  assert.deepEqual([code, /--ledger .* must be a folder/.test(err)], [2, true], err);
  const own = readFileSync(join(good, 'vkeys'), 'utf8').trim();
  for (const [witness, says] of [['w+00000000+AAAA', /--ledger-witness w\+00000000\+AAAA: signature type 0 is not known/], [own, /--ledger-witness ledger\.example\/node-1.*: this is a key of the log itself/]] as const) {
    const { code: exitCode, err: told } = await start(good, '--ledger-witness', witness);
    assert.deepEqual([exitCode, says.test(told)], [2, true], told);
  }
  const other = await openWriter({ folder: good });
  await refusal(/is held by another writer[^]*fuser/, good);
  await other.close();
});
