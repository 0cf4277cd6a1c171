// rollback_…: releases that are healthy and releases that are not, on a service whose traffic and errors have a
// day's wave and autocorrelated noise. 0.5 % of its requests fail; the guard knows that from 30 minutes of them only.
import { defaultPolicy, generateRollbackLoad, governRelease, peerVerdicts, ROLLBACK_SCENARIO, rollbackGuard, type RollbackScenario } from '@flyball/autonomics';
import type { Conditions, Figure, Outcome } from '../harness/figure.ts';
import { median, readable } from '../harness/statistics.ts';
import { compare, type Side } from './comparison.ts';
import { once, seedsOf, seedText, type Seeds } from './seeds.ts';

const OURS = 'rollback guard';
const MINUTE_MS = 60_000;
/** Where 0.1 % is claimed, one run more or less in ten thousand would decide. */
const HEALTHY_RUNS = { r02: 10_000, r2: 10_000, r20: 20_000 } as const;
const BAD_RUNS = { r02: 2_000, r2: 10_000, r20: 2_000 } as const;
const LATENCY_RUNS = 1_000;
const RATES = { r02: 0.2, r2: 2, r20: 20 } as const;
const FALSE_TARGETS = { r02: 0.5, r2: 0.5, r20: 0.1 } as const;
const DETECT_TARGETS = { r02: 12, r2: 2, r20: 1 } as const;
const LATENCY = { medianMs: 100, sigma: 0.5 };
const BAD_ERROR_SHARE = 0.05;
type RateName = keyof typeof RATES;

/** Minutes until each policy rolled back, in every run in which it did. */
interface Releases {
  readonly seeds: Seeds;
  readonly minutes: ReadonlyMap<string, readonly number[]>;
}

function scenarioOf(rate: RateName, bad: Pick<RollbackScenario, 'releaseErrorShare' | 'latency'>): RollbackScenario {
  return { ...ROLLBACK_SCENARIO, load: { ...ROLLBACK_SCENARIO.load, basePerSecond: RATES[rate] }, ...bad };
}

function release(scenario: RollbackScenario, seeds: Seeds): Releases {
  const policy = defaultPolicy(rollbackGuard.policy);
  const minutes = new Map<string, number[]>([[OURS, []]]);
  for (let seed = seeds.from; seed < seeds.from + seeds.count; seed++) {
    const load = generateRollbackLoad(scenario, seed);
    for (const { name, afterMs } of [{ name: OURS, afterMs: governRelease(load, policy).afterMs }, ...peerVerdicts(load)]) {
      if (!minutes.has(name)) minutes.set(name, []);
      if (afterMs !== undefined) minutes.get(name)!.push(afterMs / MINUTE_MS);
    }
  }
  return { seeds, minutes };
}

const perRate = <T>(make: (rate: RateName) => T): Record<RateName, T> => ({ r02: make('r02'), r2: make('r2'), r20: make('r20') });

const healthy = perRate((rate) => once((quick) => release(scenarioOf(rate, { releaseErrorShare: undefined, latency: undefined }), seedsOf(HEALTHY_RUNS[rate], quick))));
const bad = perRate((rate) => once((quick) => release(scenarioOf(rate, { releaseErrorShare: BAD_ERROR_SHARE, latency: undefined }), seedsOf(BAD_RUNS[rate], quick))));
const slow = once((quick) => release(scenarioOf('r20', { releaseErrorShare: undefined, latency: { ...LATENCY, releaseFactor: 1.3 } }), seedsOf(LATENCY_RUNS, quick)));
const notSlow = once((quick) => release(scenarioOf('r20', { releaseErrorShare: undefined, latency: { ...LATENCY, releaseFactor: 1 } }), seedsOf(LATENCY_RUNS, quick)));

function sidesOf({ minutes }: Releases, value: (minutes: readonly number[]) => number | undefined): Side[] {
  return [...minutes].map(([name, own]) => ({ name, value: value(own) }));
}

