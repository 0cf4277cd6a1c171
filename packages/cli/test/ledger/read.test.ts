// The reading commands against a ledger that the real writer made, an archive of it, and while it grows.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { openWriter, parseVerifierKey, receiptIndexPath, verifyProof, type LedgerWriter } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { flyball, startFlyball, temporaryFolder } from './run-flyball.ts';

async function append(writer: LedgerWriter, from: number, to: number): Promise<void> {
  await Promise.all(Array.from({ length: to - from }, (_, at) => writer.append(draft(from + at, { kind: (from + at) % 50 === 0 ? 'override' : 'transition' }))));
  await writer.publish();
}

/** A ledger of 300 receipts in `ledger`, not open; beside it an archive. */
async function ledger(t: TestContext): Promise<string> {
  const directory = temporaryFolder(t);
  const writer = await openWriter({ folder: join(directory, 'ledger'), origin });
  await append(writer, 0, 300);
  await writer.close();
  execFileSync('tar', ['-czf', 'ledger.tgz', '--exclude=ledger/state', '--exclude=ledger/keys', 'ledger'], { cwd: directory });
  return directory;
}

test('query: the folder by its index, the archive by reading it, with the same pages', async (t) => {
  const directory = await ledger(t);
  const ask = async (target: string, ...args: string[]) => {
    const { code, out, err } = await flyball(t, directory, 'ledger', 'query', target, '--tenant', 'tenant-0', '--limit', '25', '--newest', '--json', ...args);
    assert.equal(code, 0, err);
    return JSON.parse(out);
  };
  const page = await ask('ledger');
  assert.equal(page.source, 'index');
  assert.ok(existsSync(receiptIndexPath(join(directory, 'ledger'))));
  assert.deepEqual(page.receipts.map((one: { index: number }) => one.index), Array.from({ length: 25 }, (_, at) => 295 - 5 * at));
  for (const target of ['ledger.tgz', 'ledger']) {
    const { source, ...same } = await ask(target, ...(target === 'ledger' ? ['--no-index'] : []));
    assert.equal(source, 'log');
    assert.deepEqual(same, { receipts: page.receipts, cursor: page.cursor, keptFrom: 0 });
  }
  const next = await ask('ledger', '--cursor', page.cursor);
  assert.equal(next.receipts[0].index, 170);
  const text = await flyball(t, directory, 'ledger', 'query', 'ledger', '--kind', 'override', '--until', '2026-11-20T00:00:00.101Z');
  assert.deepEqual(text.out.split('\n').map((line) => line.split(' ')[0]), ['INDEX', '0', '50', '100', '']);
  assert.equal(text.err, '3 receipts\n');
  const bad = await flyball(t, directory, 'ledger', 'query', 'ledger', '--since', 'yesterday');
  assert.deepEqual([bad.code, /since must be a time.*\(bad-query\)/.test(bad.err)], [1, true]);
});

test('show: by place and by id; the proof it writes holds', async (t) => {
  const directory = await ledger(t);
  const { code, out, err } = await flyball(t, directory, 'ledger', 'show', 'ledger', 'receipt-123', '--json', '--proof', 'p.tlog-proof', '--entry', 'p.json');
  assert.equal(code, 0, err);
  const shown = JSON.parse(out);
  assert.deepEqual([shown.index, shown.receipt.id, shown.receipt.prevReceiptCount], [123, 'receipt-123', 24]);
  const key = parseVerifierKey(readFileSync(join(directory, 'ledger', 'vkeys'), 'utf8').trim());
  const entry = readFileSync(join(directory, 'p.json'));
  assert.deepEqual(JSON.parse(entry.toString()), shown.receipt);
  const verdict = verifyProof(readFileSync(join(directory, 'p.tlog-proof'), 'utf8'), { entry, keys: [key], origin });
  assert.equal(verdict.ok, true);
  const text = await flyball(t, directory, 'ledger', 'show', 'ledger.tgz', '7');
  assert.match(text.out, /^index: +7\nreceipt hash: +[0-9a-f]{64}\nchain hash: +[0-9a-f]{64}\n/);
  assert.match(text.out, /\nid: +receipt-7\n/);
  const none = await flyball(t, directory, 'ledger', 'show', 'ledger', '300');
  assert.deepEqual([none.code, none.err], [1, 'flyball ledger show: the log has no receipt 300: it has 300 (no-such-receipt)\n']);
});

test('tail --follow prints what is there, then each receipt once as it is published', async (t) => {
  const directory = await ledger(t);
  const child = startFlyball(t, directory, 'ledger', 'tail', 'ledger', '--lines', '2', '--follow', '--poll-ms', '10', '--json');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (count: number): Promise<number[]> => {
    const indexes: number[] = [];
    while (indexes.length < count) indexes.push(JSON.parse((await lines.next()).value as string).index as number);
    return indexes;
  };
  assert.deepEqual(await next(2), [298, 299]);
  const writer = await openWriter({ folder: join(directory, 'ledger') });
  t.after(() => writer.close());
  await append(writer, 300, 310);
  assert.deepEqual(await next(10), Array.from({ length: 10 }, (_, at) => 300 + at));
  // Across the end of a bundle, whose partial files go.
  await append(writer, 310, 900);
  assert.deepEqual(await next(590), Array.from({ length: 590 }, (_, at) => 310 + at));
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
});

test('stats counts; keys lists who signs, rotates and retires', async (t) => {
  const directory = await ledger(t);
  const stats = JSON.parse((await flyball(t, directory, 'ledger', 'stats', 'ledger.tgz', '--json')).out);
  assert.deepEqual([stats.size, stats.byKind, stats.byTenant.length], [300, [{ name: 'transition', receipts: 294 }, { name: 'override', receipts: 6 }], 5]);
  assert.match((await flyball(t, directory, 'ledger', 'stats', 'ledger')).out, /^log +ledger\.example\/tests\nreceipts +300\n/);
  const listed = async (...args: string[]): Promise<{ key: string; signs: boolean }[]> => JSON.parse((await flyball(t, directory, 'ledger', 'keys', 'ledger', '--json', ...args)).out).keys;
  const [old] = await listed();
  assert.equal(old!.signs, true);
  assert.deepEqual((await listed('--rotate')).map(({ signs }) => signs), [true, true]);
  assert.deepEqual((await listed('--retire', old!.key)).map(({ signs }) => signs), [false, true]);
  const verified = await flyball(t, directory, 'ledger', 'verify', 'ledger', '--key', old!.key);
  assert.equal(verified.code, 0, 'who knows the old key follows to the new one');
  const writer = await openWriter({ folder: join(directory, 'ledger') });
  t.after(() => writer.close());
  const locked = await flyball(t, directory, 'ledger', 'keys', 'ledger', '--rotate');
  assert.deepEqual([locked.code, /ledger-locked/.test(locked.err)], [1, true]);
});

test('a terminal is not steered by what a receipt holds', async (t) => {
  const directory = temporaryFolder(t);
  const writer = await openWriter({ folder: join(directory, 'ledger'), origin });
  await writer.append(draft(0, { id: 'a\u001b[2Jb\nc\u202e', tenantId: 'x'.repeat(200) }));
  await writer.close();
  for (const command of [['tail', 'ledger'], ['show', 'ledger', '0'], ['query', 'ledger'], ['stats', 'ledger']]) {
    const { code, out } = await flyball(t, directory, 'ledger', ...command);
    assert.equal(code, 0);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  }
});
