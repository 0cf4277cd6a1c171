// The how-to pages about the ledger, pasted block by block as their readers would, against a real ledger.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { openWriter } from '@flyball/ledger';
import { draft } from '@flyball/ledger/testing';

const root = join(import.meta.dirname, '../..');
const origin = 'ledger.example/node-1';

async function paste(t: TestContext, page: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-how-to-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const writer = await openWriter({ folder: join(folder, 'ledger'), origin });
  await Promise.all(Array.from({ length: 300 }, (_, index) => writer.append(draft(index))));
  await writer.close();
  const blocks = Array.from(readFileSync(join(root, 'docs/how-to', page), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms), ([, block]) => block!);
  assert.ok(blocks.length >= 4);
  const flyball = `flyball() { '${process.execPath}' --conditions=flyball-source '${join(root, 'packages/cli/src/main.ts')}' "$@"; }\n`;
  writeFileSync(join(folder, 'paste.sh'), flyball + blocks.join('\n'));
  const done = spawnSync('bash', ['-e', '-u', '-o', 'pipefail', 'paste.sh'], { cwd: folder, env: { PATH: process.env['PATH'], TMPDIR: folder }, encoding: 'utf8', timeout: 120_000 });
  assert.equal(done.status, 0, done.stdout + done.stderr);
  return done.stdout;
}

test('backing up and restoring, as described', async (t) => {
  const output = await paste(t, 'back-up-and-restore-the-ledger.md');
  assert.match(output, /exported ledger\.example\/node-1: 300 receipts \(300 new\)/);
  assert.match(output, /imported ledger\.example\/node-1: 300 receipts of 5 tenants, verified; a node can go on writing it/);
  assert.match(output, /sound: \.\/ledger, 300 receipts/);
  assert.match(output, /without its signing keys no node can write it/);
  assert.match(output, /good: copy, 300 receipts/);
});

test('pruning, as described', async (t) => {
  const output = await paste(t, 'prune-the-ledger.md');
  assert.equal(output.match(/^would remove receipts 0 to 255 of /gm)?.length, 1);
  assert.equal(output.match(/^nothing to remove: /gm)?.length, 2);
  assert.match(output, /^removed receipts 0 to 255 of .*\n {2}all of them are in .*backup\/ledger\.example_2fnode-1\n/m);
  assert.match(output, /^begins at +256: what is below was pruned, as the log says\n/m);
  assert.match(output, /^256 +2026-/m);
  assert.match(output, /exported .*: 301 receipts \(1 new\)/);
  assert.match(output, /^receipts +301\n/m);
});

test('rotating keys, as described', async (t) => {
  const output = await paste(t, 'rotate-ledger-keys.md');
  const listed = Array.from(output.matchAll(/^(yes|no) +ledger\.example\/node-1\+/gm), ([, signs]) => signs);
  // Listed four times: as it was, rotated, retired, and once more.
  assert.deepEqual(listed, ['yes', 'yes', 'yes', 'no', 'yes', 'no', 'yes']);
  assert.equal(output.match(/^good: /gm)?.length, 2, 'who has only the old key follows, before and after it is retired');
});
