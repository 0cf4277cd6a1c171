// What may happen to a disk: what is refused, what is repaired, what the operator is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom } from '@flyball/kernel';

import { LedgerError, type LedgerErrorCode } from '../../src/errors.ts';
import { answersOf } from '../../src/store/commit.ts';
import { fsck, type FsckReport } from '../../src/store/repair/fsck.ts';
import { Store } from '../../src/store/store.ts';
import { MemoryDisk } from './memory-disk.ts';
import { at, draftOf, folder, openOn, textsOf, toolsOn, turns } from './workload.ts';

function append(store: Store, from: number, count: number): void {
  for (let number = from; number < from + count; number += 25) {
    const answers = answersOf(store.append(textsOf(Array.from({ length: Math.min(25, from + count - number) }, (_, offset) => draftOf(number + offset, 'detail'.repeat(10))))));
    for (const answer of answers) if (answer instanceof LedgerError) throw answer;
  }
  store.settle();
}

/** A closed ledger of `count` receipts that was published at each hundred. */
async function ledgerOf(count: number): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const store = openOn(disk);
  for (let number = 0; number < count; number += 100) {
    append(store, number, Math.min(100, count - number));
    store.publish();
    await turns();
  }
  await store.close();
  return disk;
}

const flip = (offset: number) => (bytes: Buffer): Buffer => {
  bytes[offset] = bytes[offset]! ^ 4;
  return bytes;
};

const refuses = (code: LedgerErrorCode, message: RegExp) => (error: unknown) => error instanceof LedgerError && error.code === code && message.test(error.message);
const check = (disk: MemoryDisk, repair = false, newKey = false): FsckReport => fsck({ folder, repair, newKey }, toolsOn(disk));
const codes = ({ findings }: FsckReport): string[] => findings.map(({ code, state }) => `${code} ${state}`);

/** Repairs, says what, and shows that the ledger opens, is whole and goes on. */
async function repairs(disk: MemoryDisk, expected: readonly string[], size: number): Promise<FsckReport> {
  const before = check(disk);
  assert.deepEqual(codes(before), expected.map((code) => `${code} repairable`));
  const report = check(disk, true);
  assert.deepEqual(codes(report), expected.map((code) => `${code} repaired`));
  assert.deepEqual(codes(check(disk)), []);
  const store = openOn(disk);
  assert.equal(store.size, size);
  append(store, 10_000, 30);
  await store.close();
  assert.deepEqual(codes(check(disk)), []);
  return report;
}

test('a sound ledger has no findings, whether it was closed or killed', async () => {
  const disk = await ledgerOf(700);
  assert.deepEqual(check(disk), { folder, size: 700, findings: [], isSound: true });
  const store = openOn(disk);
  append(store, 700, 40);
  assert.deepEqual(codes(check(disk)), []);
  assert.equal(check(disk).size, 740, 'what was acknowledged and not published counts');
});

test('disk full: appends that need room are refused by that name, nothing is lost, and it goes on by itself', async () => {
  const disk = await ledgerOf(100);
  const store = openOn(disk);
  disk.isFull = true;
  let taken = 100;
  assert.throws(() => {
    for (; taken < 5_000; taken += 1) append(store, taken, 1);
  }, refuses('disk-full', /nothing is lost: make room/));
  assert.equal(store.size, taken);
  assert.throws(() => store.publish(), refuses('disk-full', /publishing/));
  disk.isFull = false;
  append(store, taken, 500);
  store.publish();
  await store.close();
  assert.deepEqual([check(disk).size, codes(check(disk))], [taken + 500, []]);
});

test('a first start on a full disk says that it can be opened once there is room', () => {
  const disk = new MemoryDisk();
  disk.isFull = true;
  assert.throws(() => openOn(disk), refuses('disk-full', /opening the ledger in .*: the disk is full .*make room, and it can be opened$/));
  disk.isFull = false;
  assert.equal(openOn(disk).size, 0);
});

test('read-only disk: refused at the start, saying why; fsck still looks', async () => {
  const disk = await ledgerOf(300);
  disk.isReadOnly = true;
  assert.throws(() => openOn(disk), refuses('disk-read-only', /mount it for writing/));
  assert.deepEqual(codes(check(disk)), []);
});

test('a torn commit that nobody was told of is dropped, and its place used again', async () => {
  const disk = await ledgerOf(250);
  const store = openOn(disk);
  append(store, 250, 50);
  const [path] = lastFrame(disk);
  disk.tamper(path, (bytes) => bytes.fill(0, bytes.lastIndexOf('details')));
  const again = openOn(disk);
  assert.equal(again.size, 275, 'two commits of 25, the last torn');
  append(again, 275, 25);
  await again.close();
  assert.deepEqual([check(disk).size, codes(check(disk))], [300, []]);
});

