// From values to pixels, and the round numbers that axes carry. Pure.

export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  pixel(value: number): number;
}

export function linear({ from, to, pixelFrom, pixelTo, ticks }: { from: number; to: number; pixelFrom: number; pixelTo: number; ticks: number }): Scale {
  const span = to > from ? to - from : 1;
  return { from, to, ticks: roundTicks(from, from + span, ticks), pixel: (value) => pixelFrom + ((value - from) / span) * (pixelTo - pixelFrom) };
}

/** Steps of 1, 2 or 5 times a power of ten. */
export function roundTicks(from: number, to: number, about: number): number[] {
  const raw = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const ticks: number[] = [];
  for (let count = Math.ceil(from / step - 1e-9); count * step <= to + step * 1e-9; count++) ticks.push(Number((count * step).toPrecision(12)));
  return ticks;
}

const TIME_STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000];
const DAY_MS = 86_400_000;

export function timeTicks(durationMs: number, about: number): number[] {
  const step = TIME_STEPS_MS.find((one) => one * about >= durationMs) ?? Math.ceil(durationMs / about / DAY_MS) * DAY_MS;
  const ticks: number[] = [];
  for (let atMs = 0; atMs <= durationMs; atMs += step) ticks.push(atMs);
  return ticks;
}

/** "90 s", "12 min", "1 h 30" – what fits under a tick. */
export function timeText(atMs: number): string {
  if (atMs === 0) return '0';
  if (atMs < 1_000) return `${atMs} ms`;
  if (atMs < 120_000 && atMs % 60_000 !== 0) return `${trimmed(atMs / 1_000)} s`;
  if (atMs < 2 * 3_600_000) return `${trimmed(atMs / 60_000)} min`;
  return atMs < 2 * DAY_MS ? `${trimmed(atMs / 3_600_000)} h` : `${trimmed(atMs / DAY_MS)} d`;
}

/** 0:18:03, as in a log. */
export function clockText(atMs: number): string {
  const seconds = Math.floor(atMs / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(1)));
}

export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (size >= 1_000) return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  if (size >= 100) return String(Math.round(value * 10) / 10);
  return String(Number(value.toPrecision(3)));
}
