// In development, messages and states are checked to be plain data and frozen: a function or a
// class instance in them would break as soon as the process lives in another shard, is upgraded
// or is handed over, and a sender that changes a message later would reach into the receiver.
import { slotOf } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import { isPid } from './pid.ts';

let enabled = false;

export function checksEnabled(): boolean {
  return enabled;
}

/** On in development and tests, off in production: it walks each message. */
export function enableChecks(on: boolean): void {
  enabled = on;
}

/** Throws 'bad-message' naming the path of what is not plain; freezes plain objects and arrays. */
export function checkMessage(value: unknown): void {
  check(value, 'message', new Set());
}

export function checkState(value: unknown): void {
  check(value, 'state', new Set());
}

function check(value: unknown, path: string, seen: Set<object>): void {
  if (typeof value === 'function' || typeof value === 'symbol') refuse(value, path);
  if (typeof value !== 'object' || value === null || seen.has(value) || isPid(value) || isBehaviour(value)) return;
  seen.add(value);
  if (value instanceof Map) {
    for (const [key, entry] of value) {
      check(key, `${path} key`, seen);
      check(entry, `${path}.get(${String(key)})`, seen);
    }
  } else if (value instanceof Set) {
    for (const entry of value) check(entry, `${path} entry`, seen);
  } else if (!isOtherPlain(value)) checkProperties(value, path, seen);
}

// In a child spec: it stands for the code in force under its address, and is not sent but resolved.
function isBehaviour(value: object): boolean {
  return slotOf(value) !== undefined;
}

function checkProperties(value: object, path: string, seen: Set<object>): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) refuse(value, path);
  for (const key of Object.keys(value)) check((value as Record<string, unknown>)[key], `${path}.${key}`, seen);
  Object.freeze(value);
}

function isOtherPlain(value: object): boolean {
  return value instanceof Date || value instanceof RegExp || value instanceof Error || ArrayBuffer.isView(value)
    || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

function refuse(value: unknown, path: string): never {
  const kind = typeof value === 'object' ? `an instance of ${(value as object).constructor?.name ?? 'a class'}` : `a ${typeof value}`;
  throw new KernelError('bad-message', `${path} is ${kind}; messages and states are plain data (objects, arrays, Map, Set, Date, typed arrays)`);
}
