// Exports to a folder and back: whatever is there verifies at each moment, and nothing is written over.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { cosignNote, exportLedger, formatNote, formatVerifierKey, fsckLedger, importLedger, LedgerError, logFolder, openWriter, parseNote, signatureTypes, signingKey, tilePath, verifierKeyOf, verifyLog } from '../../src/index.ts';
import { draft } from '../../src/testing/log-builder.ts';
import { append, folderFor, ledgerOf, openIn, origin, writeOn } from './ledger-in.ts';

const code = (expected: string) => (error: unknown) => error instanceof LedgerError && error.code === expected;

async function assertGood(target: string, size: number): Promise<void> {
  const report = await verifyLog({ target, threads: 0 });
  assert.deepEqual([report.verdict, report.receipts, report.findings], ['good', size, []]);
}

test('an export is a whole log in a folder of its own, and the next one adds what is new', async (t) => {
  const [from, to] = [await ledgerOf(t, 300), folderFor(t)];
  const first = await exportLedger({ from, to });
  assert.equal(first.place, join(to, 'ledger.example_2fnode-1'));
  await assertGood(first.place, 300);
  const again = await exportLedger({ from, to });
  assert.deepEqual([again.filesWritten, again.sizeBefore, again.size], [0, 300, 300]);
  await writeOn(from, 300, 700);
  const next = await exportLedger({ from, to });
  assert.deepEqual([next.sizeBefore, next.size], [300, 700]);
  await assertGood(next.place, 700);
  assert.deepEqual(readdirSync(join(next.place, 'tile/entries')).toSorted(), ['000', '001', '002.p'], 'partial tiles went with the full one');
});

test('several nodes export to one place and touch nothing of each other', async (t) => {
  const to = folderFor(t);
  const names = ['ledger.example/node-1', 'ledger.example/node-2', 'ledger.example_2fnode-1', 'ledger.example/node-1/tile'];
  const folders = await Promise.all(names.map((name) => ledgerOf(t, 40, name)));
  const reports = await Promise.all(folders.map((from) => exportLedger({ from, to })));
  assert.equal(new Set(reports.map(({ place }) => place)).size, names.length);
  for (const { place } of reports) await assertGood(place, 40);
});

test('an export that was cut short anywhere is completed by the next, and what was there before it is whole meanwhile', async (t) => {
  const [from, to] = [await ledgerOf(t, 600), folderFor(t)];
  const { place } = await exportLedger({ from, to });
  await writeOn(from, 600, 20_000);
  const stop = new AbortController();
  await assert.rejects(exportLedger({ from, to, signal: stop.signal, onProgress: (done) => done === 64 && stop.abort(new Error('cut')) }), /cut/);
  await assertGood(place, 600);
  let firstDone = 0;
  const report = await exportLedger({ from, to, onProgress: (done) => { firstDone ||= done; } });
  assert.equal(firstDone, 33, 'the second began at the last batch that the first had begun');
  assert.equal(report.sizeBefore, 600);
  await assertGood(place, 20_000);
});

test('a ledger is exported while it is written', async (t) => {
  const [from, to] = [folderFor(t), folderFor(t)];
  const writer = await openWriter({ folder: from, origin, publishEveryMs: 10 });
  let size = 0;
  for (let round = 0; round < 5; round += 1) {
    const appending = Promise.all(Array.from({ length: 400 }, () => writer.append(draft(size++))));
    const exported = await exportLedger({ from, to });
    await appending;
    await assertGood(exported.place, exported.size);
  }
  await writer.close();
  const last = await exportLedger({ from, to });
  assert.equal(last.size, 2_000);
  await assertGood(last.place, 2_000);
});

test('another log of the same origin, or one set back, is refused and what is there stays', async (t) => {
  const [from, to] = [await ledgerOf(t, 300), folderFor(t)];
  const { place } = await exportLedger({ from, to });
  await assert.rejects(exportLedger({ from: await ledgerOf(t, 200), to }), code('export-ahead'));
  const other = folderFor(t);
  const writer = await openIn(other);
  await append(writer, 1_000, 1_400);
  await writer.close();
  await assert.rejects(exportLedger({ from: other, to }), code('export-forked'));
  await assertGood(place, 300);
});

