/** What a command of `flyball ledger` is, as data, and the kinds of options that they share. Pure. */
import type { OptionSchema } from '../config.ts';
import type { OptionTable } from '../options.ts';

export interface LedgerCommand {
  /** Its positionals, as in usage lines. */
  readonly usage: string;
  /** How many positionals it takes. */
  readonly takes: readonly [min: number, max: number];
  readonly summary: string;
  readonly options: OptionTable;
  readonly exitCodes: string;
  /** Whatever else its help says. */
  readonly notes?: string;
  /** The members of what --json prints; `?` behind those that may be missing. They are kept from version to version. */
  readonly json: Readonly<Record<string, string>>;
}

/** What can be read without being a node: see target.ts. */
export const TARGET = 'FOLDER|ARCHIVE|URL';

const ANY = /./;
const NOT_EMPTY = 'what is not empty';

export function text(name: string, placeholder: string, effect: string): OptionSchema {
  return { name, type: 'text', fallback: '', pattern: ANY, allowed: NOT_EMPTY, placeholder, effect };
}

export function list(name: string, placeholder: string, effect: string): OptionSchema {
  return { name, type: 'list', placeholder, pattern: ANY, allowed: NOT_EMPTY, effect: `${effect}; may be repeated` };
}

export function flag(name: string, effect: string): OptionSchema {
  return { name, type: 'flag', effect };
}

export const JSON_OBJECT = flag('json', 'print the result as JSON');
export const JSON_LINES = flag('json', 'print one JSON object a line');

/** A number that may be left out, unlike the table's integers. */
export function count(name: string, placeholder: string, effect: string): OptionSchema {
  return { name, type: 'text', fallback: '', pattern: /^\d{1,15}$/, allowed: 'a whole number', placeholder, effect };
}

export function countOf(value: unknown): number | undefined {
  return value === '' || value === undefined ? undefined : Number(value);
}
