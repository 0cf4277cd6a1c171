// Acceptance test 1 of the spine: version 2 takes the place of version 1 and goes again, twenty times, while
// 64 connections call.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, type ClientKind } from './harness/client.ts';
import { Crowd, type CrowdMember } from './harness/crowd.ts';
import { startNode } from './harness/node.ts';

const CYCLES = 20;
const COUNTERS = 8;
const GROWTH_MAX = 1.05;
const PARTNER = { 1: 'first', 2: 'second' } as const;
const CHILDREN = {
  1: ['sibling-a', 'counters', 'first', 'sibling-b', 'server', 'steady'],
  2: ['counters', 'sibling-b', 'sibling-a', 'sibling-c', 'slow', 'second', 'server', 'steady'],
} as const;

type Version = 1 | 2;

interface Added {
  readonly versions: readonly number[];
  readonly partner: string;
  readonly total: number;
}

const directoryOf = (version: Version): string => join(import.meta.dirname, `applications/counters/v${version}`);

/** Half of them call the server whose module changes, half the one that only imports what changes. */
function membersOf(url: string): CrowdMember[] {
  const kinds: ClientKind[] = [
    { dialect: 'sessionful', connection: 'keep-alive' },
    { dialect: 'stateless', connection: 'keep-alive' },
    { dialect: 'stateless', connection: 'per-request' },
    { dialect: 'sessionful', connection: 'per-request' },
  ];
  return [url, url.replace('/mcp', '/steady')].flatMap((server) => kinds.map((kind) => ({ url: server, kind, clients: 8 })));
}

/** Answers that were given before this call have been read when it resolves: they lay in the sockets' buffers. */
async function allRead(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

test('64 connections see nothing of twenty upgrades and downgrades but their versions', { timeout: 170_000 }, async (context) => {
  const node = await startNode(context, { applications: [directoryOf(1)] });
  /** The versions that answers may be of: both while the swap is being made. */
  let versions: ReadonlySet<number> = new Set([1]);
  const totals = new Map<number, number>();
  const judge = ({ versions: of, partner, total }: Added, client: number): string | undefined => {
    const [version, ...others] = of;
    if (others.some((other) => other !== version)) return `versions ${of.join()} in one answer`;
    if (!versions.has(version!)) return `version ${version} where only ${[...versions].join()} may answer`;
    if (partner !== PARTNER[version as Version]) return `partner ${partner} of version ${version}`;
    if (total <= (totals.get(client) ?? 0)) return `counted ${total} after ${totals.get(client)}`;
    totals.set(client, total);
    return undefined;
  };
  const crowd = new Crowd<Added>(membersOf(node.url), { tool: 'add', args: (client) => ({ counter: `counter-${client % COUNTERS}` }), judge });
  const operator = await Client.open(node.url, { dialect: 'stateless', connection: 'per-request' });

  const swapTo = async (version: Version): Promise<void> => {
    versions = new Set([1, 2]);
    await node.control('load', { application: 'counters', directory: directoryOf(version) });
    await allRead();
    versions = new Set([version]);
    const crash = await operator.call<{ versions: number[]; siblings: string[] }>('crash');
    assert.equal(crash.siblings.length, version === 1 ? 2 : 3);
    assert.deepEqual(new Set(crash.versions), versions, 'what was restarted runs the version in force');
    await crowd.goesOn();
    const children = await operator.call<string[]>('children');
    assert.deepEqual([...new Set(children.map((id) => (id.startsWith('counter-') ? 'counters' : id)))], CHILDREN[version]);
  };

  const liveBytes: number[] = [];
  context.after(() => crowd.abandon());
  await crowd.start();
  assert.equal(crowd.size, 64);
  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    await swapTo(2);
    await swapTo(1);
    await crowd.pause();
    assert.deepEqual({ failed: crowd.failed, failures: crowd.failures }, { failed: 0, failures: [] }, `cycle ${cycle}`);
    liveBytes.push(await operator.call<number>('live_bytes'));
    const counted = await operator.call<number[]>('totals');
    assert.equal(counted.reduce((sum, count) => sum + count), crowd.answered, `cycle ${cycle}: each acknowledged call was counted once`);
    if (cycle < CYCLES) crowd.resume();
  }
  await crowd.stop();
  context.diagnostic(`${crowd.answered} calls, the slowest ${Math.round(crowd.slowestMs)} ms; alive after each cycle: ${liveBytes.map((bytes) => (bytes / 1e6).toFixed(2)).join(' ')} MB`);
  const growth = liveBytes.at(-1)! / liveBytes[1]!;
  assert.ok(growth <= GROWTH_MAX, `memory grew by the factor ${growth.toFixed(3)} from cycle 2 to ${CYCLES}`);
  // What was loaded is what a new OS process runs.
  await node.control('load', { application: 'counters', directory: directoryOf(2) });
  await node.control('hand-over');
  const { versions: all } = await operator.call<{ versions: number[] }>('crash');
  assert.deepEqual(new Set(all), new Set([2]));
  assert.ok(!/unhandled|outside any process|gave up/.test(node.output()), node.output());
});
