// The figures of appending: how many, how long until durable and until published, and what the main thread feels.
import type { Conditions, Figure, Outcome } from '../harness/figure.ts';
import { measurePairs, medianOf, medianRatio } from '../harness/pairs.ts';
import { readable } from '../harness/statistics.ts';
import type { AppendOptions, AppendSample } from './append-program.ts';
import type { BareOptions, BareSample } from './bare-program.ts';
import { freshPath, removePath } from './place.ts';
import { runProgram } from './program.ts';
import { RECEIPT_BYTES } from './receipts.ts';

const APPENDERS = 256;
/** What a frame of one receipt takes at least: the journal writes whole blocks. */
const BLOCK_BYTES = 4096;

interface DiskSample {
  /** Receipts a second. */
  readonly perSecond: number;
  readonly sample?: AppendSample;
}

async function append({ warmUpMs, windowMs }: Conditions, options: Pick<AppendOptions, 'appenders' | 'perSecond'>): Promise<AppendSample> {
  const folder = freshPath();
  try {
    return (await runProgram<AppendSample>('append-program.ts', { folder, warmUpMs, windowMs, watchesLoop: options.appenders > 1, ...options } satisfies AppendOptions)).result;
  } finally {
    removePath(folder);
  }
}

async function bare({ windowMs }: Conditions, options: Pick<BareOptions, 'bytes' | 'how'>): Promise<number> {
  const path = freshPath();
  try {
    return (await runProgram<BareSample>('bare-program.ts', { path, windowMs, ...options } satisfies BareOptions)).result.writesPerSecond;
  } finally {
    removePath(path);
  }
}

const describe = ({ perSecond }: DiskSample): string => `${readable(Math.round(perSecond))}/s`;

/** What the last full-speed measurement came to; the figures at half that rate take it from here. */
let fullSpeed: Promise<readonly AppendSample[]> | undefined;

