/** The control socket's client side, for `flyball ctl`, the release script and tests. */
import net from 'node:net';
import { HeartError } from '../errors.ts';
import { controlSocketPath } from '../runtime-directory.ts';
import { encode, LineSplitter, type ControlFailure, type ControlReply } from './control-protocol.ts';

/** A whole tree of a large node may come back in one line. */
const REPLY_BYTES_MAX = 256 * 1_048_576;

export interface ControlClient {
  /** Rejects with a HeartError: the code that the node answered, `invalid-request`, or `not-running` when it went away. */
  request(method: string, params?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Settles when the connection has ended, from either side. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Connects to the node whose runtime directory this is; rejects with `not-running`. */
export function connectControl(directory: string): Promise<ControlClient> {
  const path = controlSocketPath(directory);
  const connection = net.connect(path);
  return new Promise((resolve, reject) => {
    connection.once('error', (cause) => reject(new HeartError('not-running', `No node answers at ${path}; start one with \`flyball start\`, or name it with --name.`, { cause })));
    connection.once('connect', () => resolve(client(connection)));
  });
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: HeartError) => void;
}

function client(connection: net.Socket): ControlClient {
  const waiting = new Map<number, Waiting>();
  const splitter = new LineSplitter(REPLY_BYTES_MAX);
  const closed = new Promise<void>((resolve) => connection.once('close', () => resolve()));
  let lastId = 0;
  connection.removeAllListeners('error').on('error', () => connection.destroy());
  connection.on('data', (chunk: Buffer) => {
    for (const line of splitter.push(chunk).lines) settle(waiting, JSON.parse(line) as ControlReply);
  });
  void closed.then(() => {
    for (const { reject } of waiting.values()) reject(new HeartError('not-running', 'The node closed the connection before it answered.'));
    waiting.clear();
  });
  return {
    request: (method, params = {}) => {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        if (connection.destroyed) return reject(new HeartError('not-running', 'The connection to the node has ended.'));
        waiting.set(id, { resolve, reject });
        connection.write(encode({ jsonrpc: '2.0', id, method, params }));
      });
    },
    closed,
    close: () => void connection.end(),
  };
}

function settle(waiting: Map<number, Waiting>, reply: ControlReply): void {
  const found = waiting.get(reply.id as number);
  waiting.delete(reply.id as number);
  if ('error' in reply) found?.reject(controlError(reply.error));
  else found?.resolve(reply.result);
}

function controlError({ message, data }: ControlFailure): HeartError {
  return new HeartError(data?.code ?? 'invalid-request', message);
}
