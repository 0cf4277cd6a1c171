// The one place in the kernel that touches chance: seeded generators for whatever must be
// repeatable, and the system's secure source for what must not be guessed.
import { randomBytes, randomInt } from 'node:crypto';

export interface Random {
  readonly seed: number;
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
  pick<T>(items: readonly T[]): T;
}

/** A seeded generator (sfc32, PractRand-tested; 32 bits of seed spread over its state). */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9 | 0;
  let b = 0x243f6a88 | 0;
  let c = 0xb7e15162 | 0;
  let counter = seed | 0;
  const step = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    return (result >>> 0) / 4_294_967_296;
  };
  a ^= seed;
  for (let warm = 0; warm < 15; warm += 1) step();
  const below = (bound: number) => Math.floor(step() * bound);
  return { seed, next: step, below, pick: (items) => items[below(items.length)]! };
}

/** A seed for a run that was given none; print it, so that the run can be repeated. */
export function freshSeed(): number {
  return randomInt(2 ** 31);
}

/** Unguessable text, base64url; 16 bytes give the 128 bits that a session id needs. */
export function secureToken(bytes = 16): string {
  return randomBytes(bytes).toString('base64url');
}
