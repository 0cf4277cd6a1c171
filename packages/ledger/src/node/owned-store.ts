// Opening the ledger in this process and keeping it open: writer and index as siblings of the process that owns this,
// opened again when they end, with growing pauses when that fails. Its phase is what everything else goes by.
import { call, cancelTimer, clock, KernelError, monitorWith, named, startTimer, type ChildSpec, type Pid, type SupervisorProtocol, type Timer } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import { ledgerSupervisor } from '../servers/index-server.ts';
import { ledgerNotOpened, ledgerOpened, ledgerWriter } from '../servers/ledger-server.ts';
import type { WriterOptions } from '../store/protocol.ts';
import { ledgerEnded } from '../store/writer.ts';
import { originFor } from './origin.ts';
import type { Phase } from './owner-phase.ts';

export const nodeLedgerSupervisorName = 'ledger_sup';
/** Writer and index. */
export const ledgerStoreName = 'ledger_store';

/** A lock held by a process that is just being ended is no other writer's. */
const lockPatienceMsDefault = 2_000;
const lockAgainMs = 20;
const reopenMs = { min: 1_000, max: 30_000 } as const;
/** One that ends sooner after it was opened is not opened at once again. */
const steadyMs = 1_000;

const top = named<{ protocol: SupervisorProtocol }>(nodeLedgerSupervisorName);

/** A lock, or the name of a process, is held by one that is about to go: perhaps. */
function isHeldByDying({ code, cause }: LedgerError): boolean {
  const { code: causeCode, reason } = (cause ?? {}) as { readonly code?: string; readonly reason?: { readonly error?: { readonly code?: string } } };
  return code === 'ledger-locked' || causeCode === 'name-taken' || reason?.error?.code === 'name-taken';
}

export type OwnedStoreOptions = {
  readonly writer: WriterOptions;
  readonly originDefault: string;
  readonly lockPatienceMs?: number;
  /** A lock held by another process may be that of this process's successor. */
  readonly mayBeLent: () => boolean;
  /** Whether it may be opened again after a pause. */
  readonly mayReopen: () => boolean;
  readonly changed: (phase: Phase) => void;
};

export class OwnedStore {
  readonly #options: OwnedStoreOptions;
  readonly #offs: readonly (() => void)[];
  #phase: Phase = { kind: 'elsewhere' };
  #waiting = new Set<() => void>();
  #pid: Pid | undefined;
  #opening: Promise<LedgerError | undefined> | undefined;
  /** Given up, or about to be: what the writer does now is not to be undone. */
  #isLeft = false;
  #notOpened: LedgerError | undefined;
  #openedAtMs = -Infinity;
  #reopen: { readonly timer: Timer; readonly delayMs: number } | undefined;

