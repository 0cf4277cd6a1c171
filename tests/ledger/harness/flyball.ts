// The `flyball` command as a program: what it printed and its exit code.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `runtimeRoot` stands for XDG_RUNTIME_DIR. */
export async function flyball(runtimeRoot: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=flyball-source', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, XDG_RUNTIME_DIR: runtimeRoot } });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.err += chunk));
  const [code] = await once(child, 'close') as [number | null];
  return { code, ...text };
}

export function scratch(context: { after(end: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'fbl-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
