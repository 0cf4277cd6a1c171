/** The help texts, made from the tables that the parser uses. */
import { CTL_COMMANDS, CTL_OPTIONS } from './commands/ctl-commands.ts';
import { START_OPTIONS, type OptionSchema } from './config.ts';
import { dashes, type OptionTable } from './options.ts';

export const TOP_HELP = `flyball — TypeScript services run the way Erlang/OTP runs Erlang

  flyball start [options]            start a node in the foreground
  flyball ctl <command> [options]    look into a running node, change it, stop it
  flyball simulate <governor>        try a governor and its policy against a load, beside its peers
  flyball ledger <command>           check, read and query a log of receipts
  flyball --version | --help

flyball start --help, and so for each of the others, tells more.
`;

export function startHelp(): string {
  return `flyball start [options]: starts a node in the foreground; Ctrl-C stops it

${optionLines(START_OPTIONS)}
Exit codes: 0 stopped; 1 could not start or gave up; 2 wrong option; 130 killed by a second Ctrl-C.
`;
}

const CTL_EXITS = 'Exit codes: 0 done; 1 the node could not do it; 2 wrong command line; 3 no such node runs.\n';

export function ctlHelp(): string {
  const rows = Object.entries(CTL_COMMANDS).map(([name, { usage, summary }]): [string, string] => [`${name} ${usage}`.trim(), summary]);
  return `flyball ctl <command> [options]: talks to a running node over its control socket

${columns(rows)}
${optionLines(CTL_OPTIONS)}
${CTL_EXITS}`;
}

export function ctlCommandHelp(name: string): string {
  const command = CTL_COMMANDS[name];
  if (command === undefined) return ctlHelp();
  return `flyball ctl ${`${name} ${command.usage}`.trim()}: ${command.summary}

${command.commands === undefined ? '' : `${columns(command.commands)}\n`}${optionLines({ ...CTL_OPTIONS, ...command.options })}
${CTL_EXITS}`;
}

export function optionLines(table: OptionTable): string {
  const rows = Object.values(table).map((schema): [string, string] => [`${dashes(schema.name)}${placeholder(schema)}`, `${schema.effect}${defaultOf(schema)}`]);
  return columns([...rows, ['--help', 'this text']]);
}

function placeholder(schema: OptionSchema): string {
  switch (schema.type) {
    case 'flag':
      return '';
    case 'list':
      return ` ${schema.placeholder}`;
    case 'choice':
      return ` ${schema.placeholder ?? schema.choices.join('|')}`;
    case 'text':
      return ` ${schema.placeholder ?? 'TEXT'}`;
    default:
      return ' N';
  }
}

function defaultOf(schema: OptionSchema): string {
  if (schema.type === 'number') return schema.unit === undefined ? '' : ` (${schema.unit})`;
  if (schema.type === 'list' || schema.type === 'flag' || schema.fallback === '') return '';
  if (schema.type === 'text' || schema.type === 'choice') return ` (default ${schema.fallback})`;
  return ` (default ${schema.fallback}${schema.unit === undefined ? '' : ` ${schema.unit}`}; ${schema.min} to ${schema.max})`;
}

export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}
