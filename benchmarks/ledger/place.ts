// Where the ledgers that are measured lie: on the disk of the checkout, in a folder that git ignores and that is
// removed when this process ends.
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../harness/machine.ts';

const ROOT = join(REPOSITORY_ROOT, 'benchmarks/.tmp', `ledger-${process.pid}`);
/** statfs(2): f_type of tmpfs and ramfs. */
const MEMORY_FILE_SYSTEMS = new Set([0x01_02_19_94, 0x85_84_58_f6]);
let count = 0;

process.on('exit', () => rmSync(ROOT, { recursive: true, force: true }));

/** A path for a new folder or file; throws where a sync would cost nothing. */
export function freshPath(): string {
  mkdirSync(ROOT, { recursive: true });
  if (MEMORY_FILE_SYSTEMS.has(statfsSync(ROOT).type)) throw new Error(`${ROOT} lies in memory: what a sync costs cannot be measured there`);
  count += 1;
  return join(ROOT, String(count));
}

export function removePath(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

export function compileCache(): string {
  return join(ROOT, 'compile-cache');
}
