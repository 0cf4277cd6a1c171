// decide_per_s: decisions a second on one core, of the slowest governor. state_bytes: the largest state in JSON.
import type { Figure, Outcome } from '../harness/figure.ts';
import { median, readable } from '../harness/statistics.ts';
import { FIRST_SEED } from './seeds.ts';
import { costStream, rollbackStream, toolStream, valveStream, type Stream } from './streams.ts';

const ROUNDS = 5;
const DECISIONS = 400_000;
const WARM_UP = 200_000;

function decisionsPerSecond(stream: Stream, decisions: number): number {
  for (let at = 0; at < WARM_UP; at++) stream.next();
  const rates = Array.from({ length: ROUNDS }, () => {
    // CPU of the whole process, its garbage collector's threads included: a busy machine changes nothing.
    const before = process.cpuUsage();
    for (let at = 0; at < decisions; at++) stream.next();
    const { user, system } = process.cpuUsage(before);
    return (decisions * 1e6) / (user + system);
  });
  return median(rates);
}

function decidePerSecond(quick: boolean): Outcome {
  const streams = [costStream({ open: 50, meanGapMs: 20, seed: FIRST_SEED }), rollbackStream(FIRST_SEED), valveStream(FIRST_SEED), toolStream(FIRST_SEED)];
  const rates = streams.map((stream) => ({ name: stream.name, rate: decisionsPerSecond(stream, quick ? DECISIONS / 10 : DECISIONS) }));
  const detail = `median of ${ROUNDS} rounds of ${readable(DECISIONS)}, a second of CPU, the making of the signals included: ${rates.map(({ name, rate }) => `${name} ${readable(rate)}`).join(', ')}; seed ${FIRST_SEED}`;
  return { kind: 'measured', value: Math.min(...rates.map(({ rate }) => rate)), detail };
}

const SIGNALS = 400_000;
/** A prime, so that the look at the state falls on every kind of signal. */
const LOOK_EVERY = 97;

function largest(stream: Stream, signals: number): number {
  let bytes = 0;
  for (let at = 1; at <= signals; at++) {
    stream.next();
    if (at % LOOK_EVERY === 0) bytes = Math.max(bytes, stream.stateBytes());
  }
  return bytes;
}

function stateBytes(quick: boolean): Outcome {
  const signals = quick ? SIGNALS / 10 : SIGNALS;
  // Few and far between, so that reservations expire, settle late and fall into many hours.
  const streams = [
    costStream({ open: 400, meanGapMs: 20, seed: FIRST_SEED }), costStream({ open: 400, meanGapMs: 3_000, seed: FIRST_SEED + 1 }),
    rollbackStream(FIRST_SEED), valveStream(FIRST_SEED), toolStream(FIRST_SEED),
  ];
  const sizes = streams.map((stream) => ({ name: stream.name, bytes: largest(stream, signals) }));
  const names = [...new Set(sizes.map(({ name }) => name))];
  const each = names.map((name) => `${name} ${readable(Math.max(...sizes.filter((size) => size.name === name).map(({ bytes }) => bytes)))}`).join(', ');
  return { kind: 'measured', value: Math.max(...sizes.map(({ bytes }) => bytes)), detail: `${each}; over ${readable(signals)} signals each, names and lists as long as allowed; seeds ${FIRST_SEED}, ${FIRST_SEED + 1}` };
}

export const decisionFigures: readonly Figure[] = [
  {
    name: 'decide_per_s', unit: '1/s', target: { comparison: '>=', value: 500_000 },
    about: 'decisions a second, one core, the slowest of the four', measure: async ({ quick }) => decidePerSecond(quick),
  },
  {
    name: 'state_bytes', unit: 'bytes', target: { comparison: '<=', value: 4_096 },
    about: 'JSON of one governor\'s state, the largest', measure: async ({ quick }) => stateBytes(quick),
  },
];
