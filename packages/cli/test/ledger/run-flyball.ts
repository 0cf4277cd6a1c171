// Runs the real command in a process of its own, as a user's shell would.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What a shell would run. */
export const COMMAND: readonly string[] = [process.execPath, '--conditions=flyball-source', '--disable-warning=ExperimentalWarning', MAIN];

export type Variables = Readonly<Record<string, string>>;

export function startFlyball(t: TestContext, directory: string, ...args: string[]) {
  return startWith(t, { directory, variables: {} }, args);
}

/** With these environment variables besides the test's own. */
export function startWith(t: TestContext, { directory, variables }: { readonly directory: string; readonly variables: Variables }, args: readonly string[]) {
  const [node = '', ...rest] = COMMAND;
  const child = spawn(node, [...rest, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory, env: { ...process.env, ...variables } });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

export function flyball(t: TestContext, directory: string, ...args: string[]): Promise<Ended> {
  return ended(startFlyball(t, directory, ...args));
}

export async function ended(child: ReturnType<typeof startFlyball>): Promise<Ended> {
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.err += chunk));
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...text };
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-ledger-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
