/** The command line of `flyball ledger`: its commands, their options, their help. Pure. */
import type { OptionSchema } from '../config.ts';
import { UsageError } from '../errors.ts';
import { columns, optionLines } from '../help.ts';
import { nearestName } from '../nearest-name.ts';
import { parseOptions, type OptionTable } from '../options.ts';

export interface LedgerCommand {
  /** Its positionals, as in usage lines. */
  readonly usage: string;
  /** How many positionals it takes. */
  readonly takes: readonly [min: number, max: number];
  readonly summary: string;
  readonly options: OptionTable;
  readonly exitCodes: string;
}

const ANY = /./;
const READ_EXITS = '0 done; 1 there is no such receipt, or it cannot be read; 2 wrong command line.';

const JSON_OPTION: OptionSchema = { name: 'json', type: 'flag', effect: 'print the result as JSON' };
const JSON_LINES: OptionSchema = { name: 'json', type: 'flag', effect: 'print one JSON object a line' };

function listOf(name: string, placeholder: string, effect: string): OptionSchema {
  return { name, type: 'list', placeholder, pattern: ANY, allowed: placeholder.toLowerCase(), effect };
}

const VERIFY: LedgerCommand = {
  usage: 'FOLDER|ARCHIVE|URL',
  takes: [1, 1],
  summary: 'check signatures, tree, chains and order of a log; needs no node',
  options: {
    key: listOf('key', 'VKEY', 'verifier key of the log (name+id+base64), or a file of them; without, the log\'s own vkeys are believed; may be repeated'),
    since: listOf('since', 'CHECKPOINT', 'a checkpoint file that the log signed before, which must be a beginning of it; may be repeated'),
    origin: { name: 'origin', type: 'text', fallback: '', pattern: ANY, allowed: 'the log\'s name', placeholder: 'NAME', effect: 'the name that the log must have' },
    witness: listOf('witness', 'VKEY', 'verifier key of a witness, or a file of them; may be repeated'),
    witnessesMin: { name: 'witnesses-min', type: 'integer', fallback: 0, min: 0, max: 100, effect: 'how many of those witnesses must have cosigned' },
    minimumIndex: { name: 'minimum-index', type: 'integer', fallback: 0, min: 0, max: Number.MAX_SAFE_INTEGER, effect: 'receipts below may be missing: they were pruned' },
    json: JSON_OPTION,
  },
  exitCodes: '0 good; 1 broken; 2 nothing can be said: unreadable, no log, or a wrong command line.',
};

export const LEDGER_COMMANDS: Readonly<Record<string, LedgerCommand>> = { verify: VERIFY };

export { JSON_LINES, JSON_OPTION, READ_EXITS };

export interface ParsedLedger {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

/** A text when help is asked for. Throws UsageError. */
export function parseLedger([name, ...args]: readonly string[]): ParsedLedger | string {
  const names = Object.keys(LEDGER_COMMANDS);
  if (name === '--help' || name === '-h') return ledgerHelp();
  if (name === undefined) throw new UsageError('ledger', [`ledger needs a command: ${names.join(', ')}.`]);
  const command = Object.hasOwn(LEDGER_COMMANDS, name) ? LEDGER_COMMANDS[name]! : undefined;
  if (command === undefined) {
    const near = nearestName(name, names);
    throw new UsageError('ledger', [`There is no command "ledger ${name}"; ${near === undefined ? `there are ${names.join(', ')}.` : `did you mean "ledger ${near}"?`}`]);
  }
  const { values, positionals, help } = parseOptions(`ledger ${name}`, command.options, args);
  if (help) return commandHelp(name, command);
  const [min, max] = command.takes;
  if (positionals.length < min || positionals.length > max) throw new UsageError(`ledger ${name}`, [`ledger ${name} takes ${command.usage}; it got ${positionals.length} arguments.`]);
  return { name, values, positionals };
}

export function ledgerHelp(): string {
  const rows = Object.entries(LEDGER_COMMANDS).map(([name, { usage, summary }]): [string, string] => [`${name} ${usage}`.trim(), summary]);
  return `flyball ledger <command> [options]: asks and checks a log of receipts

${columns(rows)}
flyball ledger <command> --help tells more.
`;
}

function commandHelp(name: string, { usage, summary, options, exitCodes }: LedgerCommand): string {
  return `flyball ledger ${`${name} ${usage}`.trim()} [options]: ${summary}

${optionLines(options)}
Exit codes: ${exitCodes}
`;
}
