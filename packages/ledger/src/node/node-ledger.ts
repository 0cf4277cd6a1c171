// The ledger of a node of several OS processes, as each of them has it: one process of shard 0 owns the writer, the
// others ask it. Here is who owns it, how it moves to a successor, and how what is asked finds it; README.md has the
// picture. A port, since it holds a writer, timers and promises: its process holds its id.
import { clock, distribution, identity, isLocal, KernelError, monitorWith, Port, telemetryEvent, useRecorder, type Pid, type ReceiptToRecord, type Recorded, type Recorder, type RemoteTarget } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import { idCharactersMax, type ReceiptDraft } from '../format/receipt.ts';
import type { WriterOptions } from '../store/protocol.ts';
import { DiskRoom } from './disk-room.ts';
import { OwnedStore } from './owned-store.ts';
import { answerIn, describePhase } from './owner-phase.ts';
import { repeatable, type OwnedLedgerStatus, type OwnerAnswer, type OwnerRequest, type OwnerRequests } from './protocol.ts';
import { isPassing, RecordQueue } from './record-queue.ts';

export const nodeLedgerName = 'ledger';
/** What gates and operators wait at most: a hand-over takes some 0.3 s, the restart of a shard a second or two. */
export const recordTimeoutMsDefault = 10_000;
const againMs = { min: 20, max: 500 } as const;
const releaseTimeoutMs = 30_000;
const questionsMax = 4_096;

export interface NodeLedgerOptions {
  readonly writer: WriterOptions;
  /** For a ledger that begins now, unless `writer` has one. */
  readonly originDefault: string;
  /** Who the platform is: for this tenant only `recordOwn` records, so that no author can say what an operator did. */
  readonly ownTenantId?: string;
  readonly recordTimeoutMs?: number;
  /** How long a lock may be another process's before that counts as another writer; 2,000 unless given. */
  readonly lockPatienceMs?: number;
  /** Asked at each start of the process: whether this OS process owned the ledger before it was restarted. */
  readonly owns: () => boolean;
  /** Whether this OS process is being replaced and must not take the ledger back. */
  readonly isDraining: () => boolean;
  /** Whether other OS processes of this shard live: in a hand-over they may hold the ledger. */
  readonly hasSiblings: () => boolean;
  /** The other shards that live now: they are told whether the ledger can be had. */
  readonly shards: () => readonly number[];
}

/** Why receipts cannot be recorded, for probes and operators. */
export interface LedgerProblem {
  readonly code: string;
  readonly message: string;
}

/** The ledger cannot be opened, and why; or it can again. It is tried again with growing pauses. */
export const ledgerProblem = telemetryEvent<{ folder: string; problem: LedgerProblem | undefined }>('ledger.problem');

let current: NodeLedger | undefined;

/** That of this shard; undefined when the node has none, or its process is being restarted. */
export function nodeLedger(): NodeLedger | undefined {
  return current;
}

export class NodeLedger extends Port implements Recorder {
  readonly #options: NodeLedgerOptions;
  readonly #self: Pid;
  readonly #queue: RecordQueue;
  readonly #store: OwnedStore;
  readonly #room: DiskRoom | undefined;
  readonly #takeOut: () => void;
  #questions = 0;
  #isClosed = false;
  /** In a shard that does not own the ledger: what the owner told. */
  #told: LedgerProblem | undefined;
  /** In the one that does: what it told. */
  #announced: { readonly problem: LedgerProblem | undefined } | undefined;

  /** `self` is the process that owns the port. */
  static start(options: NodeLedgerOptions, self: Pid): NodeLedger {
    current = new NodeLedger(options, self);
    return current;
  }