async function measureFullSpeed(conditions: Conditions): Promise<{ readonly ours: readonly AppendSample[]; readonly detail: string }> {
  const bytes = Math.ceil((APPENDERS * RECEIPT_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
  const pairs = await measurePairs(conditions, {
    ours: async (): Promise<DiskSample> => {
      const sample = await append(conditions, { appenders: APPENDERS });
      return { perSecond: sample.perSecond, sample };
    },
    peer: async (): Promise<DiskSample> => ({ perSecond: (await bare(conditions, { bytes, how: 'over' })) * APPENDERS }),
    describe,
  });
  const ours = pairs.all.flatMap((pair) => pair.ours.sample ?? []);
  fullSpeed = Promise.resolve(ours);
  const disk = medianOf(pairs.all.map((pair) => pair.peer), describePerSecond);
  const cpu = medianOf(ours, ({ cpuUs, appended }) => cpuUs / appended);
  return { ours, detail: `${pairs.all.length} pairs${pairs.disturbances}; bare write + fdatasync of ${APPENDERS} at a time ${readable(Math.round(disk))}/s; ${readable(cpu)} µs CPU each` };
}

const describePerSecond = ({ perSecond }: DiskSample): number => perSecond;

async function appendPerSecond(conditions: Conditions): Promise<Outcome> {
  const { ours, detail } = await measureFullSpeed(conditions);
  return { kind: 'measured', value: medianOf(ours, ({ perSecond }) => perSecond), detail };
}

/** At half the rate of full speed; shared by the figures that are measured there. */
let halfSpeed: Promise<readonly AppendSample[]> | undefined;

async function atHalfSpeed(conditions: Conditions): Promise<readonly AppendSample[]> {
  halfSpeed ??= (async () => {
    fullSpeed ??= measureFullSpeed(conditions).then(({ ours }) => ours);
    const perSecond = medianOf(await fullSpeed, (sample) => sample.perSecond) / 2;
    const samples: AppendSample[] = [];
    for (let turn = 1; turn <= conditions.pairs; turn++) {
      const sample = await append(conditions, { appenders: APPENDERS, perSecond });
      conditions.say(`${turn}/${conditions.pairs}: ${readable(Math.round(sample.perSecond))}/s, durable p99 ${readable(sample.append.p99Ms)} ms, published p99 ${readable(sample.publish.p99Ms)} ms, loop p99 ${readable(sample.loopDelayP99Ms)} ms`);
      samples.push(sample);
    }
    return samples;
  })();
  return halfSpeed;
}

function atHalf(of: (sample: AppendSample) => number, rest: (samples: readonly AppendSample[]) => string) {
  return async (conditions: Conditions): Promise<Outcome> => {
    const samples = await atHalfSpeed(conditions);
    const rate = medianOf(samples, ({ perSecond }) => perSecond);
    return { kind: 'measured', value: medianOf(samples, of), detail: `median of ${samples.length} at ${readable(Math.round(rate))}/s; ${rest(samples)}` };
  };
}

async function loopDelay(conditions: Conditions): Promise<Outcome> {
  const half = medianOf(await atHalfSpeed(conditions), ({ loopDelayP99Ms }) => loopDelayP99Ms);
  const full = medianOf((await fullSpeed) ?? [], ({ loopDelayP99Ms }) => loopDelayP99Ms);
  return { kind: 'measured', value: Math.max(half, full), detail: `the larger of p99 at full speed ${readable(full)} ms and at half of it ${readable(half)} ms, medians` };
}

// The peer is what anybody would write first, an append of the receipt's bytes to a file, synced (the "raw append +
// fdatasync" of the table of durable appends). Writing over blocks that are there is faster still: printed beside.
async function singleRatio(conditions: Conditions): Promise<Outcome> {
  const ours = async (): Promise<DiskSample> => ({ perSecond: (await append(conditions, { appenders: 1 })).perSecond });
  const peer = async (): Promise<DiskSample> => ({ perSecond: await bare(conditions, { bytes: RECEIPT_BYTES, how: 'growing' }) });
  const pairs = await measurePairs(conditions, { ours, peer, describe });
  const ratio = medianRatio(pairs, describePerSecond);
  const over = await bare(conditions, { bytes: BLOCK_BYTES, how: 'over' });
  const [own, appended] = (['ours', 'peer'] as const).map((side) => medianOf(pairs.all.map((pair) => pair[side]), describePerSecond)) as [number, number];
  const text = (perSecond: number): string => `${readable(Math.round(perSecond))}/s`;
  const detail = `ours ${text(own)}; bare append of ${RECEIPT_BYTES} B + fdatasync ${text(appended)}; over a block of ${BLOCK_BYTES} B that is there ${text(over)}, of which ours is ${readable(own / over)}; ${ratio.detail}`;
  return { kind: 'measured', value: ratio.value, detail };
}

export const appendFigures: readonly Figure[] = [
  { name: 'append_per_s', unit: 'receipts/s', target: { comparison: '>=', value: 50_000 }, about: `durable receipts of ${RECEIPT_BYTES} B a second, ${APPENDERS} appenders at once, tree and chain included`, measure: appendPerSecond },
  {
    name: 'append_p99_ms', unit: 'ms', target: { comparison: '<=', value: 10 }, about: 'append to durable, p99, at half of append_per_s',
    measure: atHalf(({ append: { p99Ms } }) => p99Ms, (samples) => `p50 ${readable(medianOf(samples, ({ append: { p50Ms } }) => p50Ms))} ms, largest ${readable(Math.max(...samples.map(({ append: { maxMs } }) => maxMs)))} ms`),
  },
  {
    name: 'publish_p99_ms', unit: 'ms', target: { comparison: '<=', value: 250 }, about: 'append to a published checkpoint that covers it, p99, at half of append_per_s',
    measure: atHalf(({ publish: { p99Ms } }) => p99Ms, (samples) => `p50 ${readable(medianOf(samples, ({ publish: { p50Ms } }) => p50Ms))} ms, largest ${readable(Math.max(...samples.map(({ publish: { maxMs } }) => maxMs)))} ms`),
  },
  { name: 'append_single_ratio', unit: 'ratio', target: { comparison: '>=', value: 0.6 }, about: 'one appender, one at a time, ÷ bare write + fdatasync of as many bytes at the end of a file', measure: singleRatio },
  { name: 'loop_block_p99_ms', unit: 'ms', target: { comparison: '<=', value: 5 }, about: 'event-loop delay of the main thread meanwhile, p99', measure: loopDelay },
];
