// Makes what a run has a hundred thousand of fit into the pixels there are, without losing what matters:
// extremes of lines, the gravest state of a moment, how many marks fall together. Pure.
import type { Line, Mark, Span, TrackState } from '../outcome.ts';

/** From harmless to grave: where several states share a pixel, the gravest is drawn. */
const GRAVITY: readonly TrackState[] = ['stable', 'boot', 'warning', 'intervening', 'degraded', 'refusing'];

/** Keeps the lowest and the highest point of each of `columns` stretches of time, in order. */
export function thinLine({ points }: Pick<Line, 'points'>, durationMs: number, columns: number): (readonly [number, number])[] {
  if (points.length <= 2 * columns) return [...points];
  const kept: (readonly [number, number])[] = [points[0]!];
  let at = 0;
  for (let column = 0; column < columns; column++) {
    const endMs = ((column + 1) * durationMs) / columns;
    let low = points[at];
    let high = points[at];
    while (at < points.length && (points[at]![0] < endMs || column === columns - 1)) {
      const point = points[at++]!;
      if (point[1] < low![1]) low = point;
      if (point[1] > high![1]) high = point;
    }
    if (low === undefined || high === undefined || low[0] >= endMs) continue;
    kept.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
  }
  kept.push(points.at(-1)!);
  return kept;
}

export interface Bar {
  readonly state: TrackState;
  /** Columns: from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
  /** States that began within; more than one says that this is a thinned picture. */
  readonly changes: number;
}

export function bars(spans: readonly Span[], durationMs: number, columns: number): Bar[] {
  const gravest: number[] = Array.from({ length: columns }, () => -1);
  const changes = new Uint32Array(columns);
  spans.forEach(({ fromMs, state }, at) => {
    const from = columnOf(fromMs, durationMs, columns);
    const to = Math.max(from, columnOf(spans[at + 1]?.fromMs ?? durationMs, durationMs, columns));
    const gravity = GRAVITY.indexOf(state);
    changes[from]! += 1;
    for (let column = from; column <= to; column++) gravest[column] = Math.max(gravest[column]!, gravity);
  });
  return joined(gravest, changes);
}

function columnOf(atMs: number, durationMs: number, columns: number): number {
  return Math.min(columns - 1, Math.max(0, Math.floor((atMs / durationMs) * columns)));
}

function joined(gravest: readonly number[], changes: Uint32Array): Bar[] {
  const result: { state: TrackState; from: number; to: number; changes: number }[] = [];
  gravest.forEach((gravity, column) => {
    const last = result.at(-1);
    const state = GRAVITY[gravity];
    if (state === undefined) return;
    if (last?.state === state && last.to === column) {
      last.to = column + 1;
      last.changes += changes[column]!;
    } else {
      result.push({ state, from: column, to: column + 1, changes: changes[column]! });
    }
  });
  return result;
}

export interface MarkGroup {
  readonly column: number;
  readonly labels: readonly string[];
  readonly count: number;
}

const LABELS_MAX = 5;

/** Marks closer than `gap` columns are one, which says how many it stands for. */
export function groupMarks(marks: readonly Mark[], durationMs: number, { columns, gap }: { columns: number; gap: number }): MarkGroup[] {
  const groups: { column: number; labels: string[]; count: number }[] = [];
  for (const { atMs, label } of marks) {
    const column = columnOf(atMs, durationMs, columns);
    const last = groups.at(-1);
    if (last === undefined || column - last.column >= gap) groups.push({ column, labels: [label], count: 1 });
    else {
      last.count += 1;
      if (last.labels.length < LABELS_MAX && !last.labels.includes(label)) last.labels.push(label);
    }
  }
  return groups;
}
