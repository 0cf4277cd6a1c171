// What was tampered with is named: the receipt, or the file.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildLog, draft, entries, entriesOf, type LogFiles } from '../../src/testing/log-builder.ts';
import { edited, said, verifyFiles, withEntries, withEntriesAndTiles, type Said } from './tampering.ts';

const log = entries(1_000);
const stranger = entriesOf([draft(1_000_000, { tenantId: 'tenant-3' })])[0]!;
const changedText = (entry: Buffer) => Buffer.from(entry.toString().replace('"warning"', '"healthy"'));
const notReceipt = (entry: Buffer) => Buffer.from(entry.toString().replace('"kind":"transition"', '"kind":["ransition"'));

/** Only the entries on disk were tampered with: the tiles still tell what was signed. */
const inEntries: readonly (readonly [string, (copy: Buffer[]) => void, Said])[] = [
  ['changed', (copy) => copy.splice(400, 1, changedText(copy[400]!)), ['receipt-changed 400']],
  ['changed into no receipt', (copy) => copy.splice(400, 1, notReceipt(copy[400]!)), ['receipt-changed 400']],
  ['the first changed', (copy) => copy.splice(0, 1, changedText(copy[0]!)), ['receipt-changed 0']],
  ['the last changed', (copy) => copy.splice(999, 1, changedText(copy[999]!)), ['receipt-changed 999']],
  ['two changed', (copy) => [3, 700].forEach((at) => copy.splice(at, 1, changedText(copy[at]!))), ['receipt-changed 3', 'receipt-changed 700']],
  ['one put in the place of another', (copy) => copy.splice(400, 1, stranger), ['receipt-changed 400']],
  ['dropped', (copy) => copy.splice(400, 1), ['receipt-dropped 400']],
  ['the first dropped', (copy) => copy.splice(0, 1), ['receipt-dropped 0']],
  ['three dropped', (copy) => copy.splice(254, 3), ['receipt-dropped 254', 'receipt-dropped 255', 'receipt-dropped 256']],
  ['added', (copy) => copy.splice(400, 0, stranger), ['receipt-added@400']],
  ['doubled', (copy) => copy.splice(401, 0, copy[400]!), ['receipt-added@401']],
  ['neighbours reordered', (copy) => copy.splice(400, 2, copy[401]!, copy[400]!), ['receipt-reordered 400@401']],
  ['one moved down', (copy) => copy.splice(300, 0, ...copy.splice(600, 1)), ['receipt-reordered 600@300']],
  ['one moved up', (copy) => copy.splice(600, 0, ...copy.splice(300, 1)), ['receipt-reordered 300@600']],
];
for (const [name, edit, expected] of inEntries) {
  test(`entries: ${name}`, async () => {
    const report = await verifyFiles(filled(withEntries(log, edited(log, edit)), log.length));
    assert.deepEqual(said(report), expected);
    assert.equal(report.exitCode, 1);
  });
}

/** Where receipts were dropped or added, the last bundle has another width than the checkpoint asks for: it is renamed to fit, as a careful hand would. */
function filled(files: LogFiles, size: number): LogFiles {
  const width = size % 256;
  const [path, bytes] = [...files].find(([name]) => name.startsWith('tile/entries/003.p/')) ?? [];
  if (path && bytes) {
    files.delete(path);
    files.set(`tile/entries/003.p/${width}`, bytes);
  }
  return files;
}

test('the finding says who: index, id and tenant', async () => {
  const { findings } = await verifyFiles(withEntries(log, edited(log, (copy) => copy.splice(402, 1, changedText(copy[402]!)))));
  assert.deepEqual([findings[0]!.index, findings[0]!.receiptId, findings[0]!.tenantId], [402, 'receipt-402', 'tenant-2']);
  assert.match(findings[0]!.message, /receipt 402 \(receipt-402 of tenant-2\) was changed/);
});

