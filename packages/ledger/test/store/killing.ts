// Kills a real process at random moments of writing, starting and recovering, and shows that nothing which it had
// acknowledged is lost and no checkpoint that it published is forked.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Random } from '@flyball/kernel';

import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { leafHash, rootOfHashes } from '../../src/format/merkle.ts';
import { fsckLedger } from '../../src/store/repair/fsck.ts';
import { openWriter } from '../../src/store/writer.ts';

const appender = join(import.meta.dirname, 'fixtures/appender.ts');

type Acknowledged = Map<number, { readonly index: number; readonly chainHash: string }>;

/** Resolves with how many receipts survived `moments` kills. */
export async function killAtRandomMoments({ moments, random }: { readonly moments: number; readonly random: Random }): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-killed-'));
  try {
    const acknowledged: Acknowledged = new Map();
    const checkpoints: string[] = [];
    for (let moment = 0; moment < moments; moment += 1) {
      await runAndKill({ folder, acknowledged, random });
      noteCheckpoint(folder, checkpoints);
    }
    await check({ folder, acknowledged, checkpoints });
    return acknowledged.size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runAndKill({ folder, acknowledged, random }: { readonly folder: string; readonly acknowledged: Acknowledged; readonly random: Random }): Promise<void> {
  const first = acknowledged.size === 0 ? 0 : Math.max(...acknowledged.keys()) + 1;
  const child = spawn(process.execPath, ['--conditions=flyball-source', appender, folder, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  // One in five dies while it starts, the others after some receipts.
  const lines = random.below(5) === 0 ? 1 : 2 + random.below(300);
  let turns = random.below(2_000);
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    seen += 1;
    const [number, index, chainHash] = line.split(' ');
    if (chainHash !== undefined) acknowledged.set(Number(number), { index: Number(index), chainHash });
    if (seen === lines) void killAfter(child, () => (turns -= 1) > 0);
  }
  assert.deepEqual(await exited, [null, 'SIGKILL'], 'it ran until it was killed');
}

async function killAfter(child: ChildProcess, wait: () => boolean): Promise<void> {
  while (wait()) await new Promise(setImmediate);
  child.kill('SIGKILL');
}

function noteCheckpoint(folder: string, checkpoints: string[]): void {
  try {
    checkpoints.push(`${readFileSync(join(folder, 'checkpoint'), 'utf8').split('\n\n')[0]!}\n`);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
  }
}

async function check({ folder, acknowledged, checkpoints }: { readonly folder: string; readonly acknowledged: Acknowledged; readonly checkpoints: readonly string[] }): Promise<void> {
  const writer = await openWriter({ folder });
  const { size } = await writer.publish();
  const leaves: Buffer[] = [];
  for (let index = 0; index < size; index += 1) leaves.push(leafHash((await writer.entry(index))!));
  for (const [number, { index, chainHash }] of acknowledged) {
    const found = await writer.find(`tenant-${number % 5}`, `receipt-${number}`);
    assert.deepEqual([found?.index, found?.chainHash], [index, chainHash], `receipt ${number}`);
  }
  await writer.close();
  for (const text of checkpoints) {
    const { size: before, root } = parseCheckpoint(text);
    assert.equal(Buffer.from(rootOfHashes(Buffer.concat(leaves.slice(0, before)))).toString('hex'), Buffer.from(root).toString('hex'), `the checkpoint of ${before} still holds`);
  }
  assert.deepEqual(fsckLedger({ folder }).findings, []);
}