/** The segment that the newest frame is in. */
function lastFrame(disk: MemoryDisk): [path: string, bytes: Buffer] {
  const segments = [...disk.files()].filter(([path]) => path.startsWith(`${folder}/state/journal/`));
  const newest = (bytes: Buffer): number => Math.max(...bytes.toString('latin1').matchAll(/"number":(\d+)/g).map((found) => Number(found[1])), -1);
  return segments.toSorted(([, a], [, b]) => newest(b) - newest(a))[0]!;
}

test('a bit flipped in the journal is no torn write: refused, and repaired from the published bundles', async () => {
  const disk = await ledgerOf(100);
  const store = openOn(disk);
  for (let number = 100; number < 160; number += 20) append(store, number, 20);
  store.publish();
  append(store, 160, 10);
  const [path, bytes] = lastFrame(disk);
  disk.tamper(path, flip(bytes.indexOf('"number":125')));
  assert.throws(() => openOn(disk), refuses('journal-damaged', /acknowledged receipts 120 to 139 .* fsck --repair/));
  await repairs(disk, ['journal-damaged'], 170);
});

test('what was acknowledged, never published and then destroyed is named, not invented', async () => {
  const disk = await ledgerOf(100);
  const store = openOn(disk);
  for (let number = 100; number < 160; number += 20) append(store, number, 20);
  const [path, bytes] = lastFrame(disk);
  disk.tamper(path, flip(bytes.indexOf('"number":125')));
  assert.throws(() => openOn(disk), refuses('journal-damaged', /120 to 139/));
  const { findings } = await repairs(disk, ['journal-damaged'], 120);
  assert.match(findings[0]!.message, /receipts 120 to 139 are nowhere on this disk/);
});

test('receipts that only the journal has, in more than one bundle, outlive its repair', async () => {
  for (const [published, flipped, kept] of [[0, 505, 500], [100, 405, 400], [100, 30, 550]] as const) {
    const disk = await ledgerOf(published);
    const store = openOn(disk);
    append(store, published, 550 - published);
    disk.restart('kept', seededRandom(1));
    const [path, bytes] = [...disk.files()].filter(([name]) => name.startsWith(`${folder}/state/journal/`)).find(([, each]) => each.includes(`"number":${flipped}}`)) ?? assert.fail(`receipt ${flipped} of ${published} published`);
    disk.tamper(path, flip(bytes.indexOf(`"number":${flipped}}`)));
    assert.throws(() => openOn(disk), LedgerError);
    await repairs(disk, ['journal-damaged'], kept);
  }
});

test('a repair of the journal that is cut short, wherever, is made good by the next one', async () => {
  for (let at = 1, isCut = true; isCut; at += 1) {
    const disk = await ledgerOf(100);
    append(openOn(disk), 100, 450);
    disk.restart('kept', seededRandom(1));
    const [path, bytes] = [...disk.files()].filter(([name]) => name.startsWith(`${folder}/state/journal/`)).find(([, each]) => each.includes('"number":405}')) ?? assert.fail();
    disk.tamper(path, flip(bytes.indexOf('"number":405}')));
    disk.inject({ at, kind: 'crash-before' });
    try {
      check(disk, true);
      isCut = false;
    } catch {
      disk.restart('lost', seededRandom(at));
    }
    disk.inject(undefined);
    check(disk, true);
    assert.equal(openOn(disk).size, 400, `cut short before change ${at}`);
    assert.ok(at < 100);
  }
});

test('the journal gone: refused, since receipts after the checkpoint may be lost; repaired from bundles', async () => {
  const disk = await ledgerOf(300);
  for (const path of disk.files().keys()) if (path.includes('/journal/')) disk.tamper(path, () => undefined);
  assert.throws(() => openOn(disk), refuses('journal-lost', /ends at receipt 0, but 300 were acknowledged/));
  await repairs(disk, ['journal-lost'], 300);
});

test('a journal segment cut short is treated as what it lost', async () => {
  const disk = await ledgerOf(300);
  const [path] = lastFrame(disk);
  disk.tamper(path, (bytes) => bytes.subarray(0, 4096));
  assert.throws(() => openOn(disk), refuses('journal-lost', /300 were acknowledged/));
  await repairs(disk, ['journal-lost'], 300);
});

test('state/ gone: refused; repaired up to the checkpoint', async () => {
  const disk = await ledgerOf(300);
  for (const path of disk.files().keys()) if (path.includes('/state/')) disk.tamper(path, () => undefined);
  assert.throws(() => openOn(disk), refuses('state-lost', /restore state\/ from a backup, or accept that by fsck --repair/));
  await repairs(disk, ['state-lost', 'journal-lost'], 300);
});

