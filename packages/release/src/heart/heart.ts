/**
 * Heart's shell: executes what heart-machine.ts decides. It owns the shard processes, one timer and the kept
 * descriptors, and never serves a request itself.
 */
import { rmSync } from 'node:fs';
import { HeartError } from '../errors.ts';
import { systemClock, type HeartClock } from './clock.ts';
import { nextDeadlineMs, transition } from './heart-machine.ts';
import {
  DEFAULT_LIMITS,
  initialState,
  livePeers,
  type HandOverResult,
  type HeartAction,
  type HeartEvent,
  type HeartLimits,
  type HeartState,
} from './heart-state.ts';
import type { DescriptorRequest, Listening, LivePeer, LoadedApplication, Peer, RemoteError, ShardMessage } from './protocol.ts';
import { startShardProcess, type ShardCommand, type ShardProcess } from './shard-process.ts';

/** What heart needs of the listener package's keeper; cli joins them. */
export interface HeartDescriptors {
  open(name: string, host: string, port: number): Promise<{ readonly handle: unknown; readonly port: number }>;
  close(): void;
}

export interface HeartOptions {
  readonly node: string;
  readonly shards: number;
  /** Goes to each shard as it is. */
  readonly config: unknown;
  readonly runtimeDirectory: string;
  readonly command: ShardCommand;
  readonly descriptors: HeartDescriptors;
  readonly limits?: Partial<HeartLimits>;
  readonly clock?: HeartClock;
  readonly log?: (severity: 'info' | 'warning' | 'error', text: string) => void;
  /** What the control socket changes is recorded by a shard before it is done, or refused; see control/recorded-changes.ts. */
  readonly recordsChanges?: boolean;
  /** Once, when all shards are ready for the first time. */
  readonly onReady?: (listening: readonly Listening[]) => void;
}

export interface HeartFinish {
  readonly exitCode: number;
  readonly reason?: RemoteError;
}

export interface ShardReference {
  readonly shard: number;
  readonly generation: number;
}

export interface ShardStatus extends ShardReference {
  readonly role: 'starting' | 'current' | 'draining';
  readonly pid: number | undefined;
  readonly ageMs: number;
  readonly sinceBeatMs: number;
}

export interface HeartStatus {
  readonly node: string;
  readonly pid: number;
  readonly phase: HeartState['phase'];
  readonly uptimeMs: number;
  readonly shards: number;
  readonly processes: readonly ShardStatus[];
  readonly restarts: number;
  readonly listening: readonly Listening[];
  readonly handOver: { readonly shard: number; readonly phase: 'starting' | 'draining' } | null;
  readonly loaded: readonly LoadedApplication[];
}

export class Heart {
  /** Settles when every shard is gone. */
  readonly finished: Promise<HeartFinish>;
  readonly #options: HeartOptions;
  readonly #clock: HeartClock;
  readonly #processes = new Map<number, ShardProcess>();
  readonly #handOvers = new Map<number, (result: HandOverResult) => void>();
  readonly #finish: (finish: HeartFinish) => void;
  #state: HeartState;
  #startedAtMs = 0;
  #cancelTimer: () => void = () => undefined;
  #loaded: readonly LoadedApplication[] = [];
  #loading = false;
  #lastHandOver = 0;

  constructor(options: HeartOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#state = initialState(options.shards, { ...DEFAULT_LIMITS, ...options.limits });
    const { promise, resolve } = Promise.withResolvers<HeartFinish>();
    this.finished = promise;
    this.#finish = resolve;
  }

  /** Spawns all shards before it returns. */
  start(): void {
    this.#startedAtMs = this.#clock.nowMs();
    this.#step({ type: 'start' });
  }

  stop(): Promise<HeartFinish> {
    this.#step({ type: 'stop' });
    return this.finished;
  }

  /** SIGKILL to all, at once. */
  kill(): Promise<HeartFinish> {
    this.#step({ type: 'kill-all' });
    return this.finished;
  }

  /** Replaces every shard by a new process; the result says what happened, it never rejects. */
  handOver(): Promise<HandOverResult> {
    if (this.#loading) {
      const error = { code: 'busy', message: 'A load is running; hand over after it.' };
      return Promise.resolve({ ok: false, error, shards: [] });
    }
    this.#lastHandOver += 1;
    const id = this.#lastHandOver;
    const { promise, resolve } = Promise.withResolvers<HandOverResult>();
    this.#handOvers.set(id, resolve);
    this.#step({ type: 'hand-over', id });
    return promise;
  }

