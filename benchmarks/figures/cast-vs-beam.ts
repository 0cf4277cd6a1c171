// cast_vs_beam: casts from outside to one gen_server plus the one call that proves them handled, ours and in
// BEAM with all its schedulers and with one, whichever is faster.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provideDebianPackages } from '../../tools/debian-packages.ts';
import type { Conditions, Figure, Outcome } from '../harness/figure.ts';
import { skipped } from '../harness/figure.ts';
import { measurePairs, medianOf, medianRatio } from '../harness/pairs.ts';
import { productionEnvironment } from '../harness/server-process.ts';
import { median, readable } from '../harness/statistics.ts';

const CASTS = 1_000_000;
/** Within one start of a runtime; the median of them is its sample. */
const ROUNDS = 5;

interface CastSample {
  readonly runtime: string;
  readonly castsPerSecond: number;
  readonly cpuNs: number;
}

/** Both sides print "<wall ns> <CPU ns>" a round. */
function sampleOf(runtime: string, output: string): CastSample {
  const rounds = output.trim().split('\n').map((line) => line.split(' ').map(Number));
  const wallNs = median(rounds.map(([wall = NaN]) => wall));
  const cpuNs = median(rounds.map(([, cpu = NaN]) => cpu));
  return { runtime, castsPerSecond: (CASTS / wallNs) * 1e9, cpuNs: cpuNs / CASTS };
}

function sampleOurs(): CastSample {
  const program = fileURLToPath(new URL('../ours/cast.ts', import.meta.url));
  const argv = ['--conditions=flyball-source', program, String(CASTS), String(ROUNDS)];
  return sampleOf('', execFileSync(process.execPath, argv, { encoding: 'utf8', env: productionEnvironment() }));
}

class Beam {
  readonly #directory = mkdtempSync(join(tmpdir(), 'flyball-bench-beam-'));

  constructor() {
    const source = fileURLToPath(new URL('../peers/beam_cast.erl', import.meta.url));
    execFileSync('erlc', ['-o', this.#directory, source], { stdio: ['ignore', 'inherit', 'inherit'] });
  }

  /** The better of the two. */
  sample(): CastSample {
    const one = this.#sampleWith('BEAM +S 1:1', ['+S', '1:1']);
    const all = this.#sampleWith('BEAM all schedulers', []);
    return one.castsPerSecond > all.castsPerSecond ? one : all;
  }

  #sampleWith(runtime: string, flags: readonly string[]): CastSample {
    const call = `beam_cast:main(["${CASTS}","${ROUNDS}"]).`;
    const argv = [...flags, '-noshell', '-noinput', '-pa', this.#directory, '-eval', call];
    return sampleOf(runtime, execFileSync('erl', argv, { encoding: 'utf8' }));
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function describeCast({ runtime, castsPerSecond, cpuNs }: CastSample): string {
  return `${runtime} ${readable(castsPerSecond / 1e6)} M/s, ${readable(cpuNs)} ns CPU`.trimStart();
}

async function measure(conditions: Conditions): Promise<Outcome> {
  const absent = provideDebianPackages('benchmarks').find(({ command }) => command === 'erl');
  if (absent !== undefined) return skipped(`needs erl, of the Debian package ${absent.package}`);
  if (spawnSync('erlc', ['-v']).error !== undefined) return skipped('needs erlc, of the Debian package erlang-base');
  const beam = new Beam();
  try {
    const sides = { ours: async () => sampleOurs(), peer: async () => beam.sample(), describe: describeCast };
    const pairs = await measurePairs(conditions, sides);
    const ratio = medianRatio(pairs, (sample) => sample.castsPerSecond);
    const text = (of: readonly CastSample[]): string =>
      `${readable(medianOf(of, (sample) => sample.castsPerSecond) / 1e6)} M/s, ${readable(medianOf(of, (sample) => sample.cpuNs))} ns CPU`;
    const ours = text(pairs.all.map((pair) => pair.ours));
    const peer = text(pairs.all.map((pair) => pair.peer));
    return { kind: 'measured', value: ratio.value, detail: `ours ${ours}; BEAM ${peer}; ${ratio.detail}` };
  } finally {
    beam.remove();
  }
}

export const castVersusBeam: Figure = {
  name: 'cast_vs_beam',
  unit: 'ratio',
  target: { comparison: '>=', value: 1 },
  about: 'casts/s from outside to one gen_server, 1 M and a call that proves them handled, ÷ the same in BEAM',
  measure,
};
