// The example in packages/ledger/README.md, run as it stands.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

test('the example of the ledger runs and ends, and finds a good log', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-readme-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [, block] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(root, 'packages/ledger/README.md'), 'utf8'))!;
  writeFileSync(join(folder, 'example.ts'), block!);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const done = spawnSync(process.execPath, ['--conditions=flyball-source', 'example.ts'], { cwd: folder, encoding: 'utf8', timeout: 30_000 });
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.equal(done.stdout, 'good 1 []\n');
});
