// A node under load whose shards, successors and ledger processes are killed and handed over at random moments: what
// was acknowledged is in the log once, the log verifies, and the node always comes back.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';
import { startNode, type TestNode } from '../spine/harness/node.ts';
import { scratch } from './harness/flyball.ts';
import { assertKept, verifiedReceipts } from './harness/log.ts';
import { Recorders } from './harness/recorders.ts';

const applications = [join(import.meta.dirname, 'applications/recording')];
const seed = Number(process.env['SEED'] ?? freshSeed());
const rounds = Number(process.env['ROUNDS'] ?? 60);

interface Process {
  readonly shard: number;
  readonly generation: number;
  readonly pid: number;
  readonly role: string;
}

const processesOf = async (node: TestNode): Promise<readonly Process[]> => (await node.control('status') as { processes: readonly Process[] }).processes;

/** A process that went before the signal came is what the test wants too. */
function killProcess({ pid }: Process): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone.
  }
}

test(`${rounds} kills and hand-overs at random moments (SEED=${seed})`, { timeout: 1_800_000 }, async (context) => {
  const random = seededRandom(seed);
  const folder = join(scratch(context), 'ledger');
  const node = await startNode(context, { applications, args: ['+S', '2', '--ledger', folder, '--restarts', '1000'] });
  const recorders = await Recorders.everywhere('r', node.url, 6);
  const settled = async (): Promise<void> => {
    await recorders.more(30);
    for (;;) {
      const processes = await processesOf(node);
      if (processes.length === 2 && processes.every(({ role }) => role === 'current')) return;
      await recorders.more(1);
    }
  };
  const acts: Record<string, () => Promise<unknown>> = {
    'kill shard 0': async () => killProcess((await processesOf(node)).find(({ shard }) => shard === 0)!),
    'kill shard 1': async () => killProcess((await processesOf(node)).find(({ shard }) => shard === 1)!),
    'kill ledger': () => node.control('kill', { target: 'ledger', shard: random.below(2) }),
    'kill ledger_writer': () => node.control('kill', { target: 'ledger_writer' }),
    'kill ledger_store': () => node.control('kill', { target: 'ledger_store' }),
    'kill distribution': () => node.control('kill', { target: 'distribution', shard: random.below(2) }),
    'hand-over': () => node.control('hand-over'),
    // Somewhere in the course of a hand-over of both shards.
    'hand-over, kill': async () => {
      const handedOver = node.control('hand-over').catch(() => undefined);
      await recorders.more(1 + random.below(80));
      killProcess(random.pick(await processesOf(node)));
      await handedOver;
    },
  };
  for (let round = 0; round < rounds; round += 1) {
    const [name, act] = random.pick(Object.entries(acts));
    const startedMs = performance.now();
    await act().catch((error: Error) => context.diagnostic(`${name}: ${error.message}`));
    await settled();
    context.diagnostic(`${round}: ${name}, ${Math.round(performance.now() - startedMs)} ms`);
  }
  await recorders.stop();
  await node.stop();
  const receipts = await verifiedReceipts(folder);
  assertKept(receipts, recorders.acknowledged);
  // A ledger killed as soon as it is open is opened after a pause, during which receipts are refused.
  const refusals = recorders.failures.filter((failure) => /ledger/.test(failure));
  context.diagnostic(`${recorders.acknowledged.size} acknowledged of ${receipts.length}, ${recorders.failures.length} calls failed with their process, ${refusals.length} were refused`);
  const unexpected = refusals.filter((failure) => !/closed again and again|init failed: killed|process that records for this shard ended/.test(failure));
  assert.deepEqual([...new Set(unexpected.map((failure) => /record failed: ([^"]*)/.exec(failure)?.[1] ?? failure))].slice(0, 5), []);
});
