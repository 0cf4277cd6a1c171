// The how-to page about a node with a ledger, pasted block by block as its readers would.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { scratch } from './harness/flyball.ts';

const root = join(import.meta.dirname, '../..');

/** Whatever the blocks started ends with the test: they are one process group, and shards end with their heart. */
async function paste(t: TestContext, page: string): Promise<string> {
  const folder = scratch(t);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const blocks = Array.from(readFileSync(join(root, 'docs/how-to', page), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms), ([, block]) => block!);
  assert.ok(blocks.length >= 4);
  const flyball = `flyball() { '${process.execPath}' --conditions=flyball-source '${join(root, 'packages/cli/src/main.ts')}' "$@"; }\n`;
  writeFileSync(join(folder, 'paste.sh'), flyball + blocks.join('\n'));
  const child = spawn('bash', ['-e', '-u', '-o', 'pipefail', 'paste.sh'], { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], TMPDIR: folder, XDG_RUNTIME_DIR: folder, PORT: '0' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  t.after(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All have ended.
    }
  });
  const [code] = await once(child, 'exit') as [number | null];
  assert.equal(code, 0, `${output}\n${readFileSync(join(folder, 'node.log'), 'utf8')}`);
  return output;
}

test('keeping receipts in a node, as described', { timeout: 60_000 }, async (t) => {
  const output = await paste(t, 'keep-receipts-in-a-node.md');
  assert.equal(output.match(/^"open, for the 1\. time"$/gm)?.length, 2, 'once in each shard');
  assert.match(output, /action .*night-1/);
  assert.match(output, /action .*night-2/);
  assert.match(output, /^good: /m);
  assert.match(output, /^log .*\/flyball\nfolder .*ledger\nreceipts /m);
  assert.match(output, /^rotated; /m);
  assert.match(output, /^handed over 2 shards/m);
  for (const event of ['call', 'ledger-rotate-key', 'hand-over-result', 'load-result']) assert.match(output, new RegExp(`flyball-node .*${event}`));
  assert.match(output, /is the ledger of \S+\/flyball, not of other\.example/);
  assert.match(output, /^sound: /m);
});
