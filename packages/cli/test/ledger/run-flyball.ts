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

export function startFlyball(t: TestContext, directory: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

export async function flyball(t: TestContext, directory: string, ...args: string[]): Promise<Ended> {
  const child = startFlyball(t, directory, ...args);
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
