// The disk alone: write and fdatasync of so many bytes in turn, over blocks that are there already (as the ledger's
// journal has them) or at the end of a file that grows. A process of its own; prints a BareSample.
import { closeSync, constants, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { monotonicMs } from '../harness/clock.ts';
import { programOptions } from './program.ts';

export interface BareOptions {
  readonly path: string;
  readonly bytes: number;
  readonly windowMs: number;
  readonly how: 'over' | 'growing';
}

export interface BareSample {
  readonly writesPerSecond: number;
}

const FILE_BYTES = 8 * 1024 * 1024;

function main({ path, bytes, windowMs, how }: BareOptions): BareSample {
  const file = openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_TRUNC);
  const block = Buffer.alloc(bytes, 'x');
  if (how === 'over') {
    writeSync(file, Buffer.alloc(FILE_BYTES), 0, FILE_BYTES, 0);
    fdatasyncSync(file);
  }
  let [writes, at] = [0, 0];
  const startMs = monotonicMs();
  while (monotonicMs() - startMs < windowMs) {
    if (how === 'over' && at + bytes > FILE_BYTES) at = 0;
    writeSync(file, block, 0, bytes, at);
    fdatasyncSync(file);
    at += bytes;
    writes += 1;
  }
  closeSync(file);
  return { writesPerSecond: (writes / (monotonicMs() - startMs)) * 1_000 };
}

console.log(JSON.stringify(main(programOptions<BareOptions>())));