test('the identity gone or changed: made anew, with nothing lost of what only the journal has', async () => {
  for (const change of [() => undefined, flip(3)]) {
    const disk = await ledgerOf(300);
    append(openOn(disk), 300, 70);
    disk.restart('kept', seededRandom(1));
    disk.tamper(`${folder}/state/ledger.json`, change);
    assert.throws(() => openOn(disk), LedgerError);
    await repairs(disk, ['state-lost'], 370);
  }
});

for (const [what, change] of [['missing', () => undefined], ['flipped in one bit', flip(70)], ['cut short', (bytes: Buffer) => bytes.subarray(0, 100)]] as const) {
  test(`a tile ${what} is made anew from the bundles`, async () => {
    const disk = await ledgerOf(700);
    disk.tamper(`${folder}/tile/0/001`, change);
    await repairs(disk, [what === 'missing' ? 'missing-tile' : 'bad-tile'], 700);
  });

  test(`a bundle ${what} is repaired while its receipts are elsewhere, and named when they are not`, async () => {
    const disk = await ledgerOf(700);
    const store = openOn(disk);
    append(store, 700, 100);
    store.publish();
    disk.restart('kept', seededRandom(1));
    // Still in the journal: 768 receipts are three full bundles.
    disk.tamper(`${folder}/tile/entries/002`, change);
    await repairs(disk, [what === 'missing' ? 'missing-bundle' : 'bad-bundle'], 800);
    disk.tamper(`${folder}/tile/entries/000`, change);
    const [finding] = check(disk, true).findings;
    assert.equal(finding!.state, 'unrepairable');
    assert.match(finding!.message, /^tile\/entries\/000 is (missing, with receipts 0 to 255|wrong from receipt 0 on \(\d+ of 256\))$/);
  });
}

test('a missing tile that the tree grows from stops the start, naming it', async () => {
  const disk = await ledgerOf(700);
  disk.tamper(`${folder}/tile/0/000`, () => undefined);
  assert.throws(() => openOn(disk), refuses('missing-tile', /tile\/0\/000 is missing; fsck --repair/));
});

test('a receipt changed together with its tile is a fork of the signed log: refused, and not "repaired"', async () => {
  const disk = await ledgerOf(700);
  disk.tamper(`${folder}/tile/0/000`, flip(5));
  disk.tamper(`${folder}/tile/entries/000`, flip(300));
  assert.throws(() => openOn(disk), refuses('log-forked', /do not lead to the published checkpoint of 700/));
  assert.equal(check(disk, true).isSound, false);
});

test('a changed checkpoint is told and made anew', async () => {
  const disk = await ledgerOf(300);
  const before = disk.files().get(`${folder}/checkpoint`)!.toString();
  disk.tamper(`${folder}/checkpoint`, flip(30));
  const told: string[] = [];
  const store = openOn(disk, told);
  assert.match(told.join(), /the checkpoint was torn, or changed/);
  assert.equal(store.published.note, before);
});

for (const [what, path] of [['snapshot', 'snapshot'], ['index', 'ids/0']] as const) {
  for (const [how, change] of [['lost', () => undefined], ['flipped in one bit', (bytes: Buffer) => flip(bytes.length - 40)(bytes)]] as const) {
    test(`the ${what} of ids ${how}: told, and made anew from the receipts`, async () => {
      const disk = await ledgerOf(700);
      const runs = [...disk.files().keys()].filter((name) => name.includes('/state/ids/'));
      disk.tamper(path === 'snapshot' ? `${folder}/state/snapshot` : runs[0]!, change);
      const told: string[] = [];
      const store = openOn(disk, told);
      if (what === 'index' || how !== 'lost') assert.match(told.join(), /made anew from the receipts/);
      const [first, last] = answersOf(store.append(textsOf([draftOf(3, 'detail'.repeat(10)), draftOf(699, 'other')])));
      assert.ok(!(first instanceof LedgerError) && !(last instanceof LedgerError));
      assert.deepEqual([first!.index, first!.isRepeat, last!.index, last!.isRepeat, store.size], [3, true, 699, true, 700]);
      await store.close();
    });
  }
}

test('the keys lost: refused; a new one only when asked for', async () => {
  const disk = await ledgerOf(300);
  for (const path of disk.files().keys()) if (path.includes('/keys/')) disk.tamper(path, () => undefined);
  assert.throws(() => openOn(disk), refuses('key-lost', /restore it from a backup/));
  assert.deepEqual(codes(check(disk, true)), ['key-lost unrepairable']);
  assert.deepEqual(codes(check(disk, true, true)), ['key-lost repaired']);
  const store = openOn(disk);
  append(store, 300, 10);
  await store.close();
  assert.equal(disk.files().get(`${folder}/vkeys`)!.toString().split('\n').length, 3, 'the old verifier key is still told');
});

