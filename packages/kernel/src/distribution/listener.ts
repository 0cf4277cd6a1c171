// The Unix socket that the peers of a shard connect to. Only the node's own user may.
import { lstatSync, rmSync } from 'node:fs';
import net from 'node:net';
import { KernelError } from '../errors.ts';
import { Port } from '../process/port.ts';

/** `sun_path` of unix(7), without its closing zero. */
export const pathBytesMax = 107;
/** Two shards need one each way; a node has some dozens of shards. */
const CONNECTIONS_MAX = 1_024;
/** Whatever the process's own umask is: read and write for the owner. */
const OWNER_ONLY_UMASK = 0o177;

export class Listener extends Port {
  readonly #accept: (socket: net.Socket) => void;
  readonly #closed: () => void;
  #server: net.Server | undefined;
  #isClosed = false;

  constructor(accept: (socket: net.Socket) => void, closed: () => void) {
    super();
    this.#accept = accept;
    this.#closed = closed;
  }

  /** The socket that a dead process left is replaced; a live one's is not. */
  async listen(path: string): Promise<void> {
    if (Buffer.byteLength(path) > pathBytesMax) {
      throw new KernelError('start-failed', `${path}: a Unix socket's path has at most ${pathBytesMax} bytes; choose a shorter runtime directory`);
    }
    try {
      await this.#bind(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || !isSocket(path) || await answers(path)) throw error;
      rmSync(path, { force: true });
      await this.#bind(path);
    }
  }

  #bind(path: string): Promise<void> {
    const server = net.createServer(this.#accept);
    server.maxConnections = CONNECTIONS_MAX;
    this.#server = server;
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new KernelError('process-dead', `${path}: the distribution ended before it listened`));
        return;
      }
      server.once('error', reject);
      // The file is made in this very call: there is no moment in which others could connect.
      const before = process.umask(OWNER_ONLY_UMASK);
      try {
        server.listen({ path }, () => resolve(void server.off('error', reject)));
      } finally {
        process.umask(before);
      }
    });
  }

  /** Takes the socket's file away too. */
  close(): void {
    this.#isClosed = true;
    if (this.#server?.listening === true) this.#server.close();
    this.#closed();
  }
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect({ path });
    probe.once('error', () => resolve(false)).once('connect', () => {
      probe.destroy();
      resolve(true);
    });
  });
}
