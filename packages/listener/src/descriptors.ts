/**
 * Listening descriptors: heart binds and keeps them, shards borrow them and accept.
 *
 * Because the parent keeps the bound socket open and never accepts, a shard may stop accepting, crash or be
 * replaced, and connections wait in the kernel's queue instead of being refused. Each ask gives a fresh
 * descriptor of the *same* socket, so a listener process that crashed closes its own and asks again.
 * SO_REUSEPORT would give each process a queue of its own, whose connections are reset when it leaves.
 *
 * Heart uses the keeper, shards the borrower; without heart the borrower binds for itself. Neither accepts.
 */
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { DescriptorError } from './errors.ts';

/** A bound TCP handle; `server.listen(handle, backlog)` takes it. It is closed by the server that took it. */
export interface ListenHandle {
  close(): void;
  readonly fd: number;
}

export interface DescriptorSpec {
  /** Which socket: descriptors of one name share one socket. */
  readonly name: string;
  /** Numeric address or a host name, which is resolved once, by whoever binds. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface BoundDescriptor {
  readonly handle: ListenHandle;
  readonly port: number;
}

export interface DescriptorRequest extends DescriptorSpec {
  readonly type: 'descriptor';
  readonly id: number;
}

export interface DescriptorReply {
  readonly type: 'descriptor';
  readonly id: number;
  readonly name: string;
  readonly port: number;
  readonly error?: { readonly code: string; readonly message: string };
}

// ---- binding -----------------------------------------------------------------------------------

interface RawTcpHandle extends ListenHandle {
  getsockname(out: { port?: number }): number;
}

type CreateServerHandle = (host: string, port: number, family: 4 | 6, fd: -1, flags: 0) => RawTcpHandle | number;

/**
 * Binds without listening. `net._createServerHandle` is what node:cluster shares sockets with; the public
 * `net.BoundSocket` binds alike, but cannot be sent to a child process (nodejs/node#64725).
 */
export async function bindDescriptor(spec: DescriptorSpec): Promise<BoundDescriptor> {
  const { address, family } = await resolveHost(spec);
  const create = (net as unknown as { _createServerHandle?: CreateServerHandle })._createServerHandle;
  if (create === undefined) {
    throw new DescriptorError('bind-failed', 'This Node has no net._createServerHandle; use the pinned Node 24.');
  }
  const handle = create(address, spec.port, family, -1, 0);
  if (typeof handle === 'number') throw bindError(spec, handle);
  // libuv defers EADDRINUSE to the next call on the handle; getsockname makes it surface here.
  const local: { port?: number } = {};
  const status = handle.getsockname(local);
  if (status !== 0) {
    handle.close();
    throw bindError(spec, status);
  }
  return { handle, port: local.port ?? spec.port };
}

async function resolveHost(spec: DescriptorSpec): Promise<{ address: string; family: 4 | 6 }> {
  const family = net.isIP(spec.host);
  if (family === 4 || family === 6) return { address: spec.host, family };
  const { lookup } = await import('node:dns/promises');
  try {
    const found = await lookup(spec.host);
    return { address: found.address, family: found.family === 6 ? 6 : 4 };
  } catch (cause) {
    throw new DescriptorError(
      'host-not-found',
      `Cannot bind ${spec.name}: the host "${spec.host}" does not resolve; give an address such as 127.0.0.1.`,
      { cause },
    );
  }
}

function bindError(spec: DescriptorSpec, status: number): DescriptorError {
  const errno = getSystemErrorName(status);
  const where = `${net.isIPv6(spec.host) ? `[${spec.host}]` : spec.host}:${spec.port}`;
  switch (errno) {
    case 'EADDRINUSE':
      return new DescriptorError('address-in-use', `Cannot bind ${spec.name}: another process listens on ${where}.`);
    case 'EADDRNOTAVAIL':
      return new DescriptorError('address-not-available', `Cannot bind ${spec.name}: this machine has no address ${spec.host}.`);
    case 'EACCES':
    case 'EPERM':
      return new DescriptorError(
        'permission-denied',
        `Cannot bind ${spec.name}: not allowed to listen on ${where}; use a port of 1024 or above.`,
      );
    default:
      return new DescriptorError('bind-failed', `Cannot bind ${spec.name} to ${where}: ${errno}.`);
  }
}

// ---- heart's side ------------------------------------------------------------------------------

/** Keeps what is bound for heart's whole life. Every `open` of one name gives the same handle, to be sent. */
export interface DescriptorKeeper {
  open(name: string, host: string, port: number): Promise<BoundDescriptor>;
  close(): void;
}

interface Kept {
  readonly spec: DescriptorSpec;
  readonly bound: Promise<BoundDescriptor>;
}

export function createDescriptorKeeper(): DescriptorKeeper {
  const kept = new Map<string, Kept>();
  return {
    open: (name, host, port) => {
      const known = kept.get(name);
      if (known !== undefined) return reopen(known, { name, host, port });
      const spec = { name, host, port };
      const bound = bindDescriptor(spec);
      kept.set(name, { spec, bound });
      // A failed bind is forgotten: the port may be free at the next ask.
      bound.catch(() => kept.delete(name));
      return bound;
    },
    close: () => {
      for (const { bound } of kept.values()) bound.then(({ handle }) => handle.close(), () => undefined);
      kept.clear();
    },
  };
}

function reopen(known: Kept, asked: DescriptorSpec): Promise<BoundDescriptor> {
  const { spec, bound } = known;
  if (spec.host === asked.host && spec.port === asked.port) return bound;
  return Promise.reject(
    new DescriptorError(
      'descriptor-conflict',
      `The descriptor "${asked.name}" is bound to ${spec.host}:${spec.port}; ${asked.host}:${asked.port} needs another name.`,
    ),
  );
}

// ---- a shard's side ----------------------------------------------------------------------------

/** The channel to heart, as the borrower needs it. `subscribe` returns the function that ends it. */
export interface DescriptorLink {
  send(message: DescriptorRequest): void;
  subscribe(receive: (message: unknown, handle: unknown) => void): () => void;
}

/** The link over this process's own IPC channel; undefined when it was started without one. */
export function parentLink(child: NodeJS.Process): DescriptorLink | undefined {
  if (child.send === undefined) return undefined;
  return {
    send: (message) => void child.send?.(message),
    subscribe: (receive) => {
      child.on('message', receive);
      return () => child.off('message', receive);
    },
  };
}

let lastId = 0;

/**
 * A descriptor to listen on: from heart, or without a link bound here. Rejects with a DescriptorError, with
 * `signal`'s reason when that aborts first. If heart dies, the channel closes and the shard exits: no timer here.
 */
export function borrowDescriptor(
  link: DescriptorLink | undefined,
  spec: DescriptorSpec,
  options: { readonly signal?: AbortSignal } = {},
): Promise<BoundDescriptor> {
  if (link === undefined) return bindDescriptor(spec);
  const { signal } = options;
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      end();
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      finish();
      reject(signal?.reason);
    };
    const end = link.subscribe((message, handle) => {
      if (!isReplyTo(message, id)) return;
      finish();
      settle(message, handle).then(resolve, reject);
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) return abort();
    link.send({ type: 'descriptor', id, name: spec.name, host: spec.host, port: spec.port });
  });
}

async function settle(reply: DescriptorReply, handle: unknown): Promise<BoundDescriptor> {
  if (reply.error !== undefined) throw new DescriptorError(reply.error.code, reply.error.message);
  if (handle === undefined || handle === null) {
    throw new DescriptorError('bind-failed', `Heart's answer for ${reply.name} carried no descriptor.`);
  }
  return { handle: handle as ListenHandle, port: reply.port };
}

function isReplyTo(message: unknown, id: number): message is DescriptorReply {
  const reply = message as Partial<DescriptorReply> | null;
  return typeof reply === 'object' && reply !== null && reply.type === 'descriptor' && reply.id === id;
}
