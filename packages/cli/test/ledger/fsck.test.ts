import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openWriter } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { flyball, temporaryFolder } from './run-flyball.ts';

test('fsck: sound, damaged and repairable, repaired; then the log verifies again', async (t) => {
  const directory = temporaryFolder(t);
  const folder = join(directory, 'ledger');
  const writer = await openWriter({ folder, origin });
  await Promise.all(Array.from({ length: 600 }, (_, at) => writer.append(draft(at))));
  await writer.publish();
  const locked = await flyball(t, directory, 'ledger', 'fsck', 'ledger');
  assert.deepEqual([locked.code, /\(ledger-locked\)/.test(locked.err)], [2, true]);
  await writer.close();
  const sound = await flyball(t, directory, 'ledger', 'fsck', 'ledger');
  assert.deepEqual([sound.code, sound.out], [0, 'sound: ledger, 600 receipts\n']);
  rmSync(join(folder, 'tile/0/001'));
  const damaged = await flyball(t, directory, 'ledger', 'fsck', 'ledger');
  assert.equal(damaged.code, 1);
  assert.match(damaged.out, /^DAMAGED: ledger, 600 receipts; 1 finding\n {2}repairable: .*tile\/0\/001.*\nrun it again with --repair\n$/);
  assert.equal((await flyball(t, directory, 'ledger', 'verify', 'ledger')).code, 1);
  const repaired = await flyball(t, directory, 'ledger', 'fsck', 'ledger', '--repair', '--json');
  assert.equal(repaired.code, 0, repaired.out);
  const { isSound, findings } = JSON.parse(repaired.out);
  assert.deepEqual([isSound, findings.map(({ state }: { state: string }) => state)], [true, ['repaired']]);
  assert.equal((await flyball(t, directory, 'ledger', 'verify', 'ledger')).code, 0);
});

test('fsck of a ledger whose keys are gone says what there is left to do, and that does it', async (t) => {
  const directory = temporaryFolder(t);
  await (await openWriter({ folder: join(directory, 'ledger'), origin })).close();
  rmSync(join(directory, 'ledger', 'keys'), { recursive: true });
  const keyless = await flyball(t, directory, 'ledger', 'fsck', 'ledger', '--repair');
  assert.deepEqual([keyless.code, /unrepairable: key-lost: [^]*if the keys are gone for good: --repair --new-key\n$/.test(keyless.out)], [1, true], keyless.out);
  assert.equal((await flyball(t, directory, 'ledger', 'fsck', 'ledger', '--repair', '--new-key')).code, 0);
  assert.equal((await flyball(t, directory, 'ledger', 'fsck', 'ledger')).code, 0);
});

test('fsck of what is no ledger is unusable, exit code 2', async (t) => {
  const directory = temporaryFolder(t);
  writeFileSync(join(directory, 'file'), 'x');
  for (const target of ['.', 'file', 'nowhere']) {
    const { code, err } = await flyball(t, directory, 'ledger', 'fsck', target, '--json');
    assert.equal(code, 2, target);
    assert.equal(JSON.parse(err).error.code, 'bad-source', target);
  }
});