/** The median over all runs, those in which nothing was found included: where it lies among them, there is none. */
function medianOfAll(own: readonly number[], { count }: Seeds): number | undefined {
  const value = median([...own, ...Array.from({ length: count - own.length }, () => Infinity)]);
  return Number.isFinite(value) ? value : undefined;
}

function falseRollbacks(rate: RateName, quick: boolean): Outcome {
  const found = healthy[rate](quick);
  const sides = sidesOf(found, (own) => (100 * own.length) / found.seeds.count);
  const detail = `peers: ${compare(`rollback_false_pct_${rate}`, sides)}; ${seedText(found.seeds)}`;
  return { kind: 'measured', value: sides[0]!.value!, detail };
}

function detection(rate: RateName, quick: boolean): Outcome {
  const found = bad[rate](quick);
  const sides = sidesOf(found, (own) => medianOfAll(own, found.seeds));
  const own = [...found.minutes.get(OURS)!].sort((a, b) => a - b);
  const p95 = own.length < 0.95 * found.seeds.count ? 'none' : readable(own[Math.ceil(0.95 * found.seeds.count) - 1]!);
  const missed = 100 - (100 * own.length) / found.seeds.count;
  const detail = `p95 ${p95}, missed ${readable(missed)} %; peers: ${compare(`rollback_detect_min_${rate}`, sides)}; ${seedText(found.seeds)}`;
  const value = sides[0]!.value;
  return value === undefined ? { kind: 'broken', reason: `most releases were not found: ${detail}` } : { kind: 'measured', value, detail };
}

function missed(quick: boolean): Outcome {
  const found = bad.r2(quick);
  const sides = sidesOf(found, (own) => 100 - (100 * own.length) / found.seeds.count);
  return { kind: 'measured', value: sides[0]!.value!, detail: `within the 30 min of the watch; peers: ${compare('rollback_missed_pct_r2', sides)}; ${seedText(found.seeds)}` };
}

function slowRelease(quick: boolean): Outcome {
  const found = slow(quick);
  const same = notSlow(quick);
  const value = medianOfAll(found.minutes.get(OURS)!, found.seeds);
  const falsePct = (100 * same.minutes.get(OURS)!.length) / same.seeds.count;
  const lost = 100 - (100 * found.minutes.get(OURS)!.length) / found.seeds.count;
  const detail = `missed ${readable(lost)} %, false with latencies as before ${readable(falsePct)} %; peers as their defaults are look at errors only; ${seedText(found.seeds)}`;
  return value === undefined ? { kind: 'broken', reason: `most slow releases were not found: ${detail}` } : { kind: 'measured', value, detail };
}

/** One figure after another, and between them nothing of the machine's is waited for. */
function figure(parts: Pick<Figure, 'name' | 'unit' | 'about'> & { readonly atMost: number }, measure: (quick: boolean) => Outcome): Figure {
  const { name, unit, about, atMost } = parts;
  return { name, unit, about, target: { comparison: '<=', value: atMost }, measure: async ({ quick }: Conditions) => measure(quick) };
}

const NAMES: readonly RateName[] = ['r02', 'r2', 'r20'];

export const rollbackFigures: readonly Figure[] = [
  ...NAMES.map((rate) => figure(
    { name: `rollback_false_pct_${rate}`, unit: '%', atMost: FALSE_TARGETS[rate], about: `healthy releases rolled back at ${RATES[rate]} requests/s` },
    (quick) => falseRollbacks(rate, quick),
  )),
  ...NAMES.map((rate) => figure(
    { name: `rollback_detect_min_${rate}`, unit: 'min', atMost: DETECT_TARGETS[rate], about: `median time to roll back a release with 5 % errors at ${RATES[rate]} requests/s` },
    (quick) => detection(rate, quick),
  )),
  figure({ name: 'rollback_missed_pct_r2', unit: '%', atMost: 0.1, about: '5 % errors not found within the watch at 2 requests/s' }, missed),
  figure({ name: 'rollback_latency_detect_min_r20', unit: 'min', atMost: 5, about: 'median time to roll back a release with p99 latency +30 %, errors unchanged, at 20 requests/s' }, slowRelease),
];
