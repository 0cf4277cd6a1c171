/**
 * Loads a version of an application into all shards, in two phases: every shard compiles and checks it, and
 * only if all can take it does any of them swap. A shard that fails to swap after others did is restarted,
 * and boots with the new version: the shards of a node never go on with different code.
 */
import { HeartError } from '../errors.ts';
import type { Heart, ShardReference } from '../heart/heart.ts';
import { remoteError } from '../heart/heart.ts';
import type { LoadedApplication, RemoteError } from '../heart/protocol.ts';

const PREPARE_TIMEOUT_MS = 60_000;
const COMMIT_TIMEOUT_MS = 60_000;

export interface ShardLoad {
  readonly shard: number;
  readonly changes?: unknown;
  readonly report?: unknown;
  /** The shard could not swap and was restarted to boot with the new version. */
  readonly restarted?: RemoteError;
}

export interface LoadResult extends LoadedApplication {
  readonly shards: readonly ShardLoad[];
}

/** What a load needs of heart. */
export type LoadTarget = Pick<Heart, 'allCurrent' | 'exclusively' | 'recordLoad' | 'replace' | 'request'>;

type Answer = ShardReference & ({ readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: RemoteError });

/** Throws `busy`, `not-ready`, or `load-failed` naming each shard that refused; then nothing has changed. */
export function loadEverywhere(heart: LoadTarget, loaded: LoadedApplication): Promise<LoadResult> {
  return heart.exclusively(async () => {
    const shards = heart.allCurrent();
    const prepared = await askAll(heart, shards, { method: 'load-prepare', params: loaded, timeoutMs: PREPARE_TIMEOUT_MS });
    if (prepared.some(({ ok }) => !ok)) return abort(heart, shards, prepared);
    const committed = await askAll(heart, shards, { method: 'load-commit', params: {}, timeoutMs: COMMIT_TIMEOUT_MS });
    if (committed.every(({ ok }) => !ok)) return refuse(heart, committed);
    heart.recordLoad(loaded, new Set(committed.filter(({ ok }) => ok).map(({ generation }) => generation)));
    return { ...loaded, shards: committed.map((answer, index) => report(answer, prepared[index])) };
  });
}

async function abort(heart: LoadTarget, shards: readonly ShardReference[], prepared: readonly Answer[]): Promise<never> {
  await askAll(heart, shards, { method: 'load-abort', params: {}, timeoutMs: PREPARE_TIMEOUT_MS });
  throw loadFailed(prepared);
}

/** No shard swapped. One that did not answer may have: it is restarted, so that the old version is what runs. */
function refuse(heart: LoadTarget, committed: readonly Answer[]): never {
  for (const answer of committed) {
    if (!answer.ok && answer.error.code === 'shard-timeout') heart.replace(answer.generation, 'it did not say whether it swapped');
  }
  throw loadFailed(committed);
}

function loadFailed(answers: readonly Answer[]): HeartError {
  const reasons = answers.flatMap((answer) => (answer.ok ? [] : [`shard ${answer.shard}: ${answer.error.message} (${answer.error.code})`]));
  return new HeartError('load-failed', `Nothing was changed. ${reasons.join('; ')}`);
}

function report(answer: Answer, prepared: Answer | undefined): ShardLoad {
  const changes = prepared?.ok === true ? prepared.result : undefined;
  if (!answer.ok) return { shard: answer.shard, changes, restarted: answer.error };
  return { shard: answer.shard, changes, report: answer.result };
}

/** Asks the shards at once; an answer that failed is a value. */
export function askAll(
  heart: Pick<Heart, 'request'>,
  shards: readonly ShardReference[],
  { method, params, timeoutMs }: { readonly method: string; readonly params: unknown; readonly timeoutMs: number },
): Promise<Answer[]> {
  const one = async ({ shard, generation }: ShardReference): Promise<Answer> => {
    try {
      return { shard, generation, ok: true, result: await heart.request(generation, method, params, timeoutMs) };
    } catch (error) {
      return { shard, generation, ok: false, error: remoteError(error) };
    }
  };
  return Promise.all(shards.map(one));
}
