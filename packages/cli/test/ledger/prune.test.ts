// Pruning by command, and every command that reads on what is then left.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openWriter, parseVerifierKey, receiptIndexPath, verifyProof } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { flyball, temporaryFolder } from './run-flyball.ts';

/** A ledger of 1,000 receipts in `ledger`, a millisecond apart, not open. */
async function ledger(t: TestContext): Promise<string> {
  const directory = temporaryFolder(t);
  const writer = await openWriter({ folder: join(directory, 'ledger'), origin });
  await Promise.all(Array.from({ length: 1_000 }, (_, at) => writer.append(draft(at))));
  await writer.close();
  return directory;
}

function runner(t: TestContext, directory: string) {
  const run = (...args: string[]) => flyball(t, directory, 'ledger', ...args);
  const json = async (...args: string[]) => {
    const { code, out, err } = await run(...args, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out);
  };
  return { run, json };
}

const bundle = (directory: string, index: number): string => join(directory, 'ledger/tile/entries', `00${index}`);

test('prune says what it would remove, asks for a copy, checks it, and removes', async (t) => {
  const directory = await ledger(t);
  const { run, json } = runner(t, directory);
  const plan = await json('prune', 'ledger', '--minimum-index', '600', '--dry-run');
  const bytes = readFileSync(bundle(directory, 0)).length + readFileSync(bundle(directory, 1)).length;
  assert.deepEqual(plan, { origin, size: 1_000, keptFrom: 0, minimumIndex: 512, receipts: 512, files: 2, bytes, isDryRun: true });
  const bare = await run('prune', 'ledger', '--minimum-index', '600');
  assert.deepEqual([bare.code, /--exported-to PLACE, or say that none is needed, --without-export/.test(bare.err)], [2, true]);
  const nowhere = await run('prune', 'ledger', '--minimum-index', '600', '--exported-to', 'copies');
  assert.deepEqual([nowhere.code, /copies holds no copy of ledger\.example\/tests.*\(not-exported\)/.test(nowhere.err)], [1, true]);
  assert.ok(existsSync(bundle(directory, 0)));
  const { place } = await json('export', 'ledger', 'copies');
  for (const copy of ['copies', place]) assert.equal((await json('prune', 'ledger', '--minimum-index', '600', '--dry-run', '--exported-to', copy)).exportedTo, place);
  const done = await run('prune', 'ledger', '--minimum-index', '600', '--exported-to', 'copies');
  assert.deepEqual([done.code, done.out], [0, `removed receipts 0 to 511 of ${origin}: 512 receipts, 2 files, ${bytes} bytes\n  all of them are in ${place}\n`], done.err);
  assert.deepEqual([0, 1, 2].map((index) => existsSync(bundle(directory, index))), [false, false, true]);
  const again = await run('prune', 'ledger', '--minimum-index', '600', '--without-export');
  assert.deepEqual([again.code, /^nothing to remove: .* keeps those from 512 on/.test(again.out)], [0, true]);
});

test('a pruning that was cut short: what it left is read, and goes with the next one', async (t) => {
  const directory = await ledger(t);
  const { run, json } = runner(t, directory);
  const second = readFileSync(bundle(directory, 1));
  await json('prune', 'ledger', '--minimum-index', '512', '--without-export');
  writeFileSync(bundle(directory, 1), second);
  const { keptFrom, prunedBelow } = await json('stats', 'ledger');
  assert.deepEqual([keptFrom, prunedBelow], [256, 512]);
  for (const command of ['verify', 'fsck']) assert.equal((await run(command, 'ledger')).code, 0, command);
  assert.equal((await json('query', 'ledger', '--limit', '1')).receipts[0].index, 256);
  const again = await json('prune', 'ledger', '--minimum-index', '512', '--without-export');
  assert.deepEqual([again.keptFrom, again.receipts, again.files, existsSync(bundle(directory, 1))], [256, 256, 1, false]);
});

test('a copy that does not have them all is found out, and nothing is removed', async (t) => {
  const directory = await ledger(t);
  const { run, json } = runner(t, directory);
  const { place } = await json('export', 'ledger', 'copies');
  const refused = async (pattern: RegExp) => {
    const { code, err } = await run('prune', 'ledger', '--minimum-index', '512', '--exported-to', 'copies', '--json');
    assert.equal(code, 1);
    assert.match(JSON.parse(err).error.message, pattern);
    assert.ok(existsSync(bundle(directory, 0)));
    return JSON.parse(err).error.code;
  };
  const first = join(place, 'tile/entries/000');
  const good = readFileSync(first);
  writeFileSync(first, good.toString('latin1').replace('stable', 'calm__'), 'latin1');
  assert.equal(await refused(/000 does not hold the receipts that the ledger has there/), 'not-exported');
  rmSync(first);
  assert.equal(await refused(/lacks tile\/entries\/000, receipts 0 to 255/), 'not-exported');
  writeFileSync(first, good);
  // A copy of a ledger that went on elsewhere, from the same beginning and with the same key.
  cpSync(join(directory, 'ledger'), join(directory, 'other'), { recursive: true });
  const writer = await openWriter({ folder: join(directory, 'other') });
  await writer.append(draft(2_000));
  await writer.close();
  await json('export', 'other', 'copies');
  assert.equal(await refused(/holds 1001 receipts, the ledger only 1000/), 'export-ahead');
  const own = await openWriter({ folder: join(directory, 'ledger') });
  await own.append(draft(3_000));
  await own.close();
  assert.equal(await refused(/no beginning of this log/), 'export-forked');
});

