/** How large a piece of JSON is that a client sent and that is going to be kept: sessions hold it, hand-overs carry it. */
import { isObject } from './json-rpc.ts';

export interface JsonBounds {
  readonly depthMax: number;
  /** Of its JSON text, about. */
  readonly charactersMax: number;
}

/** Stops at the first bound that is passed: its own depth and time are bounded by them. */
export function fitsBounds(value: unknown, { depthMax, charactersMax }: JsonBounds): boolean {
  return leftAfter(value, depthMax, charactersMax) >= 0;
}

function leftAfter(value: unknown, depthLeft: number, charactersLeft: number): number {
  if (typeof value === 'string') return charactersLeft - value.length - 2;
  if (typeof value !== 'object' || value === null) return charactersLeft - String(value).length;
  if (depthLeft === 0) return -1;
  let left = charactersLeft - 2;
  for (const [key, member] of Object.entries(value)) {
    if (isObject(value)) left -= key.length + 3;
    left = left < 0 ? left : leftAfter(member, depthLeft - 1, left - 1);
    if (left < 0) return left;
  }
  return left;
}
