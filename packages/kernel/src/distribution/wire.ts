// The protocol between two shards of a node: what a connection's frames say. A frame is an array,
// its first element the operation. Each side sends on the connection that it made itself, so that
// all it tells the other, answers and news of deaths among it, arrives in the order of its events.
import type { ErrorInfo, ExitReason } from '../process/exit-reason.ts';
import { isPid, type Pid } from '../process/pid.ts';
import { BadFrame } from './frame.ts';

export const protocolVersion = 1;

/** One incarnation of a shard. */
export interface PeerId {
  readonly shard: number;
  readonly creation: number;
}

/** The first frame of a connection, from who made it. */
export interface Hello extends PeerId {
  readonly protocol: number;
  readonly node: string;
  /** The socket that its sender listens on, for the connection back. */
  readonly path: string;
  readonly to: PeerId;
}

/** A failure of a call, as a KernelError's parts. */
export interface RemoteFailure {
  readonly code: string;
  readonly message: string;
  readonly reason?: unknown;
}

/** A process of the receiving shard: its serial, or its name. */
export type Address = number | string;

export const op = {
  hello: 0,
  welcome: 1,
  refused: 2,
  cast: 3,
  info: 4,
  call: 5,
  reply: 6,
  fail: 7,
  monitor: 8,
  demonitor: 9,
  down: 10,
  exit: 11,
  whereis: 12,
  found: 13,
} as const;

/** What the accepting side answers on the same connection; nothing else is sent that way. */
export type Greeting = [op: typeof op.welcome] | [op: typeof op.refused, why: string];

export type Frame =
  | [op: typeof op.cast, to: Address, name: string, body: unknown]
  | [op: typeof op.info, to: Address, body: unknown]
  | [op: typeof op.call, id: number, to: Address, name: string, body: unknown]
  | [op: typeof op.reply, id: number, value: unknown]
  | [op: typeof op.fail, id: number, failure: RemoteFailure]
  | [op: typeof op.monitor, ref: number, serial: number]
  | [op: typeof op.demonitor, ref: number]
  | [op: typeof op.down, ref: number, reason: ExitReason]
  | [op: typeof op.exit, to: Address, from: Pid, reason: ExitReason]
  | [op: typeof op.whereis, id: number, name: string]
  | [op: typeof op.found, id: number, serial: number | undefined];

type Check = (value: unknown) => boolean;

const isAnything: Check = () => true;
const isNumber: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isText: Check = (value) => typeof value === 'string';
const isAddress: Check = (value) => isText(value) || isNumber(value);
const isObject: Check = (value) => typeof value === 'object' && value !== null;
const isMaybeNumber: Check = (value) => value === undefined || isNumber(value);
const isFailure: Check = (value) => isObject(value) && isText((value as RemoteFailure).code) && isText((value as RemoteFailure).message);
const isError: Check = (value) => isObject(value) && isText((value as ErrorInfo).name) && isText((value as ErrorInfo).message);

export const isReason: Check = (value) => {
  if (!isObject(value)) return isText(value);
  const reason = value as object;
  return 'error' in reason ? isError(reason.error) : 'shutdown' in reason || 'reason' in reason;
};

const shapes: readonly (readonly Check[] | undefined)[] = shapesByOp({
  cast: [isAddress, isText, isAnything],
  info: [isAddress, isAnything],
  call: [isNumber, isAddress, isText, isAnything],
  reply: [isNumber, isAnything],
  fail: [isNumber, isFailure],
  monitor: [isNumber, isNumber],
  demonitor: [isNumber],
  down: [isNumber, isReason],
  exit: [isAddress, isPid, isReason],
  whereis: [isNumber, isText],
  found: [isNumber, isMaybeNumber],
});

function shapesByOp(byName: Partial<Record<keyof typeof op, readonly Check[]>>): (readonly Check[] | undefined)[] {
  return Object.keys(op).map((name) => byName[name as keyof typeof op]);
}

/** Throws a BadFrame for what is no frame of the protocol, or not after the handshake. */
export function checkFrame(value: unknown): Frame {
  const shape = Array.isArray(value) ? shapes[value[0] as number] : undefined;
  if (shape === undefined) throw new BadFrame('no operation that is known');
  const frame = value as unknown[];
  for (let at = 0; at < shape.length; at += 1) {
    if (!shape[at]!(frame[at + 1])) throw new BadFrame(`operation ${String(frame[0])}: element ${at + 1} is not what it should be`);
  }
  return frame as Frame;
}

/** Throws a BadFrame for a first frame that is no hello; which version it speaks is not looked at. */
export function checkHello(value: unknown): Hello {
  const [operation, hello] = Array.isArray(value) ? value as [unknown, Partial<Hello> | undefined] : [];
  const isHello = operation === op.hello && isObject(hello) && isNumber(hello!.protocol) && isText(hello!.node) && isText(hello!.path) && isPeerId(hello!) && isPeerId(hello!.to);
  if (!isHello) throw new BadFrame('the first frame is no hello');
  return hello as Hello;
}

/** Throws a BadFrame for anything but the answer to a hello. */
export function checkGreeting(value: unknown): Greeting {
  const greeting: unknown[] = Array.isArray(value) ? value : [];
  if (greeting[0] === op.welcome || (greeting[0] === op.refused && isText(greeting[1]))) return greeting as Greeting;
  throw new BadFrame('the answer to hello is none');
}

function isPeerId(value: Partial<PeerId> | undefined): boolean {
  return isObject(value) && isNumber(value!.shard) && isNumber(value!.creation);
}
