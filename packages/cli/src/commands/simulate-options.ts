/** The command line of `flyball simulate`: its options, what they mean to the simulator, its help. Pure. */
import { LOAD_SHAPES, SIMULATIONS, type GovernorSimulation, type OptionName, type SimulationOptions } from '@flyball/autonomics';
import type { OptionSchema } from '../config.ts';
import { UsageError } from '../errors.ts';
import { columns, optionLines } from '../help.ts';
import { nearestName } from '../nearest-name.ts';
import { dashes, parseOptions } from '../options.ts';

const DAY_S = 86_400;
const SECONDS = 1_000;

function file(name: string, effect: string): OptionSchema {
  return { name, type: 'text', fallback: '', pattern: /./, allowed: 'a file', placeholder: 'FILE', effect };
}

function number(name: string, effect: string, { min = 0, max, unit }: { min?: number; max: number; unit?: 's' | 'ms' | '%' }): OptionSchema {
  return { name, type: 'number', min, max, effect, ...(unit === undefined ? {} : { unit }) };
}

const GENERAL = {
  trace: file('trace', 'replay this CSV instead of a generated load'),
  timeColumn: { name: 'time-column', type: 'text', fallback: 'timestamp', pattern: /./, allowed: 'a column of the trace', placeholder: 'COLUMN', effect: 'its column of times' },
  timeUnit: { name: 'time-unit', type: 'choice', fallback: 's', choices: ['s', 'ms'], effect: 'what its times count, unless they are ISO 8601 dates' },
  column: { name: 'column', type: 'list', placeholder: 'SIGNAL=COLUMN', pattern: /^[A-Za-z]+=./, allowed: 'SIGNAL=COLUMN, such as requests=count', effect: 'where the trace has a signal; may be repeated' },
  policy: file('policy', 'the governor\'s policy, JSON; what it leaves out has its default'),
  seed: { name: 'seed', type: 'integer', fallback: 1, min: 0, max: 2 ** 31 - 1, effect: 'the same seed gives the same run' },
  runs: { name: 'runs', type: 'integer', fallback: 1, min: 1, max: 1_000_000, effect: 'runs, with this seed and those after it' },
  chart: { name: 'chart', type: 'text', fallback: '', pattern: /\.(?:html|svg)$/i, allowed: 'a file that ends in .html or .svg', placeholder: 'FILE', effect: 'write a picture of the first run: .html (with the scores) or .svg' },
  json: { name: 'json', type: 'flag', effect: 'print the result as JSON' },
} as const satisfies Record<string, OptionSchema>;

/** The scenario: option → what the simulator calls it, and by how much to multiply it. */
const SCENARIO: readonly { readonly key: OptionName; readonly times: number; readonly schema: OptionSchema }[] = [
  { key: 'load', times: 1, schema: { name: 'load', type: 'choice', fallback: '', choices: Object.keys(LOAD_SHAPES), placeholder: 'SHAPE', effect: 'shape of the generated load; see flyball simulate --help' } },
  { key: 'basePerSecond', times: 1, schema: number('base', 'its rate a second', { min: 0.001, max: 10_000 }) },
  { key: 'peakPerSecond', times: 1, schema: number('peak', 'its highest rate a second: step, bursts, flash-crowd', { min: 0.001, max: 10_000 }) },
  { key: 'durationMs', times: SECONDS, schema: number('duration-s', 'how long it lasts', { min: 10, max: 7 * DAY_S, unit: 's' }) },
  { key: 'rateFactor', times: 1, schema: number('rate-factor', 'calls come so many times as fast', { min: 0.01, max: 10_000 }) },
  { key: 'billingLagMs', times: SECONDS, schema: number('billing-lag-s', 'how late billing says what was spent', { max: 30 * 3_600, unit: 's' }) },
  { key: 'lostPct', times: 1, schema: number('lost-pct', 'calls that nobody settles', { max: 100, unit: '%' }) },
  { key: 'errorPct', times: 1, schema: number('errors-pct', 'error rate before the deployment', { max: 100, unit: '%' }) },
  { key: 'releaseErrorPct', times: 1, schema: number('release-errors-pct', 'error rate after it', { max: 100, unit: '%' }) },
  { key: 'releaseLatencyPct', times: 1, schema: number('release-latency-pct', 'latency that the release adds', { max: 1_000, unit: '%' }) },
  { key: 'deployAtMs', times: SECONDS, schema: number('deploy-at-s', 'when the trace has its deployment (default: in the middle)', { max: 7 * DAY_S, unit: 's' }) },
  { key: 'capacityPerSecond', times: 1, schema: number('capacity', 'requests a second that all workers can do', { min: 0.01, max: 10_000 }) },
  { key: 'workers', times: 1, schema: { name: 'workers', type: 'integer', fallback: 0, min: 0, max: 1_000, effect: 'how many workers; 0: as many as usual' } },
  { key: 'deadlineMs', times: 1, schema: number('deadline-ms', 'how long anybody waits', { min: 10, max: 600_000, unit: 'ms' }) },
  { key: 'suspendAtMs', times: SECONDS, schema: number('suspend-at-s', 'when the entitlement is suspended', { max: 7 * DAY_S, unit: 's' }) },
  { key: 'suspendForMs', times: SECONDS, schema: number('suspend-for-s', 'for how long', { max: 7 * DAY_S, unit: 's' }) },
];