  private constructor(options: NodeLedgerOptions, self: Pid) {
    super();
    this.#options = options;
    this.#self = self;
    this.#queue = new RecordQueue({ timeoutMs: this.#timeoutMs, send: (drafts, untilMs) => this.#ask('append', drafts, untilMs) });
    const { ownTenantId } = options;
    if (ownTenantId !== undefined) {
      this.#room = new DiskRoom({ tenantId: ownTenantId, record: (receipt) => this.recordOwn(receipt as unknown as ReceiptToRecord), changed: () => this.#announce(this.problem) });
    }
    this.#store = new OwnedStore({
      writer: options.writer, originDefault: options.originDefault, ...(options.lockPatienceMs !== undefined && { lockPatienceMs: options.lockPatienceMs }),
      mayBeLent: () => options.owns() && options.hasSiblings(),
      mayReopen: () => !options.isDraining(),
      changed: (phase) => {
        this.#room?.forget();
        if (phase.kind === 'open') this.#announce(undefined);
        if (phase.kind === 'failed') this.#announce(this.problem);
      },
    });
    this.#takeOut = useRecorder(this);
    if (options.owns() && !options.isDraining()) void this.#store.open();
    else this.#askProblem();
  }

  // ---- Recorder ----

  /** Rejects with what LedgerWriter.append does, and `ledger-unavailable`; with `bad-receipt` in the platform's name. */
  record(receipt: ReceiptToRecord): Promise<Recorded> {
    const { ownTenantId } = this.#options;
    // An id of the platform's that an author took first would be all that is recorded of what an operator does next.
    if (ownTenantId === undefined || (receipt as Partial<ReceiptToRecord> | null)?.tenantId !== ownTenantId) return this.recordOwn(receipt);
    return Promise.reject(new LedgerError('bad-receipt', `receipt ${String(receipt.id).slice(0, idCharactersMax)}: the tenant ${ownTenantId} is the platform; no application writes for it`));
  }

  /** For whoever composes the node. */
  recordOwn(receipt: ReceiptToRecord): Promise<Recorded> {
    const draft = receipt as unknown as ReceiptDraft;
    const { phase } = this.#store;
    if (phase.kind !== 'open' || this.#queue.length > 0) return this.#queue.add(draft);
    return phase.writer.append(draft).catch((error: LedgerError) => {
      if (this.#store.phase === phase) this.#room?.refused(error);
      if (!isPassing(error.code)) throw error;
      return this.#queue.add(draft);
    });
  }

  lastHash(tenantId: string): Promise<string> {
    return this.ask('lastHash', tenantId);
  }

  // ---- operators ----

  /** Goes to the owner, wherever that is. Rejects with its LedgerError, or `ledger-unavailable`. */
  async ask<What extends keyof OwnerRequests>(what: What, argument: OwnerRequests[What]['ask'], timeoutMs: number = this.#timeoutMs): Promise<OwnerRequests[What]['answer']> {
    if (this.#questions >= questionsMax) throw new LedgerError('ledger-overloaded', `${questionsMax} questions wait in this process for the node's ledger, the limit: ask when some are answered`);
    this.#questions += 1;
    try {
      return await this.#ask(what, argument, clock().nowMs() + timeoutMs);
    } finally {
      this.#questions -= 1;
    }
  }

  /** undefined: receipts are recorded, or will be in a moment. */
  get problem(): LedgerProblem | undefined {
    const { phase } = this.#store;
    if (phase.kind === 'elsewhere') return this.#told;
    const error = phase.kind === 'failed' ? phase.error : this.#room?.problem;
    return error && { code: error.code, message: error.message };
  }

  /** As far as this process knows without asking another one; undefined where it does not own the ledger. */
  async ownStatus(): Promise<OwnedLedgerStatus | undefined> {
    const answer = await answerIn(this.#store.phase, { what: 'status', argument: undefined });
    return answer?.kind === 'done' ? answer.value as OwnedLedgerStatus : undefined;
  }

  // ---- the other processes of the node ----

  /** Of one of them; waits while the ledger is being opened. */
  async answer(request: OwnerRequest): Promise<OwnerAnswer> {
    const untilMs = clock().nowMs() + this.#timeoutMs;
    for (;;) {
      const { phase } = this.#store;
      const answer = await answerIn(phase, request);
      if (request.what === 'append' && answer?.kind === 'done' && this.#store.phase === phase) this.#see(answer.value as OwnerRequests['append']['answer']);
      if (answer !== undefined) return answer;
      const restMs = untilMs - clock().nowMs();
      if (this.#isClosed || restMs <= 0) return { kind: 'elsewhere' };
      // A writer may refuse before it is told that it has ended.
      if (this.#store.phase === phase) await this.#store.pause(phase.kind === 'open' ? againMs.min : restMs);
    }
  }

  #see(outcomes: OwnerRequests['append']['answer']): void {
    for (const outcome of outcomes) if (!outcome.ok) this.#room?.refused(new LedgerError(outcome.code as LedgerError['code'], outcome.message));
  }

  /** Closes the ledger, durable and published, for the successor whose ledger process is `to`. */
  async release(to: Pid): Promise<void> {
    await this.#store.close();
    this.#store.become({ kind: 'released', to });
    monitorWith(to, () => this.#successorEnded(to));
  }

  /** Told by the owner. */
  tell(problem: LedgerProblem | undefined): void {
    this.#told = problem;
  }

  // ---- owning it ----

  /**
   * From now on this process owns the ledger; a sibling that has it is asked to give it up. Rejects with why it cannot
   * be opened; the sibling takes it back when this process then ends.
   */
  async takeOver(): Promise<void> {
    if (this.#options.hasSiblings()) await this.#askForRelease();
    const failure = await this.#store.open();
    if (failure !== undefined) throw failure;
  }

  /** All that was recorded is durable and published when it resolves; nothing can be recorded any more. */
  shutDown(): Promise<void> {
    return this.#store.close();
  }

  override close(): void {
    this.#isClosed = true;
    this.#takeOut();
    this.#room?.forget();
    if (current === this) current = undefined;
    this.#queue.close(new LedgerError('ledger-unavailable', 'the process that records for this shard ended; record it again under the same id'));
    this.#store.leave();
  }

  // ---- hand-over ----

  async #askForRelease(): Promise<void> {
    try {
      await this.#remote({ name: nodeLedgerName, shard: identity.shard }, 'release', this.#self, releaseTimeoutMs);
    } catch (error) {
      // Gone meanwhile, and its lock with it; one that hangs keeps the lock, and opening says so.
      if (!(error instanceof KernelError)) throw error;
    }
  }

  #successorEnded(to: Pid): void {
    const { phase } = this.#store;
    if (this.#isClosed || phase.kind !== 'released' || phase.to !== to) return;
    if (this.#options.isDraining()) this.#store.become({ kind: 'elsewhere' });
    else void this.#store.open();
  }

  // ---- finding the owner ----

  async #ask<What extends keyof OwnerRequests>(what: What, argument: OwnerRequests[What]['ask'], untilMs: number): Promise<OwnerRequests[What]['answer']> {
    const request: OwnerRequest = { what, argument };
    let owner: Pid | undefined;
    for (let pauseMs: number = againMs.min; ; pauseMs = Math.min(againMs.max, pauseMs * 2)) {
      const answer = await this.#attempt(request, owner, untilMs);
      if (answer.kind === 'done') return answer.value as OwnerRequests[What]['answer'];
      if (answer.kind === 'refused') throw new LedgerError(answer.code as LedgerError['code'], answer.message);
      const restMs = untilMs - clock().nowMs();
      if (this.#isClosed || restMs <= 0) throw new LedgerError('ledger-unavailable', `no process of this node had its ledger open in time (here: ${describePhase(this.#store.phase)}); record it again under the same id, see flyball ctl ledger status`);
      const hasMoved = answer.kind === 'moved' && owner === undefined;
      owner = hasMoved ? answer.to : undefined;
      if (!hasMoved) await this.#store.pause(Math.min(restMs, pauseMs));
    }
  }

  async #attempt(request: OwnerRequest, owner: Pid | undefined, untilMs: number): Promise<OwnerAnswer> {
    const isHere = owner === undefined ? this.#store.phase.kind !== 'elsewhere' : isLocal(owner);
    if (isHere) return this.answer(request);
    const target = owner ?? { name: nodeLedgerName, shard: 0 };
    try {
      return await this.#remote(target, 'ask', request, Math.max(1, untilMs - clock().nowMs())) as OwnerAnswer;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      const mayBeDone = error.code === 'timeout' || error.code === 'exited' || error.code === 'noconnection';
      if (!mayBeDone || repeatable.has(request.what)) return { kind: 'elsewhere' };
      throw new LedgerError('ledger-unavailable', `${request.what}: the process that owns the ledger ended or did not answer (${error.message}); whether it was done, flyball ctl ledger keys and status tell`, { cause: error });
    }
  }

  /** By name this reaches another incarnation of the same shard too, which a plain call takes for this one. */
  #remote(target: RemoteTarget, name: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const carrier = distribution();
    if (carrier === undefined) return Promise.reject(new KernelError('noconnection', 'the shards are not connected'));
    return carrier.call(target, name, body, timeoutMs);
  }

  // ---- who is told ----

  /** The others believe what they were told last, by this process or the owner before it. */
  #announce(problem: LedgerProblem | undefined): void {
    const before = this.#announced;
    this.#announced = { problem };
    if (before !== undefined && before.problem?.message === problem?.message) return;
    for (const shard of this.#options.shards()) distribution()?.send({ name: nodeLedgerName, shard }, 'cast', 'problem', problem ?? null);
    // The first owner's failure is told by who starts it: nothing runs on with it.
    if (this.#options.owns() && (problem ?? before?.problem) !== undefined) ledgerProblem.emit({ folder: this.#options.writer.folder, problem });
  }

  #askProblem(): void {
    if (identity.shard === 0) return;
    this.#remote({ name: nodeLedgerName, shard: 0 }, 'problem', undefined, this.#timeoutMs).then(
      (problem) => this.tell((problem ?? undefined) as LedgerProblem | undefined),
      // It tells by itself when it is there.
      () => {},
    );
  }

  get #timeoutMs(): number {
    return this.#options.recordTimeoutMs ?? recordTimeoutMsDefault;
  }
}
