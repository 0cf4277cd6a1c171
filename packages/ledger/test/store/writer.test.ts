// The writer as its callers have it: a thread, real files, promises.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { ledgerClockWentBack, LedgerError, ledgerTenantId, ledgerTold, openWriter, statementEvents, verifyLog, type LedgerWriter, type ReceiptDraft, type WriterOptions } from '@flyball/ledger';

import { openCheckpoint } from '../../src/format/checkpoint.ts';
import { cosignNote, formatNote, formatVerifierKey, parseNote, parseVerifierKey, signatureTypes, signingKey, verifierKeyOf } from '../../src/format/note.ts';

const at = '2026-11-20T12:00:00.000Z';
const draftOf = (number: number): ReceiptDraft => ({ id: `receipt-${number}`, kind: 'action', tenantId: `tenant-${number % 10}`, at, details: { number } });
const refuses = (code: string, message: RegExp) => (error: unknown) => error instanceof LedgerError && error.code === code && message.test(error.message);

const opened = new Set<LedgerWriter>();

/** Removed after the test, when its writers are closed. */
function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-writer-'));
  context.after(async () => {
    await Promise.all(Array.from(opened, (writer) => writer.close()));
    opened.clear();
    rmSync(folder, { recursive: true, force: true });
  });
  return join(folder, 'ledger');
}

async function open(context: TestContext, options: Partial<WriterOptions> = {}): Promise<LedgerWriter> {
  const writer = await openWriter({ folder: options.folder ?? temporaryFolder(context), origin: 'writer.example/log', ...options });
  opened.add(writer);
  return writer;
}

test('receipts of many authors at once are in one verifiable log, each chain in its order', async (context) => {
  const writer = await open(context);
  const appended = await Promise.all(Array.from({ length: 3_000 }, (_, number) => writer.append(draftOf(number))));
  assert.deepEqual(appended.map(({ index }) => index), Array.from({ length: 3_000 }, (_, index) => index));
  assert.equal(await writer.lastHash('tenant-3'), appended[2_993]!.chainHash);
  assert.equal(await writer.lastHash('tenant-x'), '0'.repeat(64));
  const keys = await writer.keys();
  await writer.close();
  const report = await verifyLog({ target: writer.folder, keys, threads: 0 });
  assert.deepEqual([report.verdict, report.size, report.tenants], ['good', 3_000, 10]);
});

test('the same id again has the same answer: at once, later, after a restart; ids are a tenant\'s own', async (context) => {
  const folder = temporaryFolder(context);
  const first = await open(context, { folder });
  const [one, same] = await Promise.all([first.append(draftOf(1)), first.append(draftOf(1))]);
  assert.deepEqual(same, { ...one, isRepeat: true });
  await first.close();
  const second = await open(context, { folder });
  assert.deepEqual(await second.append({ ...draftOf(1), at: '2026-11-21T12:00:00.000Z' }), { ...one, isRepeat: true });
  const other = await second.append({ ...draftOf(1), tenantId: 'tenant-2' });
  assert.deepEqual([other.index, other.isRepeat], [1, false]);
  const { isRepeat: _, ...place } = one;
  assert.deepEqual(await second.find('tenant-1', 'receipt-1'), place);
  assert.equal(await second.find('tenant-1', 'receipt-2'), undefined);
});

test('a checkpoint that covers an append is published by itself, and at once on demand', async (context) => {
  const writer = await open(context, { publishEveryMs: 10 });
  const published = new Promise<number>((resolve) => writer.onPublished(({ size }) => resolve(size)));
  await writer.append(draftOf(1));
  assert.equal(await published, 1);
  void writer.append(draftOf(2));
  const { size, note } = await writer.publish();
  assert.equal(size, 2);
  assert.equal(readFileSync(join(writer.folder, 'checkpoint'), 'utf8'), note);
});

test('what is no receipt is refused alone; those beside it are taken', async (context) => {
  const writer = await open(context);
  const outcomes = await Promise.allSettled([
    writer.append(draftOf(1)),
    writer.append({ ...draftOf(2), kind: 'other' as never }),
    writer.append({ ...draftOf(3), details: { long: 'x'.repeat(70_000) } }),
    // Few characters, too many bytes: only the writer can tell.
    writer.append({ ...draftOf(4), details: { long: '€'.repeat(40_000) } }),
    writer.append(draftOf(5)),
  ]);
  assert.deepEqual(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.index : (outcome.reason as LedgerError).code)), [0, 'bad-receipt', 'receipt-too-large', 'receipt-too-large', 1]);
});

