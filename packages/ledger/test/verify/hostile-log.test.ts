// Whoever writes a log can write nonsense, and sign it: each piece of it is a finding or makes the log unusable, never
// good, never a crash, and never takes more time or memory than the log is long.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeBundle, formatSignature, keyRotation, parseCheckpoint, parseNote, parseTilePath, pruning, signCheckpoint, signNote, statementEvents, verifierKeyOf, ledgerTenantId, tilePath, type VerifyReport } from '../../src/index.ts';
import { leafHash, rootOfHashes } from '../../src/format/merkle.ts';
import { buildLog, draft, entries, entriesOf, logKey, logVerifierKey, origin } from '../../src/testing/log-builder.ts';
import { verifyFiles } from './tampering.ts';

function saysNo(report: VerifyReport, why: RegExp): void {
  const text = [report.reason, ...report.findings.map(({ code, message }) => `${code}: ${message}`)].join('\n');
  assert.ok(report.exitCode === 1 || report.exitCode === 2, text);
  assert.match(text, why);
  assert.ok(text.length < 200_000);
}

const log = buildLog(entries(600));
const good = log.get('checkpoint')!.toString();
const [text = '', signatures = ''] = [parseNote(good).text, good.split('\n\n')[1]];
const signed = (changed: string) => `${changed}\n${formatSignature(signNote(changed, logKey))}`;
const lines = (...changed: readonly string[]) => signed(`${changed.join('\n')}\n`);
const root = text.split('\n')[2]!;

const checkpoints: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['of a size beyond 2^53', lines(origin, '9007199254740993', root), /bad-checkpoint/],
  ['of a size of a thousand digits', lines(origin, '9'.repeat(1_000), root), /bad-checkpoint/],
  ['of the largest size', lines(origin, String(Number.MAX_SAFE_INTEGER), root), /missing/],
  ['of one receipt more than there are', lines(origin, '601', root), /missing/],
  ['of a negative size', lines(origin, '-600', root), /bad-checkpoint/],
  ['of a size with a zero before it', lines(origin, '0600', root), /bad-checkpoint/],
  ['of a size in another notation', lines(origin, '6e2', root), /bad-checkpoint/],
  ['without a root', lines(origin, '600'), /bad-checkpoint/],
  ['with a root that is too short', lines(origin, '600', root.slice(0, 20)), /bad-checkpoint/],
  ['with an empty extension line', lines(origin, '600', root, '', 'x'), /bad-checkpoint/],
  ['with CRLF', Buffer.from(good.replaceAll('\n', '\r\n')), /bad-checkpoint: .*control character/],
  ['without the last newline', good.slice(0, -1), /bad-checkpoint/],
  ['without signatures', `${text}\n`, /bad-checkpoint/],
  ['with an unknown algorithm only', `${text}\n— ${origin} ${Buffer.concat([Buffer.of(1, 2, 3, 4), Buffer.alloc(100)]).toString('base64')}\n`, /not-signed/],
  ['with two signatures of one key, one of them false', `${good}${formatSignature({ name: origin, id: verifierKeyOf(logKey).id, signature: Buffer.alloc(64) })}`, /bad-signature/],
  ['with a signature of no bytes', `${text}\n— ${origin} ${Buffer.of(1, 2, 3, 4).toString('base64')}\n`, /bad-checkpoint/],
  ['with a hundred and one signatures', text + '\n' + signatures.repeat(101), /more than 100 signatures/],
  ['that is no UTF-8', Buffer.concat([Buffer.of(0xff), Buffer.from(good)]), /bad-checkpoint/],
  ['of sixteen megabytes', Buffer.concat([Buffer.from(good), Buffer.alloc(16_000_000, 'x')]), /more than 1000000 characters/],
  ['of a hundred megabytes', Buffer.alloc(100_000_000, 'x'), /more than any file of a log/],
];
for (const [name, bytes, why] of checkpoints) {
  test(`a checkpoint ${name}`, async () => {
    saysNo(await verifyFiles(new Map([...log, ['checkpoint', Buffer.from(bytes)]])), why);
  });
}

