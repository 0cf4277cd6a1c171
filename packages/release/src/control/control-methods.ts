/** The methods of the control socket: what heart answers itself, and what it asks its shards. */
import { HeartError } from '../errors.ts';
import type { Heart, ShardReference } from '../heart/heart.ts';
import type { LoadedApplication } from '../heart/protocol.ts';
import { askAll, loadEverywhere } from './load.ts';
import { changeOf, recorded } from './recorded-changes.ts';

type Params = Readonly<Record<string, unknown>>;

/** Wrong parameters; the reply's code is -32602. */
export class ControlParamsError extends Error {}

const STATUS_TIMEOUT_MS = 1_000;
const ASK_TIMEOUT_MS = 10_000;
/** Pruning a large ledger removes many files. */
const LEDGER_TIMEOUT_MS = 120_000;

const METHODS: Readonly<Record<string, (heart: Heart, params: Params) => unknown>> = {
  status,
  tree,
  load: (heart, params) => loadEverywhere(heart, loadParams(params)),
  'hand-over': handOver,
  kill: (heart, params) => askWhereItLives(heart, 'kill', params),
  call: (heart, params) => askWhereItLives(heart, 'call', params),
  peers: (heart) => ({ peers: heart.peers() }),
  ledger: askLedger,
  stop,
};

export const CONTROL_METHODS: readonly string[] = Object.keys(METHODS);

export function isControlMethod(method: string): boolean {
  return Object.hasOwn(METHODS, method);
}

/** Rejects with ControlParamsError, or a HeartError whose code goes to the client. */
export async function runControlMethod(heart: Heart, method: string, params: Params): Promise<unknown> {
  const run = async (): Promise<unknown> => METHODS[method]?.(heart, params);
  const change = heart.recordsChanges ? changeOf(method, params) : undefined;
  return change === undefined ? run() : recorded(heart, change, run);
}

async function status(heart: Heart): Promise<unknown> {
  const own = heart.status();
  const serving = own.processes.filter(({ role }) => role === 'current');
  const answers = await askAll(heart, serving, { method: 'status', params: {}, timeoutMs: STATUS_TIMEOUT_MS });
  const kernels = answers.map((answer) => (answer.ok ? { shard: answer.shard, status: answer.result } : { shard: answer.shard, error: answer.error }));
  return { ...own, kernels };
}

async function tree(heart: Heart): Promise<unknown> {
  const serving = heart.status().processes.filter(({ role }) => role === 'current');
  const answers = await askAll(heart, serving, { method: 'tree', params: {}, timeoutMs: ASK_TIMEOUT_MS });
  return {
    shards: answers.map(({ shard, generation, ...answer }) => ({ shard, generation, ...(answer.ok ? { tree: answer.result } : { error: answer.error }) })),
  };
}

async function handOver(heart: Heart): Promise<unknown> {
  const result = await heart.handOver();
  if (result.ok) return { durationMs: result.durationMs, shards: result.shards };
  const done = result.shards.length === 0 ? '' : ` Handed over before that: shard ${result.shards.map(({ shard }) => shard).join(', ')}.`;
  throw new HeartError(result.error.code, `${result.error.message}${done}`);
}

/** Answered before it takes effect; the end of the connection says that the node has stopped. */
function stop(heart: Heart): unknown {
  setImmediate(() => void heart.stop());
  return { pid: process.pid };
}

function loadParams(params: Params): LoadedApplication {
  const { application, directory, version } = params;
  if (typeof application !== 'string' || application === '') throw new ControlParamsError('"application" must be a name.');
  if (typeof directory !== 'string' || !directory.startsWith('/')) throw new ControlParamsError('"directory" must be an absolute path.');
  if (version === undefined || version === null) return { application, directory };
  if (typeof version !== 'string' && typeof version !== 'number') throw new ControlParamsError('"version" must be a string or a number.');
  return { application, directory, version };
}

/** Any shard finds the owner; the first one usually is it. */
async function askLedger(heart: Heart, params: Params): Promise<unknown> {
  if (!heart.recordsChanges) throw new HeartError('no-ledger', 'This node keeps no receipts; start it with --ledger FOLDER.');
  if (typeof params['what'] !== 'string') throw new ControlParamsError('"what" must be what is asked of the ledger, such as "status".');
  const [first] = heart.serving();
  if (first === undefined) throw new HeartError('not-ready', 'No shard serves now; ask again when one does.');
  return heart.request(first.generation, 'ledger', params, LEDGER_TIMEOUT_MS);
}

// ---- one process, wherever it lives ------------------------------------------------------------

const PID = /^<?(\d+)\.(\d+)\.(\d+)>?$/;

/** A pid says its shard and creation; a name is looked for in `shard`, or in one shard after the other. */
async function askWhereItLives(heart: Heart, method: 'kill' | 'call', params: Params): Promise<unknown> {
  const { target } = params;
  if (typeof target !== 'string' || target === '') throw new ControlParamsError('"target" must be a pid such as "<0.1.42>" or a registered name.');
  const places = candidates(heart, target, params['shard']);
  for (const { generation } of places) {
    try {
      return await heart.request(generation, method, params, ASK_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof HeartError) || error.code !== 'noproc') throw error;
    }
  }
  throw new HeartError('no-such-process', `No process ${target} lives on ${describe(places)}; \`flyball ctl tree\` lists them.`);
}

function candidates(heart: Heart, target: string, shard: unknown): readonly ShardReference[] {
  const pid = PID.exec(target);
  if (pid !== null) {
    const [home, creation] = [Number(pid[1]), Number(pid[2])];
    return heart.status().processes.filter((found) => found.shard === home && found.generation === creation);
  }
  if (shard === undefined || shard === null) return heart.allCurrent();
  if (!Number.isInteger(shard)) throw new ControlParamsError('"shard" must be an integer.');
  return [heart.current(shard as number)];
}

function describe(places: readonly ShardReference[]): string {
  if (places.length === 0) return 'any shard that runs now';
  return places.map(({ shard }) => `shard ${shard}`).join(', ');
}