test('an empty log of the same origin and another key is not replaced; one of its own goes on', async (t) => {
  const [from, to] = [await ledgerOf(t, 0), folderFor(t)];
  const { place } = await exportLedger({ from, to });
  const before = readFileSync(join(place, 'checkpoint'));
  for (const size of [0, 300]) await assert.rejects(exportLedger({ from: await ledgerOf(t, size), to }), code('export-forked'));
  assert.deepEqual(readFileSync(join(place, 'checkpoint')), before);
  await writeOn(from, 0, 300);
  await exportLedger({ from, to });
  await assertGood(place, 300);
});

test('a tile in the place with other bytes stops the export', async (t) => {
  const [from, to] = [await ledgerOf(t, 10), folderFor(t)];
  const { place } = await exportLedger({ from, to });
  await writeOn(from, 10, 600);
  writeFileSync(join(place, 'tile/entries/000'), 'of somebody else');
  await assert.rejects(exportLedger({ from, to }), code('export-forked'));
  assert.equal(readFileSync(join(place, 'tile/entries/000'), 'utf8'), 'of somebody else');
});

test('damage is not copied', async (t) => {
  const to = folderFor(t);
  const from = await ledgerOf(t, 300);
  const bundle = join(from, tilePath({ level: 'entries', index: 0, width: 256 }));
  const bytes = readFileSync(bundle);
  bytes[500]! ^= 1;
  writeFileSync(bundle, bytes);
  await assert.rejects(exportLedger({ from, to }), code('log-damaged'));
  writeFileSync(join(from, 'checkpoint'), readFileSync(join(from, 'checkpoint'), 'utf8').replace('\n300\n', '\n299\n'));
  await assert.rejects(exportLedger({ from, to }), code('log-damaged'));
  assert.deepEqual(readdirSync(to, { recursive: true }).filter((name) => String(name).endsWith('checkpoint')), []);
});

for (const size of [0, 1, 255, 256, 700, 1_024]) {
  test(`a ledger of ${size} receipts is restored from its export and its keys alone, and goes on`, async (t) => {
    const [from, to, restored] = [await ledgerOf(t, size), folderFor(t), join(folderFor(t), 'restored')];
    const before = readFileSync(join(from, 'checkpoint'), 'utf8');
    const { place } = await exportLedger({ from, to });
    const keys = join(folderFor(t), 'keys');
    cpSync(join(from, 'keys'), keys, { recursive: true });
    rmSync(from, { recursive: true });
    const report = await importLedger({ from: place, to: restored, signingKeys: keys, since: [before] });
    assert.deepEqual([report.size, report.isWritable, report.origin], [size, true, origin]);
    for (const name of readdirSync(join(restored, 'keys'))) assert.equal(statSync(join(restored, 'keys', name)).mode & 0o777, 0o600);
    const writer = await openIn(restored);
    if (size > 0) assert.equal((await writer.append(draft(size - 1))).isRepeat, true, 'ids are known again');
    assert.equal((await writer.append(draft(size))).index, size);
    await writer.close();
    const verified = await verifyLog({ target: restored, since: [before], threads: 0 });
    assert.deepEqual([verified.verdict, verified.receipts], ['good', size + 1]);
    // And the export goes on from there.
    assert.equal((await exportLedger({ from: restored, to })).sizeBefore, size);
  });
}

test('a key that was made after the export is announced by the restored ledger, and who knows the old one can follow', async (t) => {
  const [from, to, restored] = [await ledgerOf(t, 30), folderFor(t), join(folderFor(t), 'restored')];
  const { place } = await exportLedger({ from, to });
  const known = readFileSync(join(from, 'vkeys'), 'utf8').trim();
  const rotating = await openIn(from);
  const newer = await rotating.rotateKey();
  await rotating.close();
  await importLedger({ from: place, to: restored, signingKeys: join(from, 'keys') });
  const writer = await openIn(restored);
  assert.deepEqual(await writer.keys(), [known, newer]);
  await writer.retireKey(known);
  await writer.close();
  assert.equal((await verifyLog({ target: restored, keys: [known], threads: 0 })).verdict, 'good');
});