test('a key file that is cut is named; what else lies among the keys is none', async () => {
  const disk = await ledgerOf(30);
  disk.makeFolder(`${folder}/keys/keys.backup`);
  await openOn(disk).close();
  assert.deepEqual(codes(check(disk)), []);
  const path = [...disk.files().keys()].find((each) => each.includes('/keys/0001-'))!;
  disk.tamper(path, (bytes) => bytes.subarray(0, 10));
  assert.throws(() => openOn(disk), refuses('bad-key', /keys\/0001-.*: not a signing key/));
  disk.tamper(path, () => undefined);
  assert.throws(() => openOn(disk), refuses('key-lost', /restore it from a backup/));
});

test('a key file without a key is set aside for a new one, when asked for', async () => {
  const disk = await ledgerOf(30);
  const path = [...disk.files().keys()].find((each) => each.includes('/keys/0001-'))!;
  disk.tamper(path, () => Buffer.alloc(0));
  assert.deepEqual(codes(check(disk, true)), ['bad-key unrepairable']);
  assert.deepEqual(codes(check(disk, true, true)), ['bad-key repaired', 'key-lost repaired']);
  assert.ok(disk.files().has(`${path}.damaged`));
  await openOn(disk).close();
  assert.deepEqual(codes(check(disk)), []);
});

test('rubbish among the verifier keys is removed, and the log says its own again', async () => {
  const disk = await ledgerOf(30);
  const before = disk.files().get(`${folder}/vkeys`)!.toString();
  disk.tamper(`${folder}/vkeys`, () => Buffer.from(`rubbish\n`));
  assert.deepEqual(codes(check(disk, true)), ['bad-key repaired']);
  await openOn(disk).close();
  assert.equal(disk.files().get(`${folder}/vkeys`)!.toString(), before);
  assert.deepEqual(codes(check(disk)), []);
});

test('keys are for their owner alone, and rotate with a receipt that the old key signs', async () => {
  const disk = await ledgerOf(100);
  const store = openOn(disk);
  const old = store.keys[0]!;
  store.rotateKey(at);
  assert.equal(store.published.note.split('\n— ').length - 1, 2, 'both sign');
  store.retireKey(old.id);
  assert.equal(store.published.note.split('\n— ').length - 1, 1);
  assert.throws(() => store.retireKey(old.id), refuses('unknown-key', /later one has replaced/));
  await store.close();
  const keys = [...disk.files().keys()].filter((path) => path.includes('/keys/'));
  assert.deepEqual(keys.map((path) => disk.modeOf(path)), [0o600]);
  const secret = disk.files().get(keys[0]!)!.toString().trim().split('+').at(-1)!;
  for (const [path, bytes] of disk.files()) if (!path.includes('/keys/')) assert.ok(!bytes.includes(secret), path);
});

test('the ledger of another origin is not written', async () => {
  const disk = await ledgerOf(10);
  assert.throws(() => Store.open({ folder, origin: 'other.example/log', at }, toolsOn(disk)), refuses('wrong-origin', /is the ledger of test.example\/ledger/));
});

test('pruning removes old bundles only, and what is left opens, proves and goes on, even with its index lost', async () => {
  const disk = await ledgerOf(900);
  const store = openOn(disk);
  await assert.rejects(store.prune(5_000, at), refuses('cannot-prune', /up to the 900 that are published/));
  await assert.rejects(store.prune(100, at), refuses('cannot-prune', /whole bundles/));
  assert.equal(await store.prune(600, at), 512);
  const bundles = (): string[] => [...disk.files().keys()].filter((path) => /entries\/\d+$/.test(path)).map((path) => path.slice(-3));
  assert.deepEqual(bundles(), ['002']);
  assert.throws(() => store.entry(3), refuses('receipt-pruned', /receipt 3 was pruned, as all below 512/));
  const [again, other] = answersOf(store.append(textsOf([draftOf(3), draftOf(600)])));
  assert.ok(again instanceof LedgerError && again.code === 'receipt-pruned', 'its id is still known');
  assert.ok(!(other instanceof LedgerError) && other!.isRepeat);
  const before = Buffer.from(store.lastHash('tenant-3'));
  await store.close();
  assert.deepEqual([codes(check(disk)), check(disk).size], [[], 901]);
  disk.tamper(`${folder}/state/snapshot`, () => undefined);
  const told: string[] = [];
  const reopened = openOn(disk, told);
  assert.match(told.join(), /ids of receipts 0 to 900 are forgotten/);
  assert.deepEqual(Buffer.from(reopened.lastHash('tenant-3')), before);
  append(reopened, 901, 300);
  assert.equal(await reopened.prune(1_100, at), 1_024);
  await reopened.close();
  assert.deepEqual([codes(check(disk)), bundles()], [[], []]);
});