test('by age: up to the first receipt that is young enough', async (t) => {
  const { run, json } = runner(t, await ledger(t));
  const planned = async (...limit: string[]) => (await json('prune', 'ledger', '--dry-run', ...limit)).minimumIndex;
  assert.equal(await planned('--before', '2026-11-20T00:00:00.700Z'), 512);
  assert.equal(await planned('--before', '2026-11-20T00:00:00.511Z'), 256);
  assert.equal(await planned('--before', '2026-11-01T00:00:00Z'), 0);
  assert.equal(await planned('--before', '2100-01-01T00:00:00Z'), 768, 'the last bundle is not full: it stays');
  assert.equal(await planned('--keep-days', '100000'), 0);
  for (const limit of [[], ['--minimum-index', '256', '--keep-days', '3']]) assert.match((await run('prune', 'ledger', '--dry-run', ...limit)).err, /needs one limit/);
  const time = await run('prune', 'ledger', '--dry-run', '--before', 'yesterday');
  assert.deepEqual([time.code, /before must be a time.*\(bad-query\)/.test(time.err)], [1, true]);
  const beyond = await run('prune', 'ledger', '--dry-run', '--minimum-index', '1001');
  assert.deepEqual([beyond.code, /the log has 1000 receipts.*\(cannot-prune\)/.test(beyond.err)], [1, true]);
});

test('a ledger that a node has open: planned all the same, changed only by the node', async (t) => {
  const directory = await ledger(t);
  const { run, json } = runner(t, directory);
  const writer = await openWriter({ folder: join(directory, 'ledger') });
  t.after(() => writer.close());
  const key = (await writer.keys())[0]!;
  assert.equal((await json('prune', 'ledger', '--minimum-index', '512', '--dry-run')).receipts, 512);
  writeFileSync(join(directory, 'note'), writer.published.note);
  for (const args of [['prune', 'ledger', '--minimum-index', '512', '--without-export'], ['keys', 'ledger', '--rotate'], ['keys', 'ledger', '--retire', key], ['cosign', 'ledger', 'note', '--witness', key]]) {
    const { code, err } = await run(...args);
    assert.equal(code, 1, args.join(' '));
    assert.match(err, /held by another writer.*; if that is a node, ask it: flyball ctl ledger (?:prune INDEX|rotate-key|cosign FILE).* \(ledger-locked\)\n$/);
  }
  for (const args of [['prune', 'nowhere', '--minimum-index', '512', '--without-export'], ['keys', 'nowhere', '--rotate']]) {
    const { code, err } = await run(...args);
    assert.deepEqual([code, /nowhere holds no ledger \(bad-source\)/.test(err), existsSync(join(directory, 'nowhere'))], [1, true, false]);
  }
  assert.equal((await run('prune', 'https://example.org/log', '--minimum-index', '512', '--without-export')).code, 2);
});

test('what is left is read by every command, which says where it begins', async (t) => {
  const directory = await ledger(t);
  const { run, json } = runner(t, directory);
  await json('export', 'ledger', 'copies');
  await json('prune', 'ledger', '--minimum-index', '512', '--exported-to', 'copies');
  const begins = /the log begins at receipt 512: what is below was pruned/;
  const stats = await json('stats', 'ledger');
  assert.deepEqual([stats.size, stats.keptFrom, stats.prunedBelow, stats.receipts], [1_001, 512, 512, 489]);
  assert.match((await run('stats', 'ledger')).out, /^receipts +1001, 489 of them here\n(?:.*\n)begins at +512: what is below was pruned, as the log says\n/m);
  for (const how of [[], ['--no-index']]) {
    const page = await json('query', 'ledger', '--tenant', 'tenant-1', '--limit', '3', ...how);
    assert.deepEqual([page.receipts.map(({ index }: { index: number }) => index), page.keptFrom], [[516, 521, 526], 512]);
    assert.match((await run('query', 'ledger', '--id', 'receipt-3', ...how)).err, new RegExp(`^0 receipts\n${begins.source}`));
  }
  assert.ok(existsSync(receiptIndexPath(join(directory, 'ledger'))));
  assert.match((await run('tail', 'ledger', '--lines', '600')).out, /^INDEX.*\n512 /);
  assert.match((await run('verify', 'ledger')).out, /^good: .*\n(?:.*\n)*? +pruned: +receipts below 512\n/);
  assert.equal((await run('fsck', 'ledger')).code, 0);
  const byId = await run('show', 'ledger', 'receipt-3');
  assert.deepEqual([byId.code, begins.test(byId.err), /\(no-such-receipt\)/.test(byId.err)], [1, true, true]);
  const byPlace = await run('show', 'ledger', '3', '--proof', 'three.tlog-proof');
  assert.deepEqual([byPlace.code, /begins at receipt 512.*; the proof of its place was written to three\.tlog-proof \(receipt-pruned\)/.test(byPlace.err)], [1, true], byPlace.err);
  // The receipt is elsewhere, its proof is here.
  const copy = (await json('export', 'ledger', 'copies')).place as string;
  await json('show', copy, '3', '--entry', 'three.json');
  const key = parseVerifierKey(readFileSync(join(directory, 'ledger/vkeys'), 'utf8').trim());
  assert.equal(verifyProof(readFileSync(join(directory, 'three.tlog-proof'), 'utf8'), { entry: readFileSync(join(directory, 'three.json')), keys: [key], origin }).ok, true);
  const late = (await json('export', 'ledger', 'late')).place as string;
  assert.equal((await run('export', late, 'later')).code, 1);
  assert.equal((await json('export', late, 'later', '--minimum-index', '512')).size, 1_001);
});