test('more than 65,536 waiting appends are refused at once, and nothing is lost', async (context) => {
  const writer = await open(context);
  const outcomes = await Promise.allSettled(Array.from({ length: 66_000 }, (_, number) => writer.append(draftOf(number))));
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(refused.length, 66_000 - 65_536);
  assert.ok(refused.every(({ reason }) => (reason as LedgerError).code === 'ledger-overloaded'));
  assert.equal((await writer.stats()).size, 65_536);
});

test('one writer at a time, in this process and in others', async (context) => {
  const writer = await open(context);
  await assert.rejects(openWriter({ folder: writer.folder }), refuses('ledger-locked', /held by another writer: one process at a time/));
  await writer.append(draftOf(1));
  await writer.close();
  const next = await openWriter({ folder: writer.folder });
  assert.equal((await next.stats()).size, 1);
  await next.close();
});

test('a folder that cannot be made or that holds no ledger is refused, saying why', async (context) => {
  await assert.rejects(openWriter({ folder: '/dev/null/ledger', origin: 'a.example/b' }), refuses('disk-failed', /opening the ledger in \/dev\/null\/ledger/));
  await assert.rejects(openWriter({ folder: temporaryFolder(context) }), refuses('bad-state', /holds no ledger; give an origin/));
});

test('neither starts that fail nor writers that are closed leave descriptors open', async (context) => {
  const writer = await open(context);
  await writer.append(draftOf(1));
  await writer.close();
  const openFiles = (): string[] => readdirSync('/proc/self/fd').map((fd) => readLink(`/proc/self/fd/${fd}`)).filter((path) => path.startsWith(writer.folder));
  assert.deepEqual(openFiles(), []);
  const tampered = join(writer.folder, 'state/journal/0');
  writeFileSync(tampered, Buffer.alloc(statSync(tampered).size));
  await assert.rejects(openWriter({ folder: writer.folder }), refuses('journal-lost', /1 were acknowledged/));
  assert.deepEqual(openFiles(), []);
});

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor that listed the folder.
    return '';
  }
}

test('closing makes all of it durable and published; afterwards everything is refused', async (context) => {
  const writer = await open(context);
  const appending = Array.from({ length: 100 }, (_, number) => writer.append(draftOf(number)));
  await writer.close();
  assert.equal((await Promise.all(appending)).length, 100);
  assert.equal(openCheckpoint(readFileSync(join(writer.folder, 'checkpoint')), []).size, 100);
  await assert.rejects(writer.append(draftOf(200)), refuses('ledger-closed', /closed/));
  await assert.rejects(writer.publish(), refuses('ledger-closed', /closed/));
  assert.equal((await writer.ended).code, 'ledger-closed');
});

test('a clock that goes back is told once; the receipts are taken in the order of appending', async (context) => {
  const writer = await open(context);
  const told: unknown[] = [];
  context.after(ledgerClockWentBack.subscribe(({ from, to }) => told.push([from, to])));
  const [later, earlier] = ['2026-11-20T12:00:05.000Z', '2026-11-20T11:00:00.000Z'];
  const appended = [await writer.append({ ...draftOf(1), at: later }), await writer.append({ ...draftOf(2), at: earlier }), await writer.append({ ...draftOf(3), at: earlier })];
  assert.deepEqual(appended.map(({ index }) => index), [0, 1, 2]);
  assert.deepEqual(told, [[later, earlier]]);
});

test('a rotated key is announced by a receipt, and who knows the old one can follow after it is retired', async (context) => {
  const writer = await open(context);
  const [old] = await writer.keys();
  await writer.append(draftOf(1));
  const fresh = await writer.rotateKey();
  assert.deepEqual(await writer.keys(), [old, fresh]);
  assert.notEqual(await writer.lastHash(ledgerTenantId), '0'.repeat(64));
  await writer.retireKey(old!);
  await assert.rejects(writer.retireKey(fresh), refuses('unknown-key', /replaced/));
  await writer.close();
  assert.equal((await verifyLog({ target: writer.folder, keys: [old!], threads: 0 })).verdict, 'good');
  const keys = join(writer.folder, 'keys');
  assert.equal(statSync(keys).mode & 0o777, 0o700);
  for (const name of readdirSync(keys)) assert.equal(statSync(join(keys, name)).mode & 0o777, 0o600);
});

test('an author cannot say what only the ledger says of itself', async (context) => {
  const writer = await open(context);
  const forged = { id: 'ledger-pruned-256', kind: 'system', tenantId: ledgerTenantId, at, event: statementEvents.pruned, details: { minimumIndex: 256 } } as const;
  await assert.rejects(writer.append(forged), refuses('bad-receipt', /ledger itself/));
  assert.equal(await writer.lastHash(ledgerTenantId), '0'.repeat(64));
});

