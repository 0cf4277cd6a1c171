// The figures of a log of a million receipts: how long it takes to verify, what it takes on disk, and whether
// appending costs more the longer it gets.
import { cpSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PublishedLog } from '@flyball/ledger';
import type { Conditions, Figure, Outcome } from '../harness/figure.ts';
import { measurePairs, medianOf, medianRatio } from '../harness/pairs.ts';
import { readable } from '../harness/statistics.ts';
import type { AppendOptions, AppendSample } from './append-program.ts';
import { freshPath, removePath } from './place.ts';
import { runProgram } from './program.ts';
import type { Ran } from './program.ts';
import type { VerifySample } from './verify-program.ts';

const APPENDERS = 256;
const SMALL = 10_000;
/** Appends of each side of `growth`, after as many that warm the process up. */
const WINDOW_APPENDS = 60_000;
const ROUNDS_MAX = 3;
const BLOCK_BYTES = 512;

const millionOf = ({ quick }: Conditions): number => (quick ? 20_000 : 1_000_000);

/** By size; made once, removed with the process. */
const logs = new Map<number, Promise<string>>();

function logOf(size: number, say: Conditions['say']): Promise<string> {
  const known = logs.get(size) ?? fill(size, say);
  logs.set(size, known);
  return known;
}

async function fill(size: number, say: Conditions['say']): Promise<string> {
  const folder = freshPath();
  const { wallMs } = await runProgram<AppendSample>('append-program.ts', { folder, appenders: APPENDERS, warmUpMs: 0, windowMs: 0, fillTo: size } satisfies AppendOptions);
  say(`a log of ${readable(size)} receipts, made in ${readable(wallMs / 1_000)} s`);
  return folder;
}

let verified: Promise<readonly Ran<VerifySample>[]> | undefined;

function verifications(conditions: Conditions): Promise<readonly Ran<VerifySample>[]> {
  verified ??= (async () => {
    const [target, samples] = [await logOf(millionOf(conditions), conditions.say), [] as Ran<VerifySample>[]];
    // Once unmeasured: fills the compile cache, of the threads too, and the system's cache of files.
    await runProgram<VerifySample>('verify-program.ts', { target });
    for (let turn = 1; turn <= Math.min(conditions.pairs, ROUNDS_MAX); turn++) {
      const ran = await runProgram<VerifySample>('verify-program.ts', { target });
      if (ran.result.verdict !== 'good') throw new Error(`the log is ${ran.result.verdict}`);
      conditions.say(`${turn}: ${readable(ran.wallMs / 1_000)} s, ${readable(ran.result.maxRssMb)} MB`);
      samples.push(ran);
    }
    return samples;
  })();
  return verified;
}

function ofVerifications(of: (ran: Ran<VerifySample>) => number) {
  return async (conditions: Conditions): Promise<Outcome> => {
    const samples = await verifications(conditions);
    const values = samples.map(of);
    return { kind: 'measured', value: medianOf(samples, of), detail: `${readable(samples[0]?.result.receipts ?? 0)} receipts; median of ${samples.length}, from ${readable(Math.min(...values))} to ${readable(Math.max(...values))}; start of the process included, compile cache warm` };
  };
}

async function bytesOverhead(conditions: Conditions): Promise<Outcome> {
  const size = millionOf(conditions);
  const folder = await logOf(size, conditions.say);
  await runProgram('index-program.ts', { folder });
  const receiptBytes = await bytesOfReceipts(folder);
  const parts = new Map(readdirSync(folder).map((name) => [name, bytesOnDisk(join(folder, name))]));
  const all = [...parts.values()].reduce((sum, bytes) => sum + bytes, 0);
  const largest = [...parts].toSorted((a, b) => b[1] - a[1]).slice(0, 3).map(([name, bytes]) => `${name} ${readable(bytes / receiptBytes)}`);
  return { kind: 'measured', value: all / receiptBytes, detail: `${readable(size)} receipts of ${readable(receiptBytes / size)} B on average; blocks on disk, index included; of that ${largest.join(', ')}` };
}

async function bytesOfReceipts(folder: string): Promise<number> {
  const log = await PublishedLog.open(folder);
  try {
    let bytes = 0;
    const { size } = await log.checkpoint();
    for await (const { entry } of log.entries({ from: 0, to: size })) bytes += entry.length;
    return bytes;
  } finally {
    log.close();
  }
}

/** What the file system gave away, not the lengths of files. */
function bytesOnDisk(path: string): number {
  const found = lstatSync(path);
  const below = found.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesOnDisk(join(path, name)), 0) : 0;
  return below + found.blocks * BLOCK_BYTES;
}

/** Both sides alike: a fresh process opens a copy, warms up, appends as many. */
async function growth(conditions: Conditions): Promise<Outcome> {
  const large = conditions.quick ? 40_000 : 2_000_000;
  const appends = conditions.quick ? 10_000 : WINDOW_APPENDS;
  const [small, grown] = [await logOf(SMALL, conditions.say), await logOf(large, conditions.say)];
  const cpuPerAppend = async (log: string, size: number): Promise<number> => {
    const folder = freshPath();
    cpSync(log, folder, { recursive: true });
    try {
      const options: AppendOptions = { folder, appenders: APPENDERS, warmUpMs: 0, windowMs: 0, fillTo: size + appends, appendsMax: appends };
      const { result } = await runProgram<AppendSample>('append-program.ts', options);
      return result.cpuUs / result.appended;
    } finally {
      removePath(folder);
    }
  };
  const pairs = await measurePairs({ ...conditions, pairs: Math.min(conditions.pairs, ROUNDS_MAX) }, { ours: () => cpuPerAppend(grown, large), peer: () => cpuPerAppend(small, SMALL), describe: (us) => `${readable(us)} µs` });
  const ratio = medianRatio(pairs, (us) => us);
  const text = (side: 'ours' | 'peer'): string => `${readable(medianOf(pairs.all.map((pair) => pair[side]), (us) => us))} µs CPU`;
  return { kind: 'measured', value: ratio.value, detail: `an append after ${readable(large)} receipts ${text('ours')}, after ${readable(SMALL)} ${text('peer')}, ${readable(appends)} to warm up, ${readable(appends)} measured; ${ratio.detail}` };
}

export const logFigures: readonly Figure[] = [
  { name: 'verify_million_s', unit: 's', target: { comparison: '<=', value: 12 }, about: 'offline verification of 1 M receipts, spawn to exit', measure: ofVerifications(({ wallMs }) => wallMs / 1_000) },
  { name: 'verify_rss_mb', unit: 'MB', target: { comparison: '<=', value: 200 }, about: 'the most memory that it had resident', measure: ofVerifications(({ result }) => result.maxRssMb) },
  { name: 'bytes_overhead', unit: 'ratio', target: { comparison: '<=', value: 1.4 }, about: 'bytes on disk, all files of the ledger, index included, ÷ bytes of receipts', measure: bytesOverhead },
  { name: 'growth', unit: 'ratio', target: { comparison: '<=', value: 1.2 }, about: 'CPU an append at 2 M receipts ÷ at 10 k', measure: growth },
];