export interface SimulateCommand {
  readonly governor: string;
  readonly seed: number;
  readonly runs: number;
  readonly json: boolean;
  readonly options: SimulationOptions;
  /** As typed; '' without. */
  readonly chart: string;
  readonly policyFile: string;
  readonly traceFile: string;
  readonly timeColumn: string;
  readonly timeUnit: 's' | 'ms';
  readonly columns: Readonly<Record<string, string>>;
}

/** A text when help is asked for. Throws UsageError. */
export function parseSimulate(args: readonly string[]): SimulateCommand | string {
  const known = SIMULATIONS.map(({ governor }) => governor);
  const { values, positionals, help } = parseOptions('simulate', { ...GENERAL, ...scenarioTable(SCENARIO.map(({ key }) => key)) }, args);
  const [name, ...rest] = positionals;
  if (name === undefined) {
    if (help) return simulateHelp();
    throw new UsageError('simulate', [`simulate needs a governor: ${known.join(', ')}.`]);
  }
  const simulation = SIMULATIONS.find(({ governor }) => governor === name.replaceAll('-', '_'));
  if (simulation === undefined) {
    const near = nearestName(name, known);
    throw new UsageError('simulate', [`There is no governor "${name}"; ${near === undefined ? `there are ${known.join(', ')}.` : `did you mean "${near}"?`}`]);
  }
  if (help) return governorHelp(simulation);
  if (rest.length > 0) throw new UsageError(`simulate ${simulation.governor}`, [`simulate takes one governor; "${rest[0]}" is one argument too many.`]);
  return commandOf(simulation, values);
}

function commandOf(simulation: GovernorSimulation, values: Readonly<Record<string, unknown>>): SimulateCommand {
  const problems: string[] = [];
  const columnsNamed = readColumns(values['column'] as readonly string[], simulation, problems);
  if (values['trace'] === '' && Object.keys(columnsNamed).length > 0) problems.push('--column names a column of a trace; give the file with --trace.');
  const command: SimulateCommand = {
    governor: simulation.governor,
    seed: values['seed'] as number,
    runs: values['runs'] as number,
    json: values['json'] === true,
    options: readScenario(simulation, values, problems),
    chart: String(values['chart']),
    policyFile: String(values['policy']),
    traceFile: String(values['trace']),
    timeColumn: String(values['timeColumn']),
    timeUnit: values['timeUnit'] === 'ms' ? 'ms' : 's',
    columns: columnsNamed,
  };
  if (problems.length > 0) throw new UsageError(`simulate ${simulation.governor}`, problems);
  return command;
}

/** Only what was given; an option of another governor is a mistake that would otherwise go unseen. */
function readScenario({ governor, options: known }: GovernorSimulation, values: Readonly<Record<string, unknown>>, problems: string[]): SimulationOptions {
  const options: Record<string, unknown> = {};
  for (const { key, times, schema } of SCENARIO) {
    const value = values[key];
    if (value === undefined || value === '' || (key === 'workers' && value === 0)) continue;
    if (!known.includes(key)) problems.push(`${dashes(schema.name)} says nothing to ${governor}; it is for ${ownersOf(key)}.`);
    const isTraced = values['trace'] !== '';
    if (isTraced && OF_GENERATED.has(key)) problems.push(`${dashes(schema.name)} shapes a generated load; the trace brings its own.`);
    if (!isTraced && key === 'deployAtMs') problems.push(`${dashes(schema.name)} is for a trace; a generated load deploys in its middle.`);
    options[key] = typeof value === 'number' ? value * times : value;
  }
  return options;
}

const OF_GENERATED: ReadonlySet<OptionName> = new Set<OptionName>(['load', 'basePerSecond', 'peakPerSecond', 'durationMs', 'errorPct', 'releaseErrorPct', 'releaseLatencyPct']);

function ownersOf(key: OptionName): string {
  return SIMULATIONS.filter(({ options }) => options.includes(key)).map(({ governor }) => governor).join(' and ');
}

function readColumns(given: readonly string[], { governor, columns: known }: GovernorSimulation, problems: string[]): Record<string, string> {
  const named: Record<string, string> = {};
  for (const pair of given) {
    const at = pair.indexOf('=');
    const signal = pair.slice(0, at);
    if (known.some((column) => column.signal === signal)) named[signal] = pair.slice(at + 1);
    else problems.push(`${governor} knows no signal "${signal}"; it knows ${known.map((column) => column.signal).join(', ')}.`);
  }
  return named;
}

function scenarioTable(keys: readonly OptionName[]): Record<string, OptionSchema> {
  return Object.fromEntries(SCENARIO.filter(({ key }) => keys.includes(key)).map(({ key, schema }) => [key, schema]));
}

function simulateHelp(): string {
  return `flyball simulate <governor> [options]: runs a governor and its peers' policies against one load

${columns(SIMULATIONS.map(({ governor, title }) => [governor, `${title}; its options: flyball simulate ${governor} --help`]))}
${optionLines(GENERAL)}
shapes of --load:
${columns(Object.entries(LOAD_SHAPES))}
Exit codes: 0 done; 1 a file cannot be read or is wrong; 2 wrong command line.
`;
}

function governorHelp({ governor, title, options, columns: signals, figures }: GovernorSimulation): string {
  return `flyball simulate ${governor} [options]: ${title}

${optionLines({ ...GENERAL, ...scenarioTable(options) })}
signals of a trace:
${columns(signals.map(({ signal, effect }) => [signal, effect]))}
scores:
${columns(figures.map(({ key, label, unit, over }) => [key, `${label}${unit === '' ? '' : `, ${unit}`}; of several runs the ${over}`]))}`;
}