  status(): HeartStatus {
    const nowMs = this.#clock.nowMs();
    const { phase, shards, restartCount, listening, handOver } = this.#state;
    return {
      node: this.#options.node,
      pid: process.pid,
      phase,
      uptimeMs: Math.round(nowMs - this.#startedAtMs),
      shards,
      processes: [...this.#state.processes.values()].map(({ shard, generation, role, startedAtMs, lastBeatAtMs }) => ({
        shard,
        generation,
        role,
        pid: this.#processes.get(generation)?.pid,
        ageMs: Math.round(nowMs - startedAtMs),
        sinceBeatMs: Math.round(nowMs - lastBeatAtMs),
      })),
      restarts: restartCount,
      listening,
      handOver: handOver === undefined ? null : { shard: handOver.shard, phase: handOver.phase },
      loaded: this.#loaded,
    };
  }

  get recordsChanges(): boolean {
    return this.#options.recordsChanges === true;
  }

  log(severity: 'info' | 'warning' | 'error', text: string): void {
    this.#options.log?.(severity, text);
  }

  peers(): readonly LivePeer[] {
    return livePeers(this.#state, this.#place);
  }

  /** Those that serve now, by shard; of a shard that is restarting none. */
  serving(): readonly ShardReference[] {
    return this.#current();
  }

  /** The serving processes, by shard; throws `not-ready` unless all shards have one. */
  allCurrent(): readonly ShardReference[] {
    const serving = this.#current();
    if (serving.length === this.#state.shards && this.#state.phase === 'serving') return serving;
    throw new HeartError('not-ready', `Of ${this.#state.shards} shards ${serving.length} serve now (the node is ${this.#state.phase}).`);
  }

  current(shard: number): ShardReference {
    const found = this.#current().find((serving) => serving.shard === shard);
    if (found !== undefined) return found;
    throw new HeartError('no-shard', `Shard ${shard} does not serve now; this node has shards 0 to ${this.#state.shards - 1}.`);
  }

  /** Asks one process; see ShardProcess.request. */
  request(generation: number, method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const found = this.#processes.get(generation);
    if (found === undefined) return Promise.reject(new HeartError('shard-gone', `Generation ${generation} lives no more.`));
    return found.request(method, params, timeoutMs);
  }

  /** Runs `load` while no hand-over starts; throws `busy` when one runs, or another load. */
  async exclusively<T>(load: () => Promise<T>): Promise<T> {
    if (this.#loading || this.#state.handOver !== undefined) {
      throw new HeartError('busy', `A ${this.#loading ? 'load' : 'hand-over'} is running; wait for its result.`);
    }
    this.#loading = true;
    try {
      return await load();
    } finally {
      this.#loading = false;
    }
  }

  /** Kills a shard whose state is not known any more; its restart boots with what is recorded. */
  replace(generation: number, why: string): void {
    this.#step({ type: 'replace', generation, why });
  }

  /** From now on shards boot with it. A current process that is not among `taken` is restarted, to boot with it. */
  recordLoad(loaded: LoadedApplication, taken: ReadonlySet<number>): void {
    this.#loaded = [...this.#loaded.filter(({ application }) => application !== loaded.application), loaded];
    for (const { generation, role } of this.#state.processes.values()) {
      if (taken.has(generation) || role === 'draining') continue;
      this.replace(generation, `it did not take ${loaded.application}, its siblings did`);
    }
  }

  #current(): ShardReference[] {
    return [...this.#state.processes.values()]
      .filter(({ role, leaving }) => role === 'current' && leaving === undefined)
      .map(({ shard, generation }) => ({ shard, generation }))
      .sort((left, right) => left.shard - right.shard);
  }

  #step(event: HeartEvent): void {
    const { state, actions } = transition(this.#state, event, this.#clock.nowMs());
    this.#state = state;
    for (const action of actions) this.#execute(action);
    this.#schedule();
  }

  #schedule(): void {
    this.#cancelTimer();
    const deadlineMs = nextDeadlineMs(this.#state);
    if (deadlineMs === undefined || deadlineMs === Infinity) return;
    const wake = (): void => this.#step({ type: 'tick', lateMs: this.#clock.nowMs() - deadlineMs });
    this.#cancelTimer = this.#clock.after(Math.max(0, Math.ceil(deadlineMs - this.#clock.nowMs())), wake);
  }

  #execute(action: HeartAction): void {
    switch (action.type) {
      case 'spawn':
        return this.#spawn(action);
      case 'signal':
        return this.#processes.get(action.generation)?.signal(action.signal);
      case 'send-stop':
        return this.#processes.get(action.generation)?.send({ type: 'stop', deadlineMs: action.deadlineMs });
      case 'send-hand-over':
        return this.#sendHandOver(action);
      case 'send-peers':
        return this.#sendPeers();
      case 'hand-over-done':
        return this.#handOverDone(action);
      case 'all-ready':
        return this.#options.onReady?.(action.listening);
      case 'log':
        return this.#options.log?.(action.severity, action.text);
      case 'exit':
        return this.#exit(action);
    }
  }

  #spawn({ shard, generation, predecessor }: Extract<HeartAction, { type: 'spawn' }>): void {
    const { node, shards, config, runtimeDirectory, command } = this.#options;
    const started = startShardProcess(command, this.#clock, {
      message: (message) => this.#receive(generation, message),
      exited: (code, signal) => {
        this.#processes.delete(generation);
        this.#removeSockets(this.#place(shard, generation));
        this.#step({ type: 'exited', generation, code, signal });
      },
    });
    this.#processes.set(generation, started);
    started.send({
      type: 'boot',
      node,
      shard,
      shards,
      generation,
      config,
      runtimeDirectory,
      self: this.#place(shard, generation),
      beatIntervalMs: beatIntervalMs(this.#state.limits.beatTimeoutMs),
      ...(predecessor === undefined ? {} : { predecessor: this.#place(shard, predecessor) }),
      peers: livePeers(this.#state, this.#place),
      loaded: this.#loaded,
    });
  }

  #receive(generation: number, message: Exclude<ShardMessage, { type: 'response' }>): void {
    switch (message?.type) {
      case 'descriptor':
        return void this.#lend(generation, message);
      case 'ready':
        return this.#step({ type: 'ready', generation, listening: message.listening });
      case 'failed':
        return this.#step({ type: 'failed', generation, error: message.error, fatal: message.fatal ?? true });
      case 'beat':
      case 'drained':
        return this.#step({ type: message.type, generation });
      default:
        return this.#options.log?.('warning', `generation ${generation} sent a message heart does not know`);
    }
  }

  async #lend(generation: number, { id, name, host, port }: DescriptorRequest): Promise<void> {
    try {
      const bound = await this.#options.descriptors.open(name, host, port);
      this.#processes.get(generation)?.send({ type: 'descriptor', id, name, port: bound.port }, bound.handle);
    } catch (failure) {
      const error = remoteError(failure);
      this.#processes.get(generation)?.send({ type: 'descriptor', id, name, port, error });
      this.#step({ type: 'descriptor-failed', error });
    }
  }

  #sendHandOver({ generation, successor, deadlineMs }: Extract<HeartAction, { type: 'send-hand-over' }>): void {
    const shard = this.#state.processes.get(successor)?.shard ?? 0;
    this.#processes.get(generation)?.send({ type: 'hand-over', successor: this.#place(shard, successor), deadlineMs });
  }

  #sendPeers(): void {
    const peers = livePeers(this.#state, this.#place);
    for (const shard of this.#processes.values()) shard.send({ type: 'peers', peers });
  }

  #handOverDone({ id, result }: Extract<HeartAction, { type: 'hand-over-done' }>): void {
    this.#handOvers.get(id)?.(result);
    this.#handOvers.delete(id);
  }

  #exit({ code, reason }: Extract<HeartAction, { type: 'exit' }>): void {
    this.#options.descriptors.close();
    this.#finish({ exitCode: code, ...(reason === undefined ? {} : { reason }) });
  }

  /** A killed process leaves its socket files behind. */
  #removeSockets({ distribution, http }: Peer): void {
    rmSync(distribution, { force: true });
    rmSync(http, { force: true });
  }

  readonly #place = (shard: number, generation: number): Peer => {
    const base = `${this.#options.runtimeDirectory}/s${shard}g${generation}`;
    return { shard, generation, distribution: `${base}.dist.sock`, http: `${base}.http.sock` };
  };
}

export function createHeart(options: HeartOptions): Heart {
  return new Heart(options);
}

const BEAT_INTERVAL_MAX_MS = 5_000;

/** Often enough that a few lost turns do not count as silence. */
export function beatIntervalMs(beatTimeoutMs: number): number {
  return Math.max(10, Math.min(BEAT_INTERVAL_MAX_MS, Math.floor(beatTimeoutMs / 4)));
}

export function remoteError(failure: unknown): RemoteError {
  const { code, message } = failure as { code?: unknown; message?: unknown };
  return { code: typeof code === 'string' ? code : 'internal', message: typeof message === 'string' ? message : String(failure) };
}