test('extension lines, and twice the same signature, are no harm', async () => {
  for (const checkpoint of [lines(origin, '600', root, 'extension', 'another'), good + signatures]) {
    assert.equal((await verifyFiles(new Map([...log, ['checkpoint', Buffer.from(checkpoint)]]))).verdict, 'good');
  }
});

test('a log that claims 2^53 receipts and says that all but the last were pruned', async () => {
  const size = 2 ** 53 - 256;
  const last = entriesOf([draft(1, { kind: 'system', tenantId: ledgerTenantId, event: statementEvents.pruned, details: pruning({ minimumIndex: size - 256 }) }), ...Array.from({ length: 255 }, (_, at) => draft(at))]);
  const hashes = Buffer.concat(last.map((entry) => leafHash(entry)));
  const index = size / 256 - 1;
  const files = new Map([
    ['checkpoint', Buffer.from(signCheckpoint({ origin, size, root: rootOfHashes(hashes) }, [logKey]))],
    [tilePath({ level: 'entries', index, width: 256 }), encodeBundle(last)],
    [tilePath({ level: 0, index, width: 256 }), hashes],
  ]);
  for (const more of [[], [...log].filter(([path]) => path.endsWith('/000'))]) saysNo(await verifyFiles(new Map([...files, ...more])), /missing-tile|root-mismatch|receipt-added/);
});

test('a log whose beginning is gone with its tiles is read from where it begins', async () => {
  const [size, begin] = [300_000, 1_100 * 256];
  const files = buildLog(entries(size));
  for (const path of files.keys()) {
    const tile = parseTilePath(path);
    if (tile && (tile.level === 0 || tile.level === 'entries') && tile.index * 256 < begin) files.delete(path);
  }
  const report = await verifyFiles(files, { minimumIndex: begin });
  assert.deepEqual([report.verdict, report.prunedBelow, report.receipts, report.findings], ['good', begin, size - begin, []]);
  saysNo(await verifyFiles(files), /missing-bundle: tile\/entries\/000 is missing/);
  const tampered = Buffer.from(files.get('tile/1/003')!);
  tampered[7]! ^= 1;
  saysNo(await verifyFiles(new Map([...files, ['tile/1/003', tampered]]), { minimumIndex: begin }), /bad-tile|root-mismatch/);
});

const receipt = entries(1)[0]!.toString();
const nested = (open: string, close: string, depth: number) => receipt.replace('"event":"tick"', `"event":${open.repeat(depth)}1${close.repeat(depth)}`);
const notReceipts: readonly (readonly [string, string | Buffer])[] = [
  ['of no bytes', ''],
  ['that is no JSON', 'x'],
  ['that is no UTF-8', Buffer.from(receipt.replace('tick', 't\xffck'), 'latin1')],
  ['with a byte order mark', `\ufeff${receipt}`],
  ['with a lone surrogate', receipt.replace('tick', '\\ud800')],
  ['with a name that comes twice', receipt.replace('{', '{"action":1,"action":2,')],
  ['with a name out of order', `${receipt.slice(0, -1)},"aaa":1}`],
  ['nested so deep that a stack would end', nested('[', ']', 30_000)],
  ['of objects nested so deep', nested('{"a":', '}', 9_000)],
  ['nested so deep with a backslash', nested('["\\n",', ']', 8_000)],
  ['with __proto__ for its fields', '{"__proto__":{"id":"x","tenantId":"t","kind":"action","at":"x","prevReceiptCount":0,"prevReceiptHash":"' + '0'.repeat(64) + '"}}'],
  ['with 1e400', receipt.replace('"tick"', '1e400')],
  ['with -0', receipt.replace('"tick"', '-0')],
  ['with 1.0', receipt.replace('"tick"', '1.0')],
  ['with a count beyond 2^53', receipt.replace('"prevReceiptCount":0', '"prevReceiptCount":9007199254740993')],
  ['with a negative count', receipt.replace('"prevReceiptCount":0', '"prevReceiptCount":-1')],
  ['with a hash that is none', receipt.replace('"prevReceiptHash":"0', '"prevReceiptHash":"g')],
  ['that is null', 'null'],
  ['that is a list', '[]'],
  ['with space after it', `${receipt} `],
];
for (const [name, entry] of notReceipts) {
  test(`an entry ${name}`, async () => saysNo(await verifyFiles(buildLog([Buffer.from(entry)])), /not-a-receipt/));
}

