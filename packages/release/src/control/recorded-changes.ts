/**
 * What an operator changes by the control socket leaves a receipt before it is done, and another one of its outcome.
 * Without the first nothing is done. Heart keeps no ledger: it asks a shard, which finds the node's.
 */
import { HeartError } from '../errors.ts';
import { remoteError, type Heart } from '../heart/heart.ts';
import type { ChangeRecorded, ChangeToRecord } from '../heart/protocol.ts';

type Params = Readonly<Record<string, unknown>>;

/** Longer than a shard tries: its own error says more. */
const RECORD_TIMEOUT_MS = 15_000;

/** The kinds are those of receipts; what is not here changes nothing. */
const KINDS: ReadonlyMap<string, ChangeToRecord['kind']> = new Map([['load', 'upgrade'], ['hand-over', 'deployment'], ['kill', 'override'], ['call', 'override'], ['stop', 'system']]);
/** What of the ledger is a change; a rotation and a pruning leave receipts of the ledger's own besides. */
const LEDGER_CHANGES: ReadonlyMap<unknown, string> = new Map([['rotateKey', 'ledger-rotate-key'], ['retireKey', 'ledger-retire-key'], ['prune', 'ledger-prune']]);

export function changeOf(method: string, params: Params): Change | undefined {
  const event = method === 'ledger' ? LEDGER_CHANGES.get(params['what']) : method;
  const kind = method === 'ledger' ? 'system' : KINDS.get(method);
  return kind === undefined || event === undefined ? undefined : { kind, event, action: actionOf(params) };
}

export type Change = Pick<ChangeToRecord, 'kind' | 'event' | 'action'>;

let lastNumber = 0;

/** What a process is called with stays out: it may be anything, and receipts are for ever. */
function actionOf(params: Params): Params {
  return Object.fromEntries(Object.entries(params).filter(([name, value]) => name !== 'body' && value !== undefined));
}

/** What it needs of heart. */
export type RecordingHeart = Pick<Heart, 'serving' | 'request' | 'log'>;

/** Throws `not-recorded`, or what `act` throws. */
export async function recorded(heart: RecordingHeart, change: Change, act: () => Promise<unknown>): Promise<unknown> {
  lastNumber += 1;
  const number = lastNumber;
  await record(heart, { number, ...change }).catch((error: unknown) => {
    throw notRecorded(change, error);
  });
  const outcome = { number, kind: change.kind, event: `${change.event}-result` } as const;
  try {
    const result = await act();
    // Of a stop there is none: nobody is left to record it.
    if (change.event !== 'stop') await recordOutcome(heart, { ...outcome, decision: 'done' });
    return result;
  } catch (error) {
    await recordOutcome(heart, { ...outcome, decision: 'failed', reason: remoteError(error) });
    throw error;
  }
}

/** It has happened, whatever comes of its receipt: that one is missing is told, not answered. */
async function recordOutcome(heart: RecordingHeart, outcome: ChangeToRecord): Promise<void> {
  await record(heart, outcome).catch((error: unknown) => heart.log('error', `the outcome of change ${outcome.number} (${outcome.event}: ${outcome.decision}) could not be recorded: ${remoteError(error).message}`));
}

/** By the first shard that serves; if that one ends meanwhile, by the next. */
async function record(heart: RecordingHeart, change: ChangeToRecord): Promise<ChangeRecorded> {
  let failure: unknown = new HeartError('not-ready', 'no shard serves now');
  for (const { generation } of heart.serving()) {
    try {
      return await heart.request(generation, 'record', change, RECORD_TIMEOUT_MS) as ChangeRecorded;
    } catch (error) {
      failure = error;
      if (remoteError(error).code !== 'shard-gone') break;
    }
  }
  throw failure;
}

function notRecorded({ event }: Change, cause: unknown): HeartError {
  const { code, message } = remoteError(cause);
  const otherwise = event === 'stop' ? ` SIGTERM stops it without one: kill ${process.pid}` : '';
  return new HeartError('not-recorded', `Not done: this node records what operators change, and no receipt of "${event}" could be left: ${message} (${code}).${otherwise}`, { cause });
}
