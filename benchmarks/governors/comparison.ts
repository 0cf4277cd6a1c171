// Ours and the peers' policies in one table: every figure adds its column, the suite prints it when it has ended.
import { readable } from '../harness/statistics.ts';

export interface Side {
  readonly name: string;
  /** Undefined: it does not apply, such as the time of a detection that never came. */
  readonly value: number | undefined;
}

const columns: { readonly figure: string; readonly sides: readonly Side[] }[] = [];

/** Ours is the first side. Returns the peers' in words, for the figure's detail. */
export function compare(figure: string, sides: readonly Side[]): string {
  columns.push({ figure, sides });
  return sides.slice(1).map(({ name, value }) => `${name} ${shown(value)}`).join(', ');
}

function shown(value: number | undefined): string {
  return value === undefined ? 'never' : readable(value);
}

/** A section for each group of policies: those that the same figures were measured of. */
export function comparisonTable(): string {
  const groups = new Map<string, typeof columns>();
  for (const column of columns) {
    const peers = column.sides.slice(1).map(({ name }) => name).join();
    groups.set(peers, [...(groups.get(peers) ?? []), column]);
  }
  return [...groups.values()].map(tableOf).join('\n');
}

function tableOf(group: typeof columns): string {
  const names = group[0]!.sides.map(({ name }) => name);
  const rows = names.map((name) => [name, ...group.map(({ sides }) => shown(sides.find((side) => side.name === name)?.value))]);
  const all = [['policy', ...group.map(({ figure }) => figure)], ...rows];
  const widths = all[0]!.map((_, at) => Math.max(...all.map((row) => row[at]!.length)));
  return all.map((row) => `${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ').trimEnd()}\n`).join('');
}
