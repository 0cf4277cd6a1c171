/** The command line of `flyball ledger`: finds the command and its values, or the help. Pure. */
import { UsageError } from '../errors.ts';
import { columns, optionLines } from '../help.ts';
import { nearestName } from '../nearest-name.ts';
import { parseOptions } from '../options.ts';
import { KEEPING_COMMANDS } from './keeping-commands.ts';
import type { LedgerCommand } from './ledger-command.ts';
import { READING_COMMANDS } from './reading-commands.ts';

const commands = { ...READING_COMMANDS, ...KEEPING_COMMANDS };
export type LedgerCommandName = keyof typeof commands;
export const LEDGER_COMMANDS: Readonly<Record<LedgerCommandName, LedgerCommand>> = commands;

export interface ParsedLedger {
  readonly name: LedgerCommandName;
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

/** A text when help is asked for. Throws UsageError. */
export function parseLedger([name, ...args]: readonly string[]): ParsedLedger | string {
  const names = Object.keys(LEDGER_COMMANDS);
  if (name === '--help' || name === '-h') return ledgerHelp();
  if (name === undefined) throw new UsageError('ledger', [`ledger needs a command: ${names.join(', ')}.`]);
  if (!isCommand(name)) {
    const near = nearestName(name, names);
    throw new UsageError('ledger', [`There is no command "ledger ${name}"; ${near === undefined ? `there are ${names.join(', ')}.` : `did you mean "ledger ${near}"?`}`]);
  }
  const command = LEDGER_COMMANDS[name];
  const { values, positionals, help } = parseOptions(`ledger ${name}`, command.options, args);
  if (help) return commandHelp(name, command);
  const [min, max] = command.takes;
  if (positionals.length < min || positionals.length > max) throw new UsageError(`ledger ${name}`, [`ledger ${name} takes ${command.usage}; it got ${positionals.length} arguments.`]);
  // An empty variable of a script, which would otherwise mean the current folder.
  if (positionals.includes('')) throw new UsageError(`ledger ${name}`, [`ledger ${name} takes ${command.usage}; one of them is empty.`]);
  return { name, values, positionals };
}

function isCommand(name: string): name is LedgerCommandName {
  return Object.hasOwn(LEDGER_COMMANDS, name);
}

export function ledgerHelp(): string {
  const rows = Object.entries(LEDGER_COMMANDS).map(([name, { usage, summary }]): [string, string] => [`${name} ${usage}`.trim(), summary]);
  return `flyball ledger <command> [options]: asks, checks and keeps a log of receipts

${columns(rows)}
flyball ledger <command> --help tells more.
`;
}

function commandHelp(name: string, { usage, summary, options, exitCodes, notes }: LedgerCommand): string {
  return `flyball ledger ${`${name} ${usage}`.trim()} [options]: ${summary}

${optionLines(options)}${notes === undefined ? '' : `\n${notes}\n`}
Exit codes: ${exitCodes}
`;
}
