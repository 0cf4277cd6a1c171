/** The commands of `flyball ctl`: from arguments to a request, and from its result to text. Pure. */
import { resolve } from 'node:path';
import type { OptionSchema } from '../config.ts';
import { formatCall, formatHandOver, formatKill, formatLoad, formatPeers } from './change-texts.ts';
import { formatLedger, LEDGER_COMMANDS, LEDGER_USAGE, ledgerRequest } from './ctl-ledger.ts';
import type { CtlRequest } from './ctl-request.ts';
import { formatStatus } from './status.ts';
import { formatTree } from './tree.ts';

type Values = Readonly<Record<string, unknown>>;

export interface CtlCommand {
  readonly usage: string;
  readonly summary: string;
  /** Of its own, for its help: what to type, and what that does. */
  readonly commands?: readonly (readonly [string, string])[];
  /** Number of positionals, least and most. */
  readonly arity: readonly [number, number];
  readonly options?: Readonly<Record<string, OptionSchema>>;
  /** `directory` is the caller's, for relative paths. Returns a sentence when the arguments are wrong. */
  request(positionals: readonly string[], values: Values, directory: string): CtlRequest | string;
  format(result: unknown, values: Values, positionals: readonly string[]): string;
}

export const CTL_OPTIONS = {
  name: { name: 'name', type: 'text', fallback: 'flyball', pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, allowed: 'letters, digits, "-", "_", "."; at most 64', effect: 'the node\'s name' },
  json: { name: 'json', type: 'flag', effect: 'the node\'s answer as JSON' },
} as const satisfies Record<string, OptionSchema>;

const SHARD = { name: 'shard', type: 'text', fallback: '', pattern: /^\d{1,3}$/, allowed: 'a shard\'s number', effect: 'look in this shard only' } as const satisfies OptionSchema;
const VERSION = { name: 'version', type: 'text', fallback: '', pattern: /^[^\s]{1,64}$/, allowed: 'a version without spaces', effect: 'the version\'s name, for status' } as const satisfies OptionSchema;
const ALL = { name: 'all', type: 'flag', effect: 'show every child, also of large supervisors' } as const satisfies OptionSchema;

const plain = (method: string): CtlCommand['request'] => () => ({ method, params: {} });

export const CTL_COMMANDS: Readonly<Record<string, CtlCommand>> = {
  status: { usage: '', summary: 'shards, restarts, what listens where', arity: [0, 0], request: plain('status'), format: formatStatus },
  tree: { usage: '', summary: 'the processes of every shard', arity: [0, 0], options: { all: ALL }, request: plain('tree'), format: (result, { all }) => formatTree(result, all === true) },
  load: { usage: 'APPLICATION DIR', summary: 'upgrade an application to the modules in DIR while it runs', arity: [2, 2], options: { version: VERSION }, request: loadRequest, format: formatLoad },
  'hand-over': { usage: '', summary: 'replace every shard by a new OS process without losing a request', arity: [0, 0], request: plain('hand-over'), format: formatHandOver },
  kill: { usage: 'PID|NAME', summary: 'kill a process, by its pid such as "<0.1.42>" or its registered name', arity: [1, 1], options: { shard: SHARD }, request: targetRequest('kill'), format: formatKill },
  call: { usage: 'NAME REQUEST [JSON]', summary: 'call a gen_server and print its reply', arity: [2, 3], options: { shard: SHARD }, request: callRequest, format: formatCall },
  ledger: { usage: LEDGER_USAGE, summary: 'look into the node\'s ledger while it runs, rotate its keys, prune it', commands: LEDGER_COMMANDS, arity: [1, 2], request: ledgerRequest, format: formatLedger },
  peers: { usage: '', summary: 'the sockets of every live shard', arity: [0, 0], request: plain('peers'), format: formatPeers },
  stop: { usage: '', summary: 'stop the node and wait until it has stopped', arity: [0, 0], request: () => ({ method: 'stop', params: {}, untilClosed: true }), format: (result) => `stopped (pid ${(result as { pid?: number }).pid ?? 'unknown'})\n` },
};

function loadRequest([application = '', given = '']: readonly string[], { version }: Values, directory: string): CtlRequest {
  const params = { application, directory: resolve(directory, given) };
  return { method: 'load', params: version === '' ? params : { ...params, version } };
}

function targetRequest(method: string): CtlCommand['request'] {
  return ([target = ''], { shard }) => ({ method, params: shard === '' ? { target } : { target, shard: Number(shard) } });
}

function callRequest(positionals: readonly string[], values: Values, directory: string): CtlRequest | string {
  const [, name = '', json] = positionals;
  const base = targetRequest('call')(positionals, values, directory) as CtlRequest;
  if (json === undefined) return { ...base, params: { ...base.params, name } };
  try {
    return { ...base, params: { ...base.params, name, body: JSON.parse(json) as unknown } };
  } catch {
    return `call's third argument must be JSON, such as 5 or '{"a":1}'; "${json}" is none.`;
  }
}
