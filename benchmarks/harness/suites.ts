// Which suites there are: every benchmarks/<name>.bench.ts, which exports one as its default.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Suite } from './figure.ts';

const DIRECTORY = fileURLToPath(new URL('..', import.meta.url));
const ENDING = '.bench.ts';

export function suiteNames(): string[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
}

export async function loadSuite(name: string): Promise<Suite> {
  const module = (await import(new URL(`../${name}${ENDING}`, import.meta.url).href)) as { default: Suite };
  return module.default;
}