test('cosignatures of configured witnesses are kept and served; others are refused', async (context) => {
  const witness = signingKey({ name: 'witness.example/w1', type: signatureTypes.cosignature, seed: Buffer.alloc(32, 7) });
  const stranger = signingKey({ name: 'stranger.example/w2', type: signatureTypes.cosignature, seed: Buffer.alloc(32, 8) });
  const writer = await open(context, { witnesses: [formatVerifierKey(verifierKeyOf(witness))] });
  await writer.append(draftOf(1));
  const { note } = await writer.publish();
  const cosignedBy = (key: typeof witness): string => {
    const { text } = parseNote(note);
    return formatNote({ text, signatures: [cosignNote(text, key, { timestampS: 1_800_000_000 })] });
  };
  await assert.rejects(writer.cosign(cosignedBy(stranger)), refuses('unknown-witness', /configured witness/));
  await assert.rejects(writer.cosign(cosignedBy(witness).replace('\n1\n', '\n2\n')), refuses('unknown-checkpoint', /none that this ledger published/));
  await writer.cosign(cosignedBy(witness));
  const keys = [...(await writer.keys()).map((text) => parseVerifierKey(text)), verifierKeyOf(witness)];
  const served = openCheckpoint(readFileSync(join(writer.folder, 'checkpoint')), keys);
  assert.equal(served.checked.verified.length, 2);
  await writer.append(draftOf(2));
  await writer.publish();
  assert.equal(openCheckpoint(readFileSync(join(writer.folder, 'cosigned-checkpoint')), keys).checked.verified.length, 2, 'the newest that is cosigned stays');
});

test('a pruned log is verified by what is left of it, and says itself what is not', async (context) => {
  const writer = await open(context);
  await Promise.all(Array.from({ length: 700 }, (_, number) => writer.append(draftOf(number))));
  assert.equal(await writer.prune(600), 512);
  await assert.rejects(writer.entry(511), refuses('receipt-pruned', /receipt 511 was pruned/));
  assert.equal((await writer.find('tenant-2', 'receipt-512'))?.index, 512);
  const keys = await writer.keys();
  await writer.close();
  const report = await verifyLog({ target: writer.folder, keys, threads: 0 });
  assert.deepEqual([report.verdict, report.prunedBelow, report.receipts], ['good', 512, 701 - 512]);
});

test('a folder that is taken away under the writer ends it in order, and is told', async (context) => {
  const writer = await open(context);
  const told: string[] = [];
  context.after(ledgerTold.subscribe(({ what }) => told.push(what)));
  await writer.append(draftOf(1));
  rmSync(writer.folder, { recursive: true });
  await Promise.all(Array.from({ length: 20_000 }, (_, number) => writer.append(draftOf(number))));
  await assert.rejects(writer.publish(), refuses('disk-failed', /publishing: the disk failed \(ENOENT\)/));
  await writer.close();
  assert.match(told.join(), /ENOENT/);
});

test('a ledger that must exist is not begun, and nothing is made where it should be', async (context) => {
  const folder = temporaryFolder(context);
  await assert.rejects(open(context, { folder, mustExist: true }), refuses('no-ledger', /holds no ledger.*mount it.*start once without --ledger-existing/));
  assert.equal(existsSync(folder), false);
  // The empty folder on which a disk is mounted otherwise.
  mkdirSync(folder);
  await assert.rejects(open(context, { folder, mustExist: true }), refuses('no-ledger', /mount it/));
  assert.deepEqual(readdirSync(folder), []);
  await (await open(context, { folder })).close();
  assert.equal((await open(context, { folder, mustExist: true })).origin, 'writer.example/log');
});

test('a link to nothing is named, be it the folder or on the way there', async (context) => {
  const folder = temporaryFolder(context);
  symlinkSync(`${folder}-nowhere`, folder);
  for (const each of [folder, join(folder, 'below')]) await assert.rejects(open(context, { folder: each }), refuses('no-ledger', /is a link to what is not there; mount or make/));
  mkdirSync(`${folder}-nowhere`);
  assert.equal((await open(context, { folder })).origin, 'writer.example/log');
});

test('a first start on a disk that is full says so, and what to do', async (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(folder);
  // A disk of its own: only who may mount one can fill it.
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status !== 0) return context.skip('no disk can be mounted here');
  try {
    assert.throws(() => writeFileSync(join(folder, 'filling'), Buffer.alloc(131_072)), { code: 'ENOSPC' });
    await assert.rejects(open(context, { folder: join(folder, 'ledger') }), refuses('disk-full', /the disk is full.*make room, and it can be opened$/));
  } finally {
    spawnSync('umount', [folder]);
  }
  return undefined;
});