test('without keys an import is to be read and verified only', async (t) => {
  const [from, to] = [await ledgerOf(t, 300), join(folderFor(t), 'copy')];
  const report = await importLedger({ from, to });
  assert.equal(report.isWritable, false);
  await assertGood(to, 300);
  await assert.rejects(openIn(to), code('state-lost'));
});

test('what does not verify is not imported, nor into a folder that holds a log, nor with keys of another', async (t) => {
  const from = await ledgerOf(t, 300);
  const to = join(folderFor(t), 'copy');
  const bundle = join(from, tilePath({ level: 'entries', index: 0, width: 256 }));
  const bytes = readFileSync(bundle);
  bytes[500]! ^= 1;
  writeFileSync(bundle, bytes);
  await assert.rejects(importLedger({ from, to }), code('import-refused'));
  assert.ok(!readdirSync(to).includes('checkpoint'), 'it does not look like a log');
  const good = await ledgerOf(t, 30);
  await assert.rejects(importLedger({ from: good, to: await ledgerOf(t, 3) }), code('import-refused'));
  const other = await ledgerOf(t, 3, 'ledger.example/other');
  await assert.rejects(importLedger({ from: good, to: join(folderFor(t), 'new'), signingKeys: join(other, 'keys') }), code('bad-key'));
  await assert.rejects(importLedger({ from: good, to: join(folderFor(t), 'new'), signingKeys: folderFor(t) }), code('key-lost'));
  const emptied = folderFor(t);
  writeFileSync(join(emptied, '0001-00000000'), '');
  await assert.rejects(importLedger({ from: good, to: join(folderFor(t), 'new'), signingKeys: emptied }), (error: Error) => code('bad-key')(error) && error.message.startsWith(join(emptied, '0001-00000000')));
  // Somebody else's log of that name: nothing of his is left in which a log that begins here would speak.
  const forged = join(folderFor(t), 'new');
  await assert.rejects(importLedger({ from: good, to: forged, keys: [readFileSync(join(other, 'vkeys'), 'utf8').trim()] }), code('import-refused'));
  assert.deepEqual(readdirSync(forged), ['tile']);
  // Whoever starts on what is left is told the same as who checks it; importing it again goes on with it.
  const left = (error: unknown): boolean => code('no-ledger')(error) && /import it again, or remove the folder/.test((error as Error).message);
  assert.throws(() => fsckLedger({ folder: forged }), left);
  await assert.rejects(openIn(forged), left);
  await importLedger({ from: good, to: forged, signingKeys: join(good, 'keys') });
  assert.equal(fsckLedger({ folder: forged }).isSound, true);
});

test('an older export than a checkpoint that is known is refused', async (t) => {
  const [from, to] = [await ledgerOf(t, 30), folderFor(t)];
  const { place } = await exportLedger({ from, to });
  await writeOn(from, 30, 60);
  const since = [readFileSync(join(from, 'checkpoint'))];
  await assert.rejects(importLedger({ from: place, to: join(folderFor(t), 'new'), since }), code('import-refused'));
});

test('what is pruned stays in copies that were made before, and is missing in those made after, as the log says', async (t) => {
  const [from, before, after] = [await ledgerOf(t, 700), folderFor(t), folderFor(t)];
  const { place: whole } = await exportLedger({ from, to: before });
  const writer = await openIn(from);
  await writer.prune(512);
  await append(writer, 700, 1_100);
  await writer.close();
  const archived = await exportLedger({ from, to: before });
  await assertGood(whole, 1_101);
  const { place } = await exportLedger({ from, to: after });
  const report = await verifyLog({ target: place, threads: 0 });
  assert.deepEqual([report.verdict, report.prunedBelow], ['good', 512]);
  const copy = join(folderFor(t), 'copy');
  assert.equal((await importLedger({ from: place, to: copy })).size, 1_101);
  // A copy that was pruned does not say by itself how far: whoever copies it on does.
  await assert.rejects(exportLedger({ from: copy, to: folderFor(t) }), code('missing-tile'));
  assert.equal((await exportLedger({ from: copy, to: folderFor(t), minimumIndex: 512 })).size, 1_101);
  const keys = join(from, 'keys');
  await assert.rejects(importLedger({ from: place, to: join(folderFor(t), 'new'), signingKeys: keys }), code('import-refused'));
  assert.equal((await importLedger({ from: archived.place, to: join(folderFor(t), 'new'), signingKeys: keys })).isWritable, true);
  // Lost is not pruned.
  rmSync(join(from, tilePath({ level: 'entries', index: 2, width: 256 })));
  await assert.rejects(exportLedger({ from, to: folderFor(t) }), code('missing-tile'));
  rmSync(join(place, tilePath({ level: 'entries', index: 2, width: 256 })));
  await assert.rejects(importLedger({ from: place, to: join(folderFor(t), 'new') }), code('import-refused'));
});