test('a thousand entries of 65,535 nested lists, in threads of little memory', async () => {
  const entry = Buffer.from(`${'['.repeat(32_767)}1${']'.repeat(32_767)}`);
  const report = await verifyFiles(buildLog(Array.from({ length: 1_100 }, () => entry)), { threads: 2 });
  saysNo(report, /not-a-receipt/);
  assert.ok(report.hasMoreFindings);
});

test('an entry with __proto__ among its details is a receipt', async () => {
  const details = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as { readonly [name: string]: string };
  assert.equal((await verifyFiles(buildLog(entriesOf([draft(1, { details })])))).verdict, 'good');
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

const bundle = log.get('tile/entries/001')!;
const bundles: readonly (readonly [string, Buffer])[] = [
  ['cut within a length', bundle.subarray(0, -1)],
  ['with a length beyond its end', Buffer.concat([Buffer.of(0xff, 0xff), bundle.subarray(2)])],
  ['of zeros', Buffer.alloc(512)],
  ['of more entries than it may hold', Buffer.concat([bundle, bundle])],
  ['with a byte after its end', Buffer.concat([bundle, Buffer.of(0)])],
  ['of one byte', Buffer.of(1)],
];
for (const [name, bytes] of bundles) {
  test(`a bundle ${name}`, async () => {
    saysNo(await verifyFiles(new Map([...log, ['tile/entries/001', bytes]])), /receipt|bad-bundle/);
    const tile = log.get('tile/0/001')!;
    saysNo(await verifyFiles(new Map([...log, ['tile/0/001', Buffer.concat([tile, bytes])]])), /bad-tile|missing-tile/);
  });
}

test('rotations that nobody vouches for, thousands of them and long ones, are passed over', async () => {
  const note = (at: number) => (at % 2 === 0 ? 'x'.repeat(60_000) : keyRotation({ origin, key: verifierKeyOf(logKey), signedBy: { ...logKey, name: 'other.example' } }).note);
  const many = entriesOf(Array.from({ length: 3_000 }, (_, at) => draft(at, { kind: 'system', tenantId: ledgerTenantId, event: statementEvents.keyRotated, details: { note: note(at) } })));
  const report = await verifyFiles(buildLog(many));
  assert.deepEqual([report.verdict, report.signedBy.length], ['good', 1]);
});

test('since: garbage is unusable, a later or foreign checkpoint is told apart', async () => {
  const { size } = parseCheckpoint(text);
  for (const bytes of ['', 'x', Buffer.alloc(10_000_000), '\n\n', good.slice(0, -2)]) saysNo(await verifyFiles(log, { since: [bytes] }), /.+/);
  saysNo(await verifyFiles(log, { since: [lines(origin, String(size + 1), root)] }), /rolled-back: .*once signed 601/);
  saysNo(await verifyFiles(log, { since: [lines(origin, String(Number.MAX_SAFE_INTEGER), root)] }), /rolled-back/);
  saysNo(await verifyFiles(log, { since: [lines('other.example', '5', root)] }), /is of other\.example/);
});

test('keys: the file of the log may hold nonsense or thousands; those of the caller count, whatever it names', async () => {
  const many = Buffer.from(`${logVerifierKey}\n`.repeat(5_000));
  saysNo(await verifyFiles(new Map([...log, ['vkeys', many]]), { keys: [] }), /more than 1000 keys/);
  saysNo(await verifyFiles(new Map([...log, ['vkeys', Buffer.from('\0\0\0')]]), { keys: [] }), /not a verifier key/);
  assert.equal((await verifyFiles(new Map([...log, ['vkeys', many]]))).keysFrom, 'caller');
});
