/**
 * Where a node's Unix sockets live: a directory that only its user can enter. Decides the path, makes the
 * directory and refuses one that another user could have prepared. It reads no environment: cli passes it in.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HeartError } from './errors.ts';

export interface RuntimeDirectoryOptions {
  readonly name: string;
  /** The value of XDG_RUNTIME_DIR, if any. */
  readonly runtimeRoot: string | undefined;
  readonly temporaryRoot: string;
  readonly userId: number;
}

/** Linux's sockaddr_un.sun_path holds 108 bytes with the closing zero (unix(7)). */
export const SOCKET_PATH_BYTES_MAX = 107;
const LONGEST_SOCKET_NAME = 's255g999999999.dist.sock';
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const PRIVATE_MODE = 0o700;
const SOCKET_FILE = /^s\d+g\d+\.(dist|http)\.sock$/;

/** `$XDG_RUNTIME_DIR/flyball/<name>`, else `<tmp>/flyball-<uid>/<name>`. Throws `name-invalid`, `socket-path-too-long`. */
export function runtimeDirectoryPath(options: RuntimeDirectoryOptions): string {
  const { name, runtimeRoot, temporaryRoot, userId } = options;
  if (!NAME.test(name)) {
    throw new HeartError('name-invalid', `"${name}" is no node name: letters, digits, "-", "_" and ".", at most 64, are allowed.`);
  }
  const path = runtimeRoot ? join(runtimeRoot, 'flyball', name) : join(temporaryRoot, `flyball-${userId}`, name);
  const bytes = Buffer.byteLength(join(path, LONGEST_SOCKET_NAME));
  if (bytes > SOCKET_PATH_BYTES_MAX) {
    throw new HeartError(
      'socket-path-too-long',
      `Sockets under ${path} would have paths of ${bytes} bytes and ${SOCKET_PATH_BYTES_MAX} are possible; ` +
        'choose a shorter --name or set XDG_RUNTIME_DIR to a shorter directory.',
    );
  }
  return path;
}

export function controlSocketPath(directory: string): string {
  return join(directory, 'control.sock');
}

/** Makes both levels with mode 0700; throws `runtime-directory-unsafe` when one is not ours alone. */
export function prepareRuntimeDirectory(path: string, userId: number): void {
  mkdirSync(dirname(dirname(path)), { recursive: true });
  for (const level of [dirname(path), path]) {
    makePrivate(level);
    checkPrivate(level, userId);
  }
}

/** Creates the directory if it is missing; mkdir's mode is cut by the umask, chmod's is not. */
function makePrivate(level: string): void {
  try {
    mkdirSync(level, { mode: PRIVATE_MODE });
    chmodSync(level, PRIVATE_MODE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Also asked by clients: a socket in a directory of someone else's is not to be trusted. */
export function checkPrivate(level: string, userId: number): void {
  const found = lstatSync(level);
  const refuse = (what: string): never => {
    throw new HeartError(
      'runtime-directory-unsafe',
      `${level} ${what}, so others could pose as this node; remove it or set XDG_RUNTIME_DIR to a directory of your own.`,
    );
  };
  if (!found.isDirectory()) refuse('is not a directory');
  if (found.uid !== userId) refuse(`belongs to user ${found.uid}, not to ${userId}`);
  if ((found.mode & 0o077) !== 0) refuse(`has mode 0${(found.mode & 0o777).toString(8)} instead of 0700`);
}

/** Removes what shards of a dead heart left; only for the heart that has claimed the directory. */
export function removeStaleSockets(directory: string): void {
  for (const file of readdirSync(directory)) {
    if (SOCKET_FILE.test(file)) rmSync(join(directory, file), { force: true });
  }
}
