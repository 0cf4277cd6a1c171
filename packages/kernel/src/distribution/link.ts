// The relation to one peer, from the first use to the first break: a connection each way, what is
// open at the peer and what the peer has open here. Either connection's end ends all of it; the
// next use makes a new one.
import { KernelError } from '../errors.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { CAST, INFO } from '../process/message.ts';
import type { Pid } from '../process/pid.ts';
import { closePort, forgetPort, openPort } from '../process/port.ts';
import type { Process } from '../process/process.ts';
import { connectFailed, frameBad, messageDropped, peerDown, peerUp } from './events.ts';
import { encodeFrame } from './frame.ts';
import type { Incoming, Receiver } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import { peerKey } from './peers.ts';
import { Requests, type CallRequest, type Notify } from './requests.ts';
import { encodeWithReason, Serving, type AnswerLine } from './serving.ts';
import { op, type Address, type Frame, type PeerId } from './wire.ts';

export interface LinkOptions {
  readonly peer: PeerId;
  /** Owner of the connections. */
  readonly owner: Process;
  /** Where the peer listens, and the frame that says who connects; asked when it is first needed. */
  readonly path: () => string;
  readonly hello: (to: PeerId) => Buffer;
  /** Called once, before anybody learns of what was open. */
  readonly broken: (link: Link) => void;
}

export class Link implements Receiver, AnswerLine {
  readonly peer: PeerId;
  readonly #options: LinkOptions;
  readonly #requests = new Requests();
  readonly #serving: Serving = new Serving(this);
  #outgoing: Outgoing | undefined;
  #incoming: Incoming | undefined;
  #up = false;
  #broken = false;
  #dropped = 0;

  constructor(options: LinkOptions) {
    this.peer = options.peer;
    this.#options = options;
  }