/** All tiles were made anew to fit; without the key, only the chains tell which receipt it was. */
const inEverything: readonly (readonly [string, (copy: Buffer[]) => void, Said])[] = [
  ['changed', (copy) => copy.splice(400, 1, changedText(copy[400]!)), ['receipt-changed 400', 'root-mismatch']],
  ['its place in the chain changed', (copy) => copy.splice(400, 1, Buffer.from(copy[400]!.toString().replace(/"prevReceiptHash":"../, '"prevReceiptHash":"00'))), ['receipt-changed 400', 'root-mismatch']],
  ['the last of its tenant changed', (copy) => copy.splice(999, 1, changedText(copy[999]!)), ['root-mismatch']],
  ['dropped, another added at the end', (copy) => copy.push(...copy.splice(400, 1)), ['receipt-reordered 999', 'root-mismatch']],
  ['replaced by one of another tenant', (copy) => copy.splice(400, 1, stranger), ['receipt-added 400', 'receipt-dropped', 'root-mismatch']],
  ['neighbours of one tenant reordered', (copy) => ([copy[400], copy[405]] = [copy[405]!, copy[400]!]), ['receipt-reordered 405', 'root-mismatch']],
];
for (const [name, edit, expected] of inEverything) {
  test(`entries and tiles: ${name}`, async () => {
    const report = await verifyFiles(withEntriesAndTiles(log, edited(log, edit)));
    assert.deepEqual(said(report), expected);
  });
}

test('an upper tile left behind narrows it down when entries and lowest tiles were changed', async () => {
  const files = withEntriesAndTiles(log, edited(log, (copy) => copy.splice(400, 1, changedText(copy[400]!))));
  const last = edited(log, (copy) => copy.splice(767, 1, changedText(copy[767]!)));
  files.set('tile/1/000.p/3', buildLog(log).get('tile/1/000.p/3')!);
  assert.deepEqual(said(await verifyFiles(files)), ['receipt-changed 400', 'bad-tile tile/0/001']);
  const other = withEntriesAndTiles(entries(768), last.slice(0, 768));
  other.set('tile/1/000.p/3', buildLog(log).get('tile/1/000.p/3')!);
  const report = await verifyFiles(other);
  assert.deepEqual(said(report), ['receipt-changed tile/entries/002', 'bad-tile tile/0/002']);
  assert.match(report.findings[0]!.message, /receipts 512 to 767/);
});

const byFile: readonly (readonly [string, (files: LogFiles) => void, Said])[] = [
  ['a lowest tile changed', (files) => flip(files, 'tile/0/002', 77), ['bad-tile tile/0/002']],
  ['the partial lowest tile changed', (files) => flip(files, 'tile/0/003.p/232', 0), ['bad-tile tile/0/003.p/232']],
  ['an upper tile changed', (files) => flip(files, 'tile/1/000.p/3', 40), ['bad-tile tile/1/000.p/3']],
  ['a lowest tile cut', (files) => files.set('tile/0/002', files.get('tile/0/002')!.subarray(0, 100)), ['bad-tile tile/0/002']],
  ['an upper tile cut', (files) => files.set('tile/1/000.p/3', files.get('tile/1/000.p/3')!.subarray(0, 95)), ['bad-tile tile/1/000.p/3']],
  ['a lowest tile gone', (files) => files.delete('tile/0/002'), ['missing-tile tile/0/002']],
  ['an upper tile gone', (files) => files.delete('tile/1/000.p/3'), ['missing-tile tile/1/000.p/3']],
  ['a bundle gone', (files) => files.delete('tile/entries/002'), ['missing-bundle 512']],
  ['the last bundle gone', (files) => files.delete('tile/entries/003.p/232'), ['missing-bundle 768']],
  ['bundle and tile gone', (files) => ['tile/entries/002', 'tile/0/002'].forEach((path) => files.delete(path)), ['missing-bundle 512', 'missing-tile tile/0/002']],
  ['a bundle cut', (files) => files.set('tile/entries/002', files.get('tile/entries/002')!.subarray(0, -1)), ['receipt-dropped 767']],
  ['a bundle with more behind', (files) => files.set('tile/entries/002', Buffer.concat([files.get('tile/entries/002')!, Buffer.of(0)])), ['bad-bundle tile/entries/002']],
  ['entry and tile changed in different places', (files) => (flip(files, 'tile/0/000', 5), flip(files, 'tile/entries/002', 300)), ['receipt-changed 512', 'bad-tile tile/0/000']],
];
for (const [name, tamper, expected] of byFile) {
  test(`files: ${name}`, async () => {
    const files = buildLog(log);
    tamper(files);
    const report = await verifyFiles(files);
    assert.deepEqual(said(report), expected);
    assert.equal(report.verdict, 'broken');
  });
}

function flip(files: LogFiles, path: string, at: number): void {
  const bytes = Buffer.from(files.get(path)!);
  bytes[at]! ^= 1;
  files.set(path, bytes);
}

test('a chain that was recorded wrong is broken though every hash is signed', async () => {
  const report = await verifyFiles(buildLog(edited(log, (copy) => copy.splice(400, 1, changedText(copy[400]!)))));
  assert.deepEqual(said(report), ['receipt-changed 400']);
  const late = await verifyFiles(buildLog(log.slice(5)));
  assert.deepEqual(new Set(late.findings.map(({ code }) => code)), new Set(['chain-broken']));
  assert.equal(late.findings.length, 5);
});

test('more than a hundred findings are cut', async () => {
  const report = await verifyFiles(withEntries(log, edited(log, (copy) => copy.forEach((entry, at) => copy.splice(at, 1, changedText(entry))))));
  assert.equal(report.findings.length, 100);
  assert.ok(report.hasMoreFindings);
});