  constructor(options: OwnedStoreOptions) {
    this.#options = options;
    const { folder } = options.writer;
    this.#offs = [
      ledgerOpened.subscribe((opened) => opened.folder === folder && this.#opened()),
      ledgerNotOpened.subscribe(({ folder: which, error }) => {
        if (which === folder) this.#notOpened = error;
      }),
      ledgerEnded.subscribe((ended) => ended.folder === folder && this.#phase.kind === 'open' && this.become({ kind: 'opening' })),
    ];
  }

  get phase(): Phase {
    return this.#phase;
  }

  become(phase: Phase): void {
    this.#phase = phase;
    this.#wake();
    this.#options.changed(phase);
  }

  /** Until the phase changes, for so long at most. */
  pause(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = startTimer(timeoutMs, () => wake());
      const wake = (): void => {
        cancelTimer(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }

  /** Resolves with why it could not be opened; undefined when it is, or turned out to be lent. */
  open(): Promise<LedgerError | undefined> {
    this.#isLeft = false;
    // After a failure what is asked is refused until it succeeds.
    if (this.#phase.kind !== 'failed') this.become({ kind: 'opening' });
    this.#opening ??= this.#openStore().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Durable and published when it resolves; stays closed until `open`. */
  async close(): Promise<void> {
    this.#isLeft = true;
    this.#cancelReopen();
    await this.#opening;
    if (this.#phase.kind !== 'elsewhere') this.become({ kind: 'opening' });
    if (this.#pid === undefined) return;
    this.#pid = undefined;
    try {
      await call(top, 'terminateChild', ledgerStoreName, { timeoutMs: Infinity });
    } catch (error) {
      // Ended by itself a moment ago, or the whole tree is being stopped: closed in any case.
      if (!(error instanceof KernelError)) throw error;
    }
  }

  /** Its process ended, and with it writer and index. */
  leave(): void {
    this.#isLeft = true;
    this.#cancelReopen();
    for (const off of this.#offs) off();
    this.#wake();
  }

  async #openStore(): Promise<LedgerError | undefined> {
    const patientUntilMs = clock().nowMs() + (this.#options.lockPatienceMs ?? lockPatienceMsDefault);
    for (;;) {
      const failure = await this.#start();
      if (failure === undefined || this.#isLeft) return undefined;
      if (!isHeldByDying(failure) || clock().nowMs() >= patientUntilMs) return this.#failed(failure);
      await this.pause(lockAgainMs);
    }
  }

  async #start(): Promise<LedgerError | undefined> {
    this.#notOpened = undefined;
    const { writer, originDefault } = this.#options;
    const argument = { ...writer, ...originFor(writer, originDefault), isRecorder: false };
    const child: ChildSpec = { id: ledgerStoreName, name: ledgerStoreName, start: [ledgerSupervisor, argument], restart: 'temporary' };
    try {
      const pid = await call(top, 'startChild', child, { timeoutMs: Infinity }) as Pid;
      this.#pid = pid;
      monitorWith(pid, () => this.#ended(pid));
      return undefined;
    } catch (error) {
      return this.#notOpened ?? new LedgerError('ledger-unavailable', (error as Error).message, { cause: error });
    }
  }

  #opened(): void {
    const writer = ledgerWriter(this.#options.writer.folder);
    if (writer === undefined || this.#isLeft) return;
    this.#openedAtMs = clock().nowMs();
    this.become({ kind: 'open', writer });
  }

  #failed(error: LedgerError): LedgerError | undefined {
    this.#reopenLater();
    // The successor that was believed to be gone has it: only the connection to it broke.
    const isLent = error.code === 'ledger-locked' && this.#options.mayBeLent();
    this.become(isLent ? { kind: 'elsewhere' } : { kind: 'failed', error });
    return isLent ? undefined : error;
  }

  // Killed, or its supervisor opened it as often as it may.
  #ended(pid: Pid): void {
    if (this.#pid !== pid) return;
    this.#pid = undefined;
    if (this.#isLeft) return;
    const isSteady = clock().nowMs() - this.#openedAtMs >= steadyMs;
    // A writer whose process was killed holds its lock until it has closed its files: the supervisor is quicker.
    if (this.#notOpened === undefined ? isSteady : this.#notOpened.code === 'ledger-locked') void this.open();
    else this.#failed(this.#notOpened ?? new LedgerError('ledger-closed', `the ledger in ${this.#options.writer.folder} was closed again and again`));
  }

  #reopenLater(): void {
    const delayMs = Math.min(reopenMs.max, (this.#reopen?.delayMs ?? reopenMs.min / 2) * 2);
    this.#cancelReopen();
    this.#reopen = { delayMs, timer: startTimer(delayMs, () => void this.#openAgain()) };
  }

  async #openAgain(): Promise<void> {
    if (this.#isLeft || !this.#options.mayReopen()) return;
    await this.open();
    if (this.#phase.kind === 'open') this.#reopen = undefined;
  }

  #cancelReopen(): void {
    if (this.#reopen !== undefined) cancelTimer(this.#reopen.timer);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }
}
