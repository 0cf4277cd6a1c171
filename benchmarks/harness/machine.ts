// Where a result was taken: machine, Node, commit.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

export const REPOSITORY_ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Place {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly commit: string;
}

export function placeOfMeasurement(): Place {
  const all = cpus();
  return { cpu: all[0]?.model.trim() ?? 'unknown', cores: all.length, node: process.version, commit: commit() };
}

/** The short hash, and "modified" when what was measured is not what was committed. */
function commit(): string {
  try {
    const hash = git(['rev-parse', '--short', 'HEAD']);
    const changes = git(['status', '--porcelain', '--', '.', ':!benchmarks/RESULTS.md']);
    return changes === '' ? hash : `${hash} modified`;
  } catch {
    return 'no repository';
  }
}

function git(argv: string[]): string {
  return execFileSync('git', argv, { cwd: REPOSITORY_ROOT, encoding: 'utf8' }).trim();
}
