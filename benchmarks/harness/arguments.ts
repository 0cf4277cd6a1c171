// The command line of `npm run bench -- …`. Pure.
import { parseArgs } from 'node:util';

export type Command =
  | { readonly kind: 'help'; readonly suite: string | undefined }
  | { readonly kind: 'wrong'; readonly reason: string }
  | ({ readonly kind: 'run' } & RunArguments);

export interface RunArguments {
  readonly suite: string;
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly pin: boolean;
  readonly record: boolean;
  readonly pairs: number | undefined;
}

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  pin: { type: 'boolean', default: false },
  'no-record': { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] as string[] },
  pairs: { type: 'string' },
} as const;

/** Fewer would be an anecdote: what is recorded has at least these. */
export const PAIRS_MIN = 10;

export const USAGE = `npm run bench -- <suite> [options]

  --only <figure>   measure this figure alone; may be given several times
  --quick           few pairs and short windows: to see that it works; never recorded
  --pairs <n>       pairs a figure, at least ${PAIRS_MIN} (default ${PAIRS_MIN})
  --pin             what is measured on core 0, the load on core 1 (default: where the kernel puts them)
  --json            the results as JSON on standard output instead of the lines
  --no-record       leave benchmarks/RESULTS.md as it is
  --help            this, and a suite's figures if one is named
`;

export function parseCommand(argv: readonly string[], suites: readonly string[]): Command {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return { kind: 'wrong', reason: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals } = parsed;
  const [suite, ...rest] = positionals;
  if (values.help || suite === undefined) return { kind: 'help', suite };
  if (rest.length > 0) return { kind: 'wrong', reason: `one suite at a time, not also ${rest.join(' ')}` };
  if (!suites.includes(suite)) return { kind: 'wrong', reason: `no suite "${suite}"; there are: ${suites.join(', ')}` };
  const pairs = values.pairs === undefined ? undefined : Number(values.pairs);
  if (pairs !== undefined && !(Number.isInteger(pairs) && pairs >= 1)) {
    return { kind: 'wrong', reason: `--pairs takes a whole number, not ${values.pairs}` };
  }
  const { quick, json, pin, only } = values;
  return { kind: 'run', suite, only, quick, json, pin, pairs, record: !values['no-record'] && isRecorded(quick, pairs) };
}

function isRecorded(quick: boolean, pairs: number | undefined): boolean {
  return !quick && (pairs === undefined || pairs >= PAIRS_MIN);
}
