// What this shard has open at one peer: calls, monitors and questions for names. Each ends once, by
// the peer's answer, by a timeout, with the process that asked, or with the connection.
import { KernelError, type KernelErrorCode } from '../errors.ts';
import { PendingCall } from '../process/call.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { nextMonitorRef, notifyFailed, type Down, type HeldMonitor } from '../process/monitor.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { cancelTimer, startTimer } from '../timing/timers.ts';
import type { RemoteFailure } from './wire.ts';

export type Notify = (down: Down) => void;

export interface CallRequest {
  /** `call "add" to <1.2.3>` */
  readonly title: string;
  readonly timeoutMs: number;
  readonly caller: Process | undefined;
}

/** How long a peer may take to say whether it has a name. */
export const whereisTimeoutMs = 5_000;

/** Held by the calling process beside its monitors, so that its death takes the call back. */
class RemoteCall extends PendingCall implements HeldMonitor {
  readonly title: string;
  readonly #forget: () => void;

  constructor({ title, timeoutMs, caller }: CallRequest, forget: () => void) {
    super(caller, timeoutMs, () => title);
    this.title = title;
    this.#forget = forget;
  }

  override reply(value: unknown): void {
    this.#forget();
    super.reply(value);
  }

  override fail(error: Error): void {
    this.#forget();
    super.fail(error);
  }

  release(): void {
    this.fail(new KernelError('process-dead', `${this.title}: its caller ended`));
  }
}

export class Requests {
  readonly #calls = new Map<number, RemoteCall>();
  readonly #monitors = new Map<number, { readonly target: Pid; readonly notify: Notify }>();
  readonly #questions = new Map<number, (serial: number | undefined) => void>();
  #lastId = 0;

  get open(): { calls: number; monitors: number; questions: number } {
    return { calls: this.#calls.size, monitors: this.#monitors.size, questions: this.#questions.size };
  }

  openCall(request: CallRequest): { id: number; call: PendingCall } {
    this.#lastId += 1;
    const id = this.#lastId;
    const { caller } = request;
    if (caller === undefined) {
      const call = new RemoteCall(request, () => this.#calls.delete(id));
      this.#calls.set(id, call);
      return { id, call };
    }
    const ref = nextMonitorRef();
    const call = new RemoteCall(request, () => {
      this.#calls.delete(id);
      caller.monitoring?.delete(ref);
    });
    this.#calls.set(id, call);
    caller.monitoring ??= new Map();
    caller.monitoring.set(ref, call);
    return { id, call };
  }

  reply(id: number, value: unknown): void {
    this.#calls.get(id)?.reply(value);
  }

  fail(id: number, { code, message, reason }: RemoteFailure): void {
    this.#calls.get(id)?.fail(new KernelError(code as KernelErrorCode, message, { reason }));
  }

  openMonitor(ref: number, target: Pid, notify: Notify): void {
    this.#monitors.set(ref, { target, notify });
  }

  /** False if it is not open any more. */
  dropMonitor(ref: number): boolean {
    return this.#monitors.delete(ref);
  }

  down(ref: number, reason: ExitReason): void {
    const monitor = this.#monitors.get(ref);
    if (!this.#monitors.delete(ref)) return;
    const down: Down = { type: 'DOWN', ref, pid: monitor!.target, reason };
    try {
      monitor!.notify(down);
    } catch (error) {
      notifyFailed.emit({ pid: down.pid, error });
    }
  }

  /** Asks by `put`; the promise is undefined if there is no such name, or no answer. */
  openQuestion(put: (id: number) => void): Promise<number | undefined> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const timer = startTimer(whereisTimeoutMs, () => this.found(id, undefined));
      this.#questions.set(id, (serial) => {
        cancelTimer(timer);
        resolve(serial);
      });
      put(id);
    });
  }

  found(id: number, serial: number | undefined): void {
    const answer = this.#questions.get(id);
    this.#questions.delete(id);
    answer?.(serial);
  }

  /** The connection is gone: no answer will come. */
  end(why: string): void {
    for (const call of this.#calls.values()) {
      call.fail(new KernelError('noconnection', `${call.title}: ${why}; whether it was handled is not known`));
    }
    for (const ref of this.#monitors.keys()) this.down(ref, 'noconnection');
    for (const id of this.#questions.keys()) this.found(id, undefined);
  }
}
