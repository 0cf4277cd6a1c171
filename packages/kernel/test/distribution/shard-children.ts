// Shards as real child processes of a test, which is shard 0 of the same node itself.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, cast, distributionServer, exit, genServer, identity, monitorWith, named, processNamed, reply, type DistributionPeer, type Pid, type Protocol, type Target } from '@flyball/kernel';
import type { DeskProtocol } from './fixtures/shard.ts';

export const node = 'test@localhost';
const distributionName = named<typeof distributionServer>('distribution');

/** A shard's `desk`. */
export function desk(shard: number, name = 'desk') {
  return { name, shard } as { name: string; shard: number; protocol?: DeskProtocol };
}

export class Shards {
  readonly directory = mkdtempSync(join(tmpdir(), 'fb-dist-'));
  readonly peers: DistributionPeer[] = [];
  readonly #children = new Map<string, ChildProcess>();

  pathOf(shard: number, creation: number): string {
    return join(this.directory, `${shard}.${creation}`);
  }

  /** Makes the test's process shard 0. */
  async startSelf(): Promise<void> {
    Object.assign(identity, { node, shard: 0, creation: 1 });
    const self: DistributionPeer = { shard: 0, creation: 1, path: this.pathOf(0, 1) };
    this.peers.push(self);
    await distributionServer.start({ path: self.path, peers: this.peers }, { name: 'distribution' });
  }

  /** Starts one and tells all others of it. */
  async start(shard: number, creation: number, options: { names?: string[]; node?: string; role?: 'starting' | 'current' | 'draining' } = {}): Promise<ChildProcess> {
    const { names = ['desk'], role } = options;
    const path = this.pathOf(shard, creation);
    this.peers.push({ shard, creation, path, ...(role !== undefined && { role }) });
    const argument = JSON.stringify({ node: options.node ?? node, shard, creation, path, peers: this.peers, names });
    const child = fork(join(import.meta.dirname, 'fixtures/shard.ts'), [argument], {
      execArgv: ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
    });
    this.#children.set(`${shard}.${creation}`, child);
    await once(child, 'message');
    await this.tellPeers();
    return child;
  }

  child(shard: number, creation = 1): ChildProcess {
    return this.#children.get(`${shard}.${creation}`)!;
  }

  /** Takes one out of the list and tells the others. */
  async forget(shard: number, creation: number): Promise<void> {
    const at = this.peers.findIndex((peer) => peer.shard === shard && peer.creation === creation);
    if (at >= 0) this.peers.splice(at, 1);
    await this.tellPeers();
  }

  async tellPeers(): Promise<void> {
    if (processNamed('distribution') !== undefined) await takePeers(this.peers);
    const living = [...this.#children.values()].filter((child) => child.connected);
    await Promise.all(living.map(async (child) => {
      const updated = once(child, 'message');
      child.send(this.peers);
      await updated;
    }));
  }

  /** Resolves when it is gone; it may have been killed before. */
  async kill(shard: number, creation = 1): Promise<void> {
    const child = this.child(shard, creation);
    // Its channel may look open for longer than it lives.
    this.#children.delete(`${shard}.${creation}`);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    for (const key of this.#children.keys()) {
      const [shard, creation] = key.split('.').map(Number);
      await this.kill(shard!, creation!);
    }
    await stopSelf();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function stopSelf(): Promise<void> {
  const server = processNamed('distribution');
  if (server === undefined) return;
  const down = new Promise((resolve) => monitorWith(server.pid, resolve));
  exit(server.pid, 'shutdown');
  await down;
}

/** Resolves when the list is in force. */
export async function takePeers(peers: readonly DistributionPeer[]): Promise<void> {
  cast(distributionName, 'peers', peers);
  await status();
}

/** What is open at this shard's links. */
export async function status() {
  return await call(distributionName, 'status');
}

/** What is open at the links of another shard. */
export async function statusOf(shard: number) {
  return await call(named<typeof distributionServer>('distribution', shard), 'status');
}

const inboxServer = genServer({
  init: (take: (message: unknown) => void) => ({ take }),
  calls: {
    monitor: (_state: { take: (message: unknown) => void }, target: Pid, self) => reply(self.monitor(target)),
    demonitor: (_state: { take: (message: unknown) => void }, ref: number, self) => {
      self.demonitor(ref);
      return reply(true);
    },
    ask: async (_state: { take: (message: unknown) => void }, { target, name, timeoutMs }: { target: Target<Protocol>; name: string; timeoutMs: number }, self) => reply(await self.call(target, name, undefined, { timeoutMs })),
  },
  info: ({ take }: { take: (message: unknown) => void }, message: unknown) => take(message),
});

/** A process of this shard whose messages the test waits for. */
export async function openInbox() {
  const waiting: unknown[] = [];
  const takers: ((message: unknown) => void)[] = [];
  const pid = await inboxServer.start((message) => {
    const taker = takers.shift();
    if (taker === undefined) waiting.push(message);
    else taker(message);
  });
  const next = (): Promise<unknown> => waiting.length > 0 ? Promise.resolve(waiting.shift()) : new Promise((resolve) => takers.push(resolve));
  return { pid, waiting, next };
}
