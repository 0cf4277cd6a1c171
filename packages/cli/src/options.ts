/** Turns arguments into values by a table of options (config.ts), or says all that is wrong with them. Pure. */
import { parseArgs } from 'node:util';
import { START_OPTIONS, type OptionSchema, type StartOptionKey, type StartValues } from './config.ts';
import { UsageError } from './errors.ts';
import { nearestName } from './nearest-name.ts';

export type OptionTable = Readonly<Record<string, OptionSchema>>;

export interface ParsedOptions {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
  readonly help: boolean;
}

/** Throws UsageError naming every problem at once. */
export function parseOptions(command: string, table: OptionTable, args: readonly string[]): ParsedOptions {
  const problems: string[] = [];
  const typed = new Map<string, string[]>();
  const positionals: string[] = [];
  let help = false;
  const { dashed, plus } = splitPlus(args);
  for (const { name, value } of plus) addValue(table, typed, problems, name, value);
  for (const token of tokens(table, dashed)) {
    if (token.kind === 'positional') positionals.push(token.value);
    else if (token.kind === 'option' && (token.name === 'help' || token.name === 'h')) help = true;
    else if (token.kind === 'option') addValue(table, typed, problems, token.rawName, token.value);
  }
  const values = readValues(table, typed, problems);
  if (problems.length > 0 && !help) throw new UsageError(command, problems);
  return { values, positionals, help };
}

/** `+S 2` and `+S2` are erl's own form, which parseArgs does not know. */
function splitPlus(args: readonly string[]): { dashed: string[]; plus: { name: string; value: string | undefined }[] } {
  const dashed: string[] = [];
  const plus: { name: string; value: string | undefined }[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    const found = /^(\+[A-Za-z])(.*)$/.exec(argument);
    if (found === null) {
      dashed.push(argument);
      continue;
    }
    const [, name = '', attached = ''] = found;
    plus.push({ name, value: attached === '' ? args[(index += 1)] : attached });
  }
  return { dashed, plus };
}

function tokens(table: OptionTable, args: string[]) {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = { help: { type: 'boolean', short: 'h' } };
  for (const { name, type } of Object.values(table)) {
    if (!name.startsWith('+')) options[name] = { type: type === 'flag' ? 'boolean' : 'string' };
  }
  return parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function addValue(table: OptionTable, typed: Map<string, string[]>, problems: string[], rawName: string, value: string | undefined): void {
  const name = rawName.startsWith('+') ? rawName : rawName.replace(/^--?/, '');
  const schema = Object.values(table).find((known) => known.name === name);
  if (schema === undefined) return void problems.push(unknown(table, rawName, name));
  if (schema.type === 'flag') {
    if (value === undefined) typed.set(name, ['true']);
    else problems.push(`${rawName} takes no value; it got "${value}".`);
    return;
  }
  if (value === undefined || value.startsWith('--')) return void problems.push(`${rawName} needs a value: ${allowed(schema)}.`);
  typed.set(name, [...(typed.get(name) ?? []), value]);
}

function unknown(table: OptionTable, rawName: string, name: string): string {
  const names = Object.values(table).map((schema) => schema.name);
  const near = nearestName(name, names);
  return `There is no option ${rawName}${near === undefined ? '.' : `; did you mean ${dashes(near)}?`}`;
}

function readValues(table: OptionTable, typed: ReadonlyMap<string, readonly string[]>, problems: string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(table)) {
    const given = typed.get(schema.name);
    values[key] = given === undefined ? fallback(schema) : readValue(schema, given, problems);
  }
  return values;
}

function fallback(schema: OptionSchema): unknown {
  if (schema.type === 'list') return [];
  if (schema.type === 'number') return undefined;
  return schema.type === 'flag' ? false : schema.fallback;
}

/** The last of repeated single values counts, as with erl and most commands. */
function readValue(schema: OptionSchema, given: readonly string[], problems: string[]): unknown {
  const last = given.at(-1) ?? '';
  const bad = (value: string): undefined => void problems.push(`${dashes(schema.name)} cannot be "${value}"; allowed: ${allowed(schema)}.`);
  switch (schema.type) {
    case 'flag':
      return true;
    case 'list':
      return given.map((value) => (schema.pattern.test(value) ? value : bad(value)));
    case 'text':
      return schema.pattern.test(last) ? last : bad(last);
    case 'choice':
      return schema.choices.includes(last) ? last : bad(last);
    case 'schedulers':
      return readSchedulers(schema, last) ?? bad(last);
    case 'integer':
      return inRange(schema, last.replaceAll('_', '')) ?? bad(last);
    case 'number':
      return decimalInRange(schema, last.replaceAll('_', '')) ?? bad(last);
  }
}

function decimalInRange({ min, max }: { readonly min: number; readonly max: number }, text: string): number | undefined {
  const value = /^\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

function inRange({ min, max }: { readonly min: number; readonly max: number }, text: string): number | undefined {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

/** erl's `+S Schedulers:SchedulersOnline`; those online are the ones that run. */
function readSchedulers(schema: { readonly min: number; readonly max: number }, text: string): number | undefined {
  const [all = '', online = all] = text.split(':', 2);
  const value = inRange(schema, online);
  return value !== undefined && value <= (inRange(schema, all) ?? 0) ? value : undefined;
}

export function dashes(name: string): string {
  return name.startsWith('+') ? name : `--${name}`;
}

/** What an option takes, for help and errors. */
export function allowed(schema: OptionSchema): string {
  switch (schema.type) {
    case 'integer':
      return `a whole number from ${schema.min} to ${schema.max}${schema.unit === undefined ? '' : ` ${schema.unit}`}`;
    case 'number':
      return `a number from ${schema.min} to ${schema.max}${schema.unit === undefined ? '' : ` ${schema.unit}`}`;
    case 'schedulers':
      return `a whole number from ${schema.min} to ${schema.max}, or n:n`;
    case 'choice':
      return schema.choices.join(' or ');
    case 'flag':
      return 'nothing';
    default:
      return schema.allowed;
  }
}

/** The options of `flyball start`; positionals are refused. */
export function parseStart(args: readonly string[]): { readonly values: StartValues; readonly help: boolean } {
  const { values, positionals, help } = parseOptions('start', START_OPTIONS, args);
  if (positionals.length > 0 && !help) {
    throw new UsageError('start', [`start takes options only; "${positionals[0]}" is none (a folder is given with --documents or --application).`]);
  }
  const keyed: Record<StartOptionKey, unknown> = values as Record<StartOptionKey, unknown>;
  return { values: keyed as StartValues, help };
}