  get status(): PeerId & { up: boolean; calls: number; monitors: number; questions: number; watched: number; waitingBytes: number; dropped: number } {
    const { shard, creation } = this.peer;
    return { shard, creation, up: this.#up, ...this.#requests.open, watched: this.#serving.watched, waitingBytes: this.#outgoing?.waitingBytes ?? 0, dropped: this.#dropped };
  }

  /** Whether the peer has connected to it. */
  get admitted(): boolean {
    return this.#incoming !== undefined;
  }

  admit(incoming: Incoming): void {
    this.#incoming = incoming;
    this.#rise();
  }

  // ---- asking ----

  cast(to: Address, name: string, body: unknown): void {
    this.#sendMessage([op.cast, to, name, body], name);
  }

  info(to: Address, body: unknown): void {
    this.#sendMessage([op.info, to, body], '');
  }

  call(to: Address, name: string, body: unknown, request: CallRequest): Promise<unknown> {
    const { id, call } = this.#requests.openCall(request);
    let frame: Buffer;
    try {
      frame = encodeFrame([op.call, id, to, name, body] satisfies Frame);
    } catch (cause) {
      call.fail(new KernelError('bad-message', `${request.title}: ${(cause as Error).message}`, { cause }));
      return call.promise;
    }
    if (!this.offer(frame)) call.fail(new KernelError('overloaded', `${request.title}: shard ${this.peer.shard} does not read what waits for it; call again later`));
    return call.promise;
  }

  monitor(target: Pid, ref: number, notify: Notify): void {
    this.#requests.openMonitor(ref, target, notify);
    this.force(encodeFrame([op.monitor, ref, target.serial] satisfies Frame));
  }

  demonitor(ref: number): void {
    if (this.#requests.dropMonitor(ref)) this.force(encodeFrame([op.demonitor, ref] satisfies Frame));
  }

  exit(to: Address, { node, shard, creation, serial }: Pid, reason: ExitReason): void {
    const from = { node, shard, creation, serial } as Pid;
    this.force(encodeWithReason(reason, (plain) => [op.exit, to, from, plain]));
  }

  whereis(name: string): Promise<number | undefined> {
    return this.#requests.openQuestion((id) => this.force(encodeFrame([op.whereis, id, name] satisfies Frame)));
  }

  // ---- the connections ----

  offer(frame: Buffer): boolean {
    if (this.#broken) return true;
    return this.#line().offer(frame);
  }

  force(frame: Buffer): void {
    if (this.#broken || this.#line().force(frame)) return;
    this.break('it does not read what waits for it');
  }

  #line(): Outgoing {
    this.#outgoing ??= this.#connect();
    return this.#outgoing;
  }

  #connect(): Outgoing {
    const path = this.#options.path();
    const outgoing: Outgoing = new Outgoing(path, {
      welcomed: () => this.#rise(),
      refused: (why) => this.#unconnected(path, `refused: ${why}`),
      broken: (error) => this.badFrame(error),
      closed: (error) => {
        forgetPort(outgoing);
        if (outgoing.connected) this.#outgoingClosed();
        else this.#unconnected(path, error?.message ?? 'closed');
      },
    });
    this.#outgoing = outgoing;
    openPort(outgoing, this.#options.owner);
    outgoing.force(this.#options.hello(this.peer));
    // Its owner may be dead already; then what was asked of it fails with it.
    if (outgoing.owner === undefined) this.break('the distribution has ended');
    else outgoing.connect();
    return outgoing;
  }

  #outgoingClosed(): void {
    // What the peer said before it closed may be unread still; its connection ends after that.
    if (this.#incoming === undefined) this.break('the connection was closed');
  }

  #unconnected(path: string, reason: string): void {
    if (this.#broken) return;
    connectFailed.emit({ ...this.peer, path, reason });
    this.break(`no connection: ${reason}`);
  }

  #rise(): void {
    if (this.#up || this.#broken) return;
    this.#up = true;
    peerUp.emit(this.peer);
  }

  break(reason: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#options.broken(this);
    if (this.#outgoing !== undefined) closePort(this.#outgoing.id);
    if (this.#incoming !== undefined) closePort(this.#incoming.id);
    this.#serving.end();
    this.#requests.end(`shard ${peerKey(this.peer)}: ${reason}`);
    if (this.#up) peerDown.emit({ ...this.peer, reason });
  }

  incomingClosed(incoming: Incoming): void {
    if (incoming === this.#incoming) this.break('the connection was closed');
  }

  badFrame(error: Error): void {
    if (this.#broken) return;
    frameBad.emit({ ...this.peer, error });
    this.break('it broke the protocol');
  }

  // ---- answering ----

  receive(frame: Frame): void {
    switch (frame[0]) {
      case op.cast: return this.#serving.message(CAST, frame[1], frame[2], frame[3]);
      case op.info: return this.#serving.message(INFO, frame[1], '', frame[2]);
      case op.call: return this.#serving.call(frame[1], frame[2], frame[3], frame[4]);
      case op.reply: return this.#requests.reply(frame[1], frame[2]);
      case op.fail: return this.#requests.fail(frame[1], frame[2]);
      case op.monitor: return this.#serving.monitor(frame[1], frame[2]);
      case op.demonitor: return this.#serving.demonitor(frame[1]);
      case op.down: return this.#requests.down(frame[1], frame[2]);
      case op.exit: return this.#serving.exit(frame[1], frame[2], frame[3]);
      case op.whereis: return this.#serving.whereis(frame[1], frame[2]);
      case op.found: return this.#requests.found(frame[1], frame[2]);
    }
  }

  #sendMessage(frame: Frame, name: string): void {
    let encoded: Buffer;
    try {
      encoded = encodeFrame(frame);
    } catch {
      this.#drop(name, 'bad-message');
      return;
    }
    if (!this.offer(encoded)) this.#drop(name, 'overloaded');
  }

  #drop(name: string, reason: 'overloaded' | 'bad-message'): void {
    this.#dropped += 1;
    messageDropped.emit({ ...this.peer, name, reason, dropped: this.#dropped });
  }
}
