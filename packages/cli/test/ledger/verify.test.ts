import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildLog, draft, entries, entriesOf, logVerifierKey, writeLog } from '@flyball/ledger/testing';
import { flyball, temporaryFolder } from './run-flyball.ts';

test('a good log: folder, archive and address say the same, exit code 0', async (t) => {
  const directory = temporaryFolder(t);
  const files = buildLog(entries(600));
  writeLog(join(directory, 'log'), files);
  execFileSync('tar', ['-czf', 'log.tar.gz', 'log'], { cwd: directory });
  const server = createServer((request, response) => {
    const bytes = files.get((request.url ?? '').slice(1));
    response.writeHead(bytes ? 200 : 404).end(bytes);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  for (const target of ['log', 'log.tar.gz', url]) {
    const { code, out, err } = await flyball(t, directory, 'ledger', 'verify', target, '--key', logVerifierKey, '--json');
    assert.equal(err, '', 'no bar where nobody looks');
    assert.equal(code, 0, out);
    const report = JSON.parse(out);
    assert.deepEqual([report.verdict, report.receipts, report.tenants, report.keysFrom], ['good', 600, 5, 'caller']);
  }
});

test('the text for people names the log and whose keys were believed', async (t) => {
  const directory = temporaryFolder(t);
  writeLog(join(directory, 'log'), buildLog(entries(3)));
  const { code, out } = await flyball(t, directory, 'ledger', 'verify', 'log');
  assert.equal(code, 0);
  assert.match(out, /^good: log, 3 receipts of 3 tenants\n/);
  assert.match(out, /log: +ledger\.example\/tests\n/);
  assert.match(out, /keys: +the log's own vkeys/);
});

test('a changed receipt is named, exit code 1', async (t) => {
  const directory = temporaryFolder(t);
  const files = buildLog(entries(300));
  const bundle = files.get('tile/entries/000')!;
  bundle.write('calm__', bundle.indexOf('stable', 40_000));
  writeLog(join(directory, 'log'), files);
  const { code, out } = await flyball(t, directory, 'ledger', 'verify', 'log');
  assert.equal(code, 1);
  assert.match(out, /^BROKEN: log/);
  assert.match(out, /receipt-changed: receipt \d+ \(receipt-\d+ of tenant-\d\) was changed/);
});

test('--since tells a fork and a roll-back; a key file is read', async (t) => {
  const directory = temporaryFolder(t);
  const all = entries(40);
  writeLog(join(directory, 'log'), buildLog(all));
  writeFileSync(join(directory, 'mine.vkey'), `${logVerifierKey}\n`);
  writeFileSync(join(directory, 'before'), buildLog(all.slice(0, 10)).get('checkpoint')!);
  writeFileSync(join(directory, 'other'), buildLog(entries(10, { tenants: 2 })).get('checkpoint')!);
  writeFileSync(join(directory, 'longer'), buildLog(entries(50)).get('checkpoint')!);
  const verify = (since: string) => flyball(t, directory, 'ledger', 'verify', 'log', '--key', 'mine.vkey', '--since', since);
  assert.equal((await verify('before')).code, 0);
  const forked = await verify('other');
  assert.deepEqual([forked.code, /fork: the log forked/.test(forked.out)], [1, true]);
  const rolledBack = await verify('longer');
  assert.deepEqual([rolledBack.code, /rolled-back: the log once signed 50/.test(rolledBack.out)], [1, true]);
});

test('what cannot be judged is unusable, exit code 2', async (t) => {
  const directory = temporaryFolder(t);
  writeLog(join(directory, 'log'), buildLog(entries(3)));
  renameSync(join(directory, 'log', 'vkeys'), join(directory, 'vkeys'));
  const cases: [string[], RegExp][] = [
    [['nowhere'], /^unusable: .*there is no such folder/],
    [['log'], /^unusable: no key to check signatures with/],
    [['log', '--key', 'garbage'], /^unusable: the key: not a verifier key/],
  ];
  for (const [args, pattern] of cases) {
    const { code, out } = await flyball(t, directory, 'ledger', 'verify', ...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(out, pattern);
  }
  const unread = await flyball(t, directory, 'ledger', 'verify', 'log', '--key', 'vkeys', '--since', 'nothing');
  assert.equal(unread.code, 2);
  assert.match(unread.err, /^flyball ledger verify: nothing cannot be read/);
  const usage = await flyball(t, directory, 'ledger', 'verify');
  assert.equal(usage.code, 2);
  assert.match(usage.err, /takes FOLDER\|ARCHIVE\|URL/);
  assert.equal(readFileSync(join(directory, 'vkeys'), 'utf8').trim(), logVerifierKey);
});

test('what authors wrote cannot steer the terminal: not in findings, tables, JSON, a receipt in full, or an error', async (t) => {
  const directory = temporaryFolder(t);
  const evil = '\u001b]0;owned\u0007\u009b2J\u202e';
  const log = entriesOf(Array.from({ length: 3 }, (_, at) => draft(at, { id: `${evil}${at}`, tenantId: evil, sku: evil, details: { [evil]: evil } })));
  const files = buildLog(log);
  writeLog(join(directory, 'good'), files);
  files.set('tile/entries/000.p/3', buildLog(log.toReversed()).get('tile/entries/000.p/3')!);
  writeLog(join(directory, 'changed'), files);
  writeLog(join(directory, 'no-log'), new Map([['checkpoint', Buffer.from(`${evil}\n\n${evil}\n`)], ['vkeys', Buffer.from(`${evil}\n`)]]));
  const commands = [['verify', 'changed'], ['verify', 'changed', '--json'], ['verify', 'no-log'], ['verify', 'no-log', '--json'], ['show', 'good', '1'], ['show', 'good', '1', '--json'], ['show', 'good', evil], ['query', 'good'], ['query', 'good', '--json'], ['tail', 'good'], ['tail', 'good', '--json'], ['keys', 'no-log'], ['stats', 'good']];
  const ended = await Promise.all(commands.map((args) => flyball(t, directory, 'ledger', ...args)));
  for (const [at, { out, err }] of ended.entries()) assert.doesNotMatch(out + err, /(?!\n)[\p{Cc}\p{Cf}]/u, commands[at]!.join(' '));
  assert.deepEqual(JSON.parse(ended[5]!.out).receipt.details, { [evil]: evil }, 'as data it is what was written');
});