test('a copy that ends below what was pruned is left as it is, not given a hole', async (t) => {
  const [from, to] = [await ledgerOf(t, 300), folderFor(t)];
  const { place } = await exportLedger({ from, to });
  const writer = await openIn(from);
  await append(writer, 300, 1_000);
  await writer.prune(512);
  await writer.close();
  await assert.rejects(exportLedger({ from, to }), code('export-gap'));
  await assertGood(place, 300);
  assert.equal((await exportLedger({ from, to: folderFor(t) })).size, 1_001);
});

test('an export that was cut short before a pruning is not continued past it', async (t) => {
  const [from, to] = [await ledgerOf(t, 12_000), folderFor(t)];
  const abort = new AbortController();
  await assert.rejects(exportLedger({ from, to, signal: abort.signal, onProgress: (done) => done === 32 && abort.abort() }), { name: 'AbortError' });
  const again = { from, to: folderFor(t) };
  const stopped = new AbortController();
  await assert.rejects(exportLedger({ ...again, signal: stopped.signal, onProgress: (done) => done === 32 && stopped.abort() }), { name: 'AbortError' });
  const writer = await openIn(from);
  await writer.prune(2_560);
  await assertGood((await exportLedger({ from, to })).place, 12_001);
  await writer.prune(10_240);
  await writer.close();
  await assert.rejects(exportLedger(again), code('export-gap'));
});

test('what witnesses signed goes along, and must be of the same log to come back', async (t) => {
  const [from, to] = [await ledgerOf(t, 300), folderFor(t)];
  const witness = signingKey({ name: 'witness.example', seed: Buffer.alloc(32, 9), type: signatureTypes.cosignature });
  const cosign = async (): Promise<void> => {
    const writer = await openWriter({ folder: from, witnesses: [formatVerifierKey(verifierKeyOf(witness))] });
    const { text, signatures } = parseNote(writer.published.note);
    await writer.cosign(formatNote({ text, signatures: [...signatures, cosignNote(text, witness, { timestampS: 1_790_000_000 })] }));
    await writer.close();
  };
  await cosign();
  await writeOn(from, 300, 600);
  const { place } = await exportLedger({ from, to });
  const cosigned = readFileSync(join(from, 'cosigned-checkpoint'));
  assert.deepEqual(readFileSync(join(place, 'cosigned-checkpoint')), cosigned);
  const back = join(folderFor(t), 'back');
  await importLedger({ from: place, to: back });
  assert.deepEqual(readFileSync(join(back, 'cosigned-checkpoint')), cosigned);
  await cosign();
  assert.equal((await exportLedger({ from, to })).filesWritten, 2, 'the same checkpoint with one more signature, twice');
  assert.notDeepEqual(readFileSync(join(place, 'cosigned-checkpoint')), cosigned);
  const other = await ledgerOf(t, 1);
  await writeOn(other, 1_000, 1_309);
  writeFileSync(join(place, 'cosigned-checkpoint'), readFileSync(join(other, 'checkpoint')));
  const refused = join(folderFor(t), 'refused');
  await assert.rejects(importLedger({ from: place, to: refused }), (error: Error) => code('import-refused')(error) && /witnesses were shown another log/.test(error.message));
  assert.equal(existsSync(join(refused, 'checkpoint')), false);
});

test('folders of logs are distinct, and safe as names of files', () => {
  assert.equal(logFolder('ledger.example.org/node-1'), 'ledger.example.org_2fnode-1');
  assert.equal(logFolder('..'), '_2e.');
  assert.equal(logFolder('a_2fb'), 'a_5f2fb');
  assert.equal(logFolder('é'), '_c3_a9');
});
