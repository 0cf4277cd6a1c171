// Starts a whole node (heart and its shards) for a test, on free ports, and ends it with the test.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { connectControl, runtimeDirectoryPath, type ControlClient } from '@flyball/release';

const MAIN = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));
const STOP_DEADLINE_MS = 15_000;
let started = 0;

export interface NodeOptions {
  /** Folders; the documents example unless given. */
  readonly applications?: readonly string[];
  /** Further arguments of `flyball start`: '+S', '2'. */
  readonly args?: readonly string[];
  /** What runs `flyball start`; the checkout's sources under this Node unless given. */
  readonly command?: readonly [string, ...string[]];
  /** A node that has ended, whose name and place this one takes. */
  readonly after?: TestNode;
}

export interface TestNode {
  readonly name: string;
  /** Stands for XDG_RUNTIME_DIR. */
  readonly runtimeRoot: string;
  readonly url: string;
  readonly port: number;
  /** Of heart, or of the command that runs it. */
  readonly pid: number;
  /** Everything that heart and the shards wrote so far. */
  readonly output: () => string;
  /** Resolves with the first line written from now on, or before, that matches. */
  readonly line: (pattern: RegExp) => Promise<string>;
  /** One request over the control socket. */
  readonly control: (method: string, params?: Record<string, unknown>) => Promise<unknown>;
  /** OS pids of the shards and of whatever they started. */
  readonly descendants: () => number[];
  readonly stop: () => Promise<void>;
  /** Resolves once heart and the shards, which share its output, have ended, however that came. */
  readonly ended: Promise<void>;
}

/** Starts a node and resolves once it serves; `context.after` stops it. */
export async function startNode(context: { after(end: () => Promise<void>): void }, options: NodeOptions = {}): Promise<TestNode> {
  started += 1;
  const { name = `test-${process.pid}-${started}`, runtimeRoot = mkdtempSync(join(tmpdir(), 'fb-')) } = options.after ?? {};
  const applications = (options.applications ?? []).flatMap((directory) => ['--application', directory]);
  const [command, ...before] = options.command ?? [process.execPath, '--conditions=flyball-source', MAIN, 'start'];
  const args = [...before, '--name', name, '--port', '0', ...applications, ...(options.args ?? [])];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, XDG_RUNTIME_DIR: runtimeRoot } });
  const log = collect(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(runtimeRoot, { recursive: true, force: true });
  };
  context.after(stop);
  const banner = await log.line(/http:\/\/[^\s/]+:\d+\/mcp/);
  const port = Number(/:(\d+)\/mcp/.exec(banner)![1]);
  const directory = runtimeDirectoryPath({ runtimeRoot, temporaryRoot: tmpdir(), userId: process.getuid!(), name });
  return {
    name, runtimeRoot, port, stop, ended, pid: child.pid!, url: `http://127.0.0.1:${port}/mcp`, output: log.text, line: log.line,
    control: (method, params) => ask(directory, method, params),
    descendants: () => descendantsOf(child.pid!),
  };
}

async function ask(directory: string, method: string, params: Record<string, unknown> = {}): Promise<unknown> {
  const client: ControlClient = await connectControl(directory);
  try {
    return await client.request(method, params);
  } finally {
    client.close();
  }
}

interface Log {
  text: () => string;
  line: (pattern: RegExp) => Promise<string>;
}

function collect(child: ChildProcess): Log {
  let text = '';
  const waiting = new Set<() => void>();
  const add = (chunk: Buffer): void => {
    text += chunk.toString();
    for (const look of waiting) look();
  };
  child.stdout!.on('data', add);
  child.stderr!.on('data', add);
  const find = (pattern: RegExp): string | undefined => text.split('\n').find((line) => pattern.test(line));
  const line = (pattern: RegExp): Promise<string> => new Promise((resolve, reject) => {
    const look = (): void => {
      const found = find(pattern);
      if (found === undefined && child.exitCode === null) return;
      waiting.delete(look);
      if (found === undefined) reject(new Error(`the node ended with ${child.exitCode} before it wrote ${String(pattern)}:\n${text}`));
      else resolve(found);
    };
    waiting.add(look);
    child.once('close', look);
    look();
  });
  return { text: () => text, line };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGTERM');
  // A node that does not stop when told must not stop the tests: AbortSignal.timeout keeps no process alive.
  AbortSignal.timeout(STOP_DEADLINE_MS).addEventListener('abort', () => {
    if (child.exitCode === null && child.signalCode === null) killAll(child.pid!);
  });
  await closed;
}

function killAll(pid: number): void {
  for (const each of [pid, ...descendantsOf(pid)]) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // It is gone.
    }
  }
}

function descendantsOf(pid: number): number[] {
  const direct = childrenOf(pid);
  return direct.flatMap((child) => [child, ...descendantsOf(child)]);
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter((text) => text !== '').map(Number);
  } catch {
    return [];
  }
}
