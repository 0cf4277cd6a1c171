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
  /** Whatever else its help says. */
  readonly notes?: string;
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

const TARGET = 'FOLDER|ARCHIVE|URL';

function textOption(name: string, placeholder: string, effect: string): OptionSchema {
  return { name, type: 'text', fallback: '', pattern: ANY, allowed: placeholder.toLowerCase(), placeholder, effect };
}

/** What chooses receipts, for query and tail. */
const CHOICE = {
  tenant: textOption('tenant', 'TENANT', 'only of this tenant'),
  kind: textOption('kind', 'KIND', 'only of this kind: transition, refusal, action …'),
  sku: textOption('sku', 'SKU', 'only of this SKU'),
} as const satisfies OptionTable;

const SHOW: LedgerCommand = {
  usage: `${TARGET} INDEX|ID`,
  takes: [2, 2],
  summary: 'print one receipt, by its place in the log or its id',
  options: {
    tenant: textOption('tenant', 'TENANT', 'whose id it is; ids are a tenant\'s own'),
    proof: textOption('proof', 'FILE', 'write its .tlog-proof there, which is checked with the log\'s key alone'),
    entry: textOption('entry', 'FILE', 'write its bytes there, as the log has them'),
    json: JSON_OPTION,
  },
  exitCodes: READ_EXITS,
};

const TAIL: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'print the newest receipts, and with --follow those to come',
  options: {
    lines: { name: 'lines', type: 'integer', fallback: 10, min: 0, max: 1_000, effect: 'how many of those that are there' },
    follow: { name: 'follow', type: 'flag', effect: 'go on with what is published, until Ctrl-C' },
    pollMs: { name: 'poll-ms', type: 'integer', unit: 'ms', fallback: 500, min: 10, max: 3_600_000, effect: 'how often --follow looks for a new checkpoint' },
    ...CHOICE,
    json: JSON_LINES,
  },
  exitCodes: '0 done; 1 it cannot be read; 2 wrong command line.',
};

const QUERY: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'find receipts by tenant, kind, SKU, id and time, a page at a time',
  options: {
    ...CHOICE,
    id: textOption('id', 'ID', 'only with this id'),
    since: textOption('since', 'TIME', 'from this time of the authors\' clocks on, ISO 8601'),
    until: textOption('until', 'TIME', 'before this time'),
    newest: { name: 'newest', type: 'flag', effect: 'newest first' },
    limit: { name: 'limit', type: 'integer', fallback: 100, min: 1, max: 1_000, effect: 'receipts a page' },
    cursor: textOption('cursor', 'CURSOR', 'go on where the page before ended'),
    noIndex: { name: 'no-index', type: 'flag', effect: 'read the log itself, not the index beside it' },
    json: JSON_OPTION,
  },
  exitCodes: '0 done, also if nothing was found; 1 it cannot be read or the query is none; 2 wrong command line.',
};

const STATS: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'count receipts by tenant and kind; what the log weighs',
  options: { json: JSON_OPTION },
  exitCodes: '0 done; 1 it cannot be read; 2 wrong command line.',
};

const KEYS: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'list the verifier keys of a log; rotate or retire a key of a ledger that no node has open',
  options: {
    rotate: { name: 'rotate', type: 'flag', effect: 'make a new key, recorded in the log; the old ones sign on until they are retired' },
    retire: textOption('retire', 'VKEY', 'destroy the secret of this old key for ever'),
    json: JSON_OPTION,
  },
  exitCodes: '0 done; 1 it could not be done; 2 wrong command line.',
};

const FSCK: LedgerCommand = {
  usage: 'FOLDER',
  takes: [1, 1],
  summary: 'check everything in a ledger\'s folder that no node has open, and repair what can be',
  options: {
    repair: { name: 'repair', type: 'flag', effect: 'make good what the rest of the ledger proves; nothing is invented' },
    newKey: { name: 'new-key', type: 'flag', effect: 'with --repair: a new signing key if none is left; all who verify must then be told' },
    json: JSON_OPTION,
  },
  exitCodes: '0 sound, or all repaired; 1 damaged; 2 it cannot be checked: no ledger, in use, or a wrong command line.',
};

const BUCKETS = `A bucket's credentials come from the environment: for s3:// from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION and, for stores that are not Amazon's, AWS_ENDPOINT_URL_S3; for gs:// from wherever
Google's client looks, such as GOOGLE_APPLICATION_CREDENTIALS.`;

const EXPORT: LedgerCommand = {
  usage: 'FOLDER PLACE',
  takes: [2, 2],
  summary: 'copy what is new of a log to a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX; the node may run',
  options: { json: JSON_OPTION },
  notes: BUCKETS,
  exitCodes: '0 the copy is whole; 1 it is not: run it again; 2 wrong command line.',
};

const IMPORT: LedgerCommand = {
  usage: 'PLACE FOLDER',
  takes: [2, 2],
  summary: 'verify a copy (folder, archive, address, s3://, gs://) and make a ledger of it in an empty folder',
  notes: BUCKETS,
  options: {
    key: VERIFY.options['key']!,
    since: VERIFY.options['since']!,
    signingKeys: textOption('signing-keys', 'FOLDER', 'a copy of the lost ledger\'s folder keys, so that a node can go on writing'),
    json: JSON_OPTION,
  },
  exitCodes: '0 done; 1 refused or failed; 2 wrong command line.',
};

export const LEDGER_COMMANDS: Readonly<Record<string, LedgerCommand>> = { verify: VERIFY, show: SHOW, tail: TAIL, query: QUERY, stats: STATS, keys: KEYS, fsck: FSCK, export: EXPORT, import: IMPORT };

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

function commandHelp(name: string, { usage, summary, options, exitCodes, notes }: LedgerCommand): string {
  return `flyball ledger ${`${name} ${usage}`.trim()} [options]: ${summary}

${optionLines(options)}${notes === undefined ? '' : `\n${notes}\n`}
Exit codes: ${exitCodes}
`;
}
