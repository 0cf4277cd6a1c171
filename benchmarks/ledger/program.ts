// Runs one of this folder's programs in a process of its own: options as JSON in, one line of JSON out. With a compile
// cache, as `flyball` starts Node: without one, and from TypeScript, each thread would hold a compiler in memory.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../harness/children.ts';
import { monotonicMs } from '../harness/clock.ts';
import { productionEnvironment } from '../harness/server-process.ts';
import { compileCache } from './place.ts';

export interface Ran<Result> {
  readonly result: Result;
  /** From spawn to exit. */
  readonly wallMs: number;
}

export async function runProgram<Result>(file: string, options: object): Promise<Ran<Result>> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const startedMs = monotonicMs();
  const child = spawn(process.execPath, ['--conditions=flyball-source', path, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...productionEnvironment(), NODE_COMPILE_CACHE: compileCache() } });
  endWithUs(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const wallMs = monotonicMs() - startedMs;
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}: ${output}`);
  return { result: JSON.parse(output) as Result, wallMs };
}

/** What the parent handed over. */
export function programOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options;
}
