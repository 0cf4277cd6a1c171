/** Tables, trees and durations as plain text: what every command's output is made of. */

/** Columns padded to their widest cell, two spaces between; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  const line = (row: readonly string[]): string => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ').trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

export interface Branch {
  readonly label: string;
  readonly branches: readonly Branch[];
}

export function drawTree(root: Branch): string {
  return `${root.label}\n${drawBranches(root.branches, '')}`;
}

function drawBranches(branches: readonly Branch[], indent: string): string {
  return branches
    .map(({ label, branches: below }, index) => {
      const last = index === branches.length - 1;
      return `${indent}${last ? '└─ ' : '├─ '}${label}\n${drawBranches(below, `${indent}${last ? '   ' : '│  '}`)}`;
    })
    .join('');
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Two units at most: "12 ms", "3.4 s", "5 min 2 s", "1 d 3 h". */
export function duration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ${Math.floor((ms % MINUTE_MS) / SECOND_MS)} s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ${Math.floor((ms % HOUR_MS) / MINUTE_MS)} min`;
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
