// What one peer has open here: the calls it waits for and the processes it watches. Turns its
// frames into messages, exit signals and monitors of local processes.
import { KernelError } from '../errors.ts';
import { crashReason, describeReason, type ExitReason } from '../process/exit-reason.ts';
import { signalExit } from '../process/exit.ts';
import { CALL, Message, type CAST, type INFO, type ReplyTo } from '../process/message.ts';
import { detach, watchWith, type Monitor } from '../process/monitor.ts';
import { formatPid, identity, Pid, processTable } from '../process/pid.ts';
import { deliver, type Process } from '../process/process.ts';
import { processNamed } from '../process/registry.ts';
import { encodeFrame } from './frame.ts';
import { isReason, op, type Address, type Frame, type RemoteFailure } from './wire.ts';

/** The way back to the peer. */
export interface AnswerLine {
  /** Frames that may be refused; false if they are. */
  offer(frame: Buffer): boolean;
  /** Small ones that are never refused. */
  force(frame: Buffer): void;
}

export class Serving {
  readonly #line: AnswerLine;
  readonly #watched = new Map<number, Monitor>();

  constructor(line: AnswerLine) {
    this.#line = line;
  }

  get watched(): number {
    return this.#watched.size;
  }

  message(kind: typeof CAST | typeof INFO, to: Address, name: string, body: unknown): void {
    const process = processAt(to);
    if (process !== undefined) deliver(process, new Message(kind, name, body, undefined));
  }

  call(id: number, to: Address, name: string, body: unknown): void {
    const process = processAt(to);
    const caller = new RemoteCaller(this.#line, id);
    if (process !== undefined) deliver(process, new Message(CALL, name, body, caller));
    else caller.fail(new KernelError('noproc', `call "${name}": ${describeAddress(to)} is not alive`));
  }

  monitor(ref: number, serial: number): void {
    this.demonitor(ref);
    const process = processTable.get(serial);
    if (process === undefined) {
      this.#line.force(encodeFrame([op.down, ref, 'noproc'] satisfies Frame));
      return;
    }
    this.#watched.set(ref, watchWith(process, ({ reason }) => {
      this.#watched.delete(ref);
      this.#line.force(encodeWithReason(reason, (plain) => [op.down, ref, plain]));
    }));
  }

  demonitor(ref: number): void {
    const monitor = this.#watched.get(ref);
    if (monitor === undefined) return;
    this.#watched.delete(ref);
    detach(monitor);
  }

  exit(to: Address, from: Pid, reason: ExitReason): void {
    const process = processAt(to);
    if (process !== undefined) signalExit(process, new Pid(from.node, from.shard, from.creation, from.serial), reason);
  }

  whereis(id: number, name: string): void {
    this.#line.force(encodeFrame([op.found, id, processNamed(name)?.pid.serial] satisfies Frame));
  }

  /** The peer is gone: nobody watches for it any more. */
  end(): void {
    for (const monitor of this.#watched.values()) detach(monitor);
    this.#watched.clear();
  }
}

/** A caller in the peer. */
class RemoteCaller implements ReplyTo {
  readonly #line: AnswerLine;
  readonly #id: number;

  constructor(line: AnswerLine, id: number) {
    this.#line = line;
    this.#id = id;
  }

  reply(value: unknown): void {
    let frame: Buffer;
    try {
      frame = encodeFrame([op.reply, this.#id, value] satisfies Frame);
    } catch (error) {
      this.fail(new KernelError('bad-message', `the call was handled, its answer not: ${(error as Error).message}`));
      return;
    }
    if (this.#line.offer(frame)) return;
    this.fail(new KernelError('overloaded', 'the call was handled, but too much waits already for the connection that its answer takes; call again later'));
  }

  fail(error: Error): void {
    const { code, message } = error as Partial<KernelError> & Error;
    const reason = error instanceof KernelError ? error.reason : crashReason(error);
    const failure: RemoteFailure = { code: error instanceof KernelError ? code! : 'exited', message };
    this.#line.force(reason === undefined
      ? encodeFrame([op.fail, this.#id, failure] satisfies Frame)
      : encodeWithReason(reason, (plain) => [op.fail, this.#id, { ...failure, reason: plain }]));
  }
}

/** A reason may hold what cannot be sent, whatever its type says: then its description goes. */
export function encodeWithReason(reason: unknown, frame: (reason: ExitReason) => Frame): Buffer {
  try {
    return encodeFrame(frame(isReason(reason) ? reason as ExitReason : { reason }));
  } catch {
    return encodeFrame(frame({ reason: descriptionOf(reason) }));
  }
}

/** At most 1,000 characters: it may have been too large. */
function descriptionOf(reason: unknown): string {
  try {
    return describeReason(reason as ExitReason).slice(0, 1_000);
  } catch {
    return Object.prototype.toString.call(reason);
  }
}

function processAt(address: Address): Process | undefined {
  return typeof address === 'string' ? processNamed(address) : processTable.get(address);
}

function describeAddress(address: Address): string {
  if (typeof address === 'string') return `a process named "${address}" in shard ${identity.shard}`;
  return formatPid({ ...identity, serial: address });
}
