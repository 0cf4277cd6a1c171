/** What `flyball start` prints once the node serves: what listens where, and what to try next. */
import { plural, table } from './text.ts';

export interface BannerFacts {
  readonly version: string;
  readonly name: string;
  readonly pid: number;
  readonly shards: number;
  readonly nodeVersion: string;
  readonly listening: readonly { readonly name: string; readonly url: string }[];
  readonly ledger?: LedgerFacts;
}

export interface LedgerFacts {
  readonly folder: string;
  /** The log's name. */
  readonly origin: string;
  readonly size: number;
}

const DEFAULT_NAME = 'flyball';

export function formatBanner(facts: BannerFacts): string {
  const { version, name, pid, shards, nodeVersion, listening } = facts;
  const head = `flyball ${version}: node ${name}, pid ${pid}, ${plural(shards, 'shard')}, Node ${nodeVersion}\n`;
  const rows = listening.map((listener) => [`  ${listener.name}`, listener.url]);
  return `${head}\nListening\n${table(rows)}${ledgerPart(facts)}\nTry next\n${tryNext(facts)}`;
}

function ledgerPart({ ledger, listening }: BannerFacts): string {
  if (ledger === undefined) return '';
  const address = listening.find(({ name }) => name === 'ledger')?.url;
  const rows = [['  folder', ledger.folder], ['  log', `${ledger.origin}, ${plural(ledger.size, 'receipt')}`]];
  const verify = address === undefined ? [] : [['  verify', `npx flyball ledger verify ${new URL('.', reachable(address)).href}`]];
  return `\nLedger\n${table([...rows, ...verify])}`;
}

function tryNext({ name, listening }: BannerFacts): string {
  const option = name === DEFAULT_NAME ? '' : ` --name ${name}`;
  const commands: [string, string][] = [
    [`npx flyball ctl${option} tree`, 'the processes'],
    [`npx flyball ctl${option} status`, 'shards, restarts'],
    [`npx flyball ctl${option} hand-over`, 'a new OS process, no request lost'],
    ['Ctrl-C', 'stop the node'],
  ];
  return `${mcpHint(listening)}${table(commands.map(([command, what]) => [`  ${command}`, what]))}`;
}

function mcpHint(listening: BannerFacts['listening']): string {
  const first = listening.find(({ name, url }) => name === 'mcp' || url.endsWith('/mcp')) ?? listening.find(({ url }) => url.startsWith('http'));
  if (first === undefined) return '';
  const mcp = new URL('/mcp', reachable(first.url));
  const ready = new URL('/readyz', mcp);
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'curl', version: '1' } },
  });
  return `  point any MCP client at ${mcp.href}\n` + `  curl ${ready.href}\n` + `  curl -i ${mcp.href} -H 'content-type: application/json' \\\n    -H 'accept: application/json, text/event-stream' \\\n    -d '${body}'\n`;
}

/** "All addresses" is no address that a client can ask. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
}

/** What to do about an error that ended a start; empty when its message says it already. */
export function startAdvice(code: string, port: number, ledger = ''): string {
  if (code === 'address-in-use') {
    const other = port >= 65_535 ? port - 1 : port + 1;
    return `  Who has it:    ss -ltnp 'sport = :${port}'\n  Another port:  flyball start --port ${other}   (0 takes any free one)\n`;
  }
  const lines = LEDGER_ADVICE[code];
  return lines === undefined ? '' : table(lines(quoted(ledger)).map(([what, command]) => [`  ${what}:`, command]));
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./@:+-]*$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

type Advice = (folder: string) => readonly (readonly [what: string, command: string])[];

const repair: Advice = (folder) => [['What is wrong', `flyball ledger fsck ${folder}`], ['Repair it', `flyball ledger fsck ${folder} --repair`]];

/** By the code of the ledger's error. Where its message says all, nothing is added. */
const LEDGER_ADVICE: Readonly<Record<string, Advice>> = {
  'ledger-locked': (folder) => [['Who has it', `fuser ${folder}/state/lock`], ['Another one', `flyball start --ledger OTHER-FOLDER`]],
  'journal-damaged': repair,
  'journal-lost': repair,
  'state-lost': repair,
  'bad-state': repair,
  'log-damaged': repair,
  'missing-tile': repair,
  'bad-tile': repair,
  'disk-failed': (folder) => [['The disk', `df ${folder}; dmesg | tail`]],
  'log-forked': (folder) => [['What is wrong', `flyball ledger fsck ${folder}`], ['Compare', `flyball ledger verify ${folder} --since CHECKPOINT`]],
  // Files into the folder, which is there: a folder that is moved onto it would lie inside it.
  'key-lost': (folder) => [['From a backup', `cp -p BACKUP-OF-KEYS/* ${folder}/keys/`], ['Without one', `flyball ledger fsck ${folder} --repair --new-key`]],
  'wrong-origin': () => [['Its own name', 'leave --ledger-origin out'], ['Another log', 'flyball start --ledger OTHER-FOLDER']],
};
