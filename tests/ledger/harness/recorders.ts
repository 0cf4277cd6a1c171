// Clients that have a node record one receipt after the other, each with an id of its own, and note what was
// acknowledged. They repeat nothing.
import { Client, type ClientKind } from '../../spine/harness/client.ts';

export interface Recorded {
  readonly index: number;
  readonly shard: number;
  readonly generation: number;
}

const PER_REQUEST: ClientKind = { dialect: 'stateless', connection: 'per-request' };
const PINNED: ClientKind = { dialect: 'sessionful', connection: 'keep-alive' };
const CONNECTIONS_MAX = 2_000;

export class Recorders {
  /** By id. */
  readonly acknowledged = new Map<string, Recorded>();
  readonly failures: string[] = [];
  readonly #prefix: string;
  readonly #clients: readonly Client[];
  #isStopped = false;
  #runs: Promise<void>[] = [];
  #watchers = new Set<() => void>();

  constructor(prefix: string, clients: readonly Client[]) {
    this.#prefix = prefix;
    this.#clients = clients;
    this.#runs = clients.map((client, number) => this.#run(client, number));
  }

  /** A new connection for each call: any shard may take it. */
  static async everywhere(prefix: string, url: string, count: number): Promise<Recorders> {
    return new Recorders(prefix, await Promise.all(Array.from({ length: count }, () => Client.open(url, PER_REQUEST))));
  }

  /** Their connections and sessions are at that shard. */
  static async at(prefix: string, url: string, shard: number, count: number): Promise<Recorders> {
    return new Recorders(prefix, await Promise.all(Array.from({ length: count }, () => clientAt(url, shard))));
  }

  get shards(): readonly number[] {
    return [...new Set([...this.acknowledged.values()].map(({ shard }) => shard))].toSorted();
  }

  /** Resolves when so many more were acknowledged. */
  more(count: number): Promise<void> {
    const wanted = this.acknowledged.size + count;
    return this.when(() => this.acknowledged.size >= wanted);
  }

  /** Looked at after each answer. */
  when(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#runs);
    for (const client of this.#clients) client.close();
  }

  async #run(client: Client, number: number): Promise<void> {
    for (let count = 0; !this.#isStopped; count += 1) {
      const id = `${this.#prefix}-${number}-${count}`;
      try {
        this.acknowledged.set(id, await client.call<Recorded>('record', { id, tenant: `tenant-${number % 3}` }));
      } catch (error) {
        this.failures.push(`${id}: ${String(error)}`);
        await new Promise(setImmediate);
      }
      for (const look of this.#watchers) look();
    }
  }
}

export async function clientAt(url: string, shard: number): Promise<Client> {
  for (let tries = 1; tries <= CONNECTIONS_MAX; tries += 1) {
    const client = await Client.open(url, PINNED);
    if (Number.parseInt(client.sessionId!, 10) === shard) return client;
    client.close();
  }
  throw new Error(`shard ${shard} accepted none of ${CONNECTIONS_MAX} connections`);
}
