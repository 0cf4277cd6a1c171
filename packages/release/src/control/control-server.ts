/**
 * The control socket's server side: claims the node's name for this heart, then answers requests. Access is
 * what the file system allows: the socket has mode 0600 in a directory of mode 0700.
 */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { HeartError } from '../errors.ts';
import { remoteError, type Heart } from '../heart/heart.ts';
import { controlSocketPath } from '../runtime-directory.ts';
import { CONTROL_METHODS, ControlParamsError, isControlMethod, runControlMethod } from './control-methods.ts';
import {
  encode,
  failure,
  INVALID_PARAMS,
  INVALID_REQUEST,
  LINE_BYTES_MAX,
  LineSplitter,
  METHOD_NOT_FOUND,
  OPERATING_ERROR,
  parseRequest,
  success,
  type ControlReply,
  type ControlRequest,
} from './control-protocol.ts';

const CONNECTIONS_MAX = 64;
const PENDING_MAX = 64;
const SOCKET_MODE = 0o600;

export interface ControlSocket {
  /** From now on requests are answered; those that came before wait in the socket. */
  serve(heart: Heart): void;
  /** Ends connections and removes the socket's file. */
  close(): void;
}

/** Rejects with `already-running` when a heart of this name lives; the socket of a dead one is replaced. */
export async function claimControlSocket(directory: string): Promise<ControlSocket> {
  const path = controlSocketPath(directory);
  const server = await listen(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    if (await answers(path)) throw alreadyRunning(directory);
    rmSync(path, { force: true });
    return listen(path);
  });
  chmodSync(path, SOCKET_MODE);
  writeFileSync(pidFile(directory), `${process.pid}\n`, { mode: SOCKET_MODE });
  return controlSocket(server, directory);
}

function pidFile(directory: string): string {
  return join(directory, 'heart.pid');
}

function alreadyRunning(directory: string): HeartError {
  let pid = 'unknown';
  try {
    pid = readFileSync(pidFile(directory), 'utf8').trim();
  } catch {
    // It is being started this very moment.
  }
  return new HeartError('already-running', `A node of this name is already running, pid ${pid} (${directory}); stop it or choose another --name.`);
}

function listen(path: string): Promise<net.Server> {
  const server = net.createServer({ pauseOnConnect: true });
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server.off('error', reject)));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(path);
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}

function controlSocket(server: net.Server, directory: string): ControlSocket {
  const connections = new Set<net.Socket>();
  let heart: Heart | undefined;
  server.on('connection', (connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    // A client that went away is no event for heart.
    connection.on('error', () => connection.destroy());
    if (heart !== undefined) converse(heart, connection);
  });
  return {
    serve: (served) => {
      heart = served;
      for (const connection of connections) converse(heart, connection);
    },
    close: () => {
      // Closing a pipe server unlinks its path (libuv), so the name is free again.
      server.close();
      for (const connection of connections) connection.destroy();
      rmSync(pidFile(directory), { force: true });
    },
  };
}

function converse(heart: Heart, connection: net.Socket): void {
  const splitter = new LineSplitter();
  let pending = 0;
  const reply = (message: ControlReply): void => {
    if (!connection.destroyed) connection.write(encode(message));
  };
  connection.on('data', (chunk: Buffer) => {
    const { lines, tooLong } = splitter.push(chunk);
    for (const line of lines) {
      const parsed = parseRequest(line);
      if (!parsed.ok) reply(parsed.reply);
      else if (pending >= PENDING_MAX) reply(failure(parsed.request.id ?? null, { code: OPERATING_ERROR, message: `At most ${PENDING_MAX} requests may be pending.`, data: { code: 'busy' } }));
      else {
        pending += 1;
        void answer(heart, parsed.request).then((message) => {
          pending -= 1;
          if (message !== undefined) reply(message);
        });
      }
    }
    if (tooLong) connection.end(encode(failure(null, { code: INVALID_REQUEST, message: `A line has at most ${LINE_BYTES_MAX} bytes.` })));
  });
  connection.resume();
}

/** Never rejects: whatever a method throws becomes the reply. */
async function answer(heart: Heart, { id, method, params }: ControlRequest): Promise<ControlReply | undefined> {
  const reply = await run(heart, id ?? null, method, params);
  return id === undefined ? undefined : reply;
}

async function run(heart: Heart, id: string | number | null, method: string, params: Readonly<Record<string, unknown>>): Promise<ControlReply> {
  if (!isControlMethod(method)) {
    return failure(id, { code: METHOD_NOT_FOUND, message: `No method "${method}"; there are ${CONTROL_METHODS.join(', ')}.` });
  }
  try {
    return success(id, await runControlMethod(heart, method, params));
  } catch (error) {
    if (error instanceof ControlParamsError) return failure(id, { code: INVALID_PARAMS, message: error.message });
    const { code, message } = remoteError(error);
    return failure(id, { code: OPERATING_ERROR, message, data: { code } });
  }
}
