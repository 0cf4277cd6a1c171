// Process identifiers. A pid is four plain values and nothing else to whoever holds it: it can be
// copied, sent and stored, and keeping one keeps nothing alive. The link from a local pid to its
// process is private and cut when the process dies.
import type { Process } from './process.ts';

/** Where this OS process stands: set once at boot, before the first process is started. */
export interface NodeIdentity {
  /** Name of the node, `name@host`. */
  node: string;
  /** Index of this OS process among the node's shards, from 0. */
  shard: number;
  /** Counts the incarnations of this shard, so that a pid of an earlier one is never mistaken. */
  creation: number;
}

export const identity: NodeIdentity = { node: 'nonode@nohost', shard: 0, creation: 1 };

let processBehind: (pid: Pid) => Process | undefined;
let setProcess: (pid: Pid, process: Process | undefined) => void;

/** `Protocol` says what may be asked of the process: the type of its behaviour. */
export class Pid<Protocol = unknown> {
  declare readonly protocol?: Protocol;
  readonly node: string;
  readonly shard: number;
  readonly creation: number;
  readonly serial: number;
  #process: Process | undefined;

  static {
    // A parsed pid has the brand and no process behind it.
    processBehind = (pid) => (#process in pid && pid.#process) || localProcess(pid);
    setProcess = (pid, process) => {
      pid.#process = process;
    };
  }

  constructor(node: string, shard: number, creation: number, serial: number) {
    this.node = node;
    this.shard = shard;
    this.creation = creation;
    this.serial = serial;
  }

  /** `<shard.creation.serial>`, as the operator's tools print and read it. */
  toString(): string {
    return formatPid(this);
  }
}

/** Every live process of this shard, by serial. */
export const processTable = new Map<number, Process>();

function localProcess(pid: Pid): Process | undefined {
  return isLocal(pid) ? processTable.get(pid.serial) : undefined;
}

export function isLocal(pid: Pid): boolean {
  return pid.shard === identity.shard && pid.creation === identity.creation && pid.node === identity.node;
}

/** The live local process of a pid; undefined if it is dead or lives elsewhere. */
export function processOf(pid: Pid): Process | undefined {
  return processBehind(pid);
}

export function bindPid(pid: Pid, process: Process | undefined): void {
  setProcess(pid, process);
}

/** True for a pid and for the plain object that copying a pid between threads or nodes leaves. */
export function isPid(value: unknown): value is Pid {
  if (value instanceof Pid) return true;
  const pid = value as Pid | null;
  return typeof pid === 'object' && pid !== null && typeof pid.serial === 'number' && typeof pid.creation === 'number'
    && typeof pid.shard === 'number' && typeof pid.node === 'string';
}

export function samePid(a: Pid, b: Pid): boolean {
  return a === b || (a.serial === b.serial && a.creation === b.creation && a.shard === b.shard && a.node === b.node);
}

export function formatPid(pid: { shard: number; creation: number; serial: number }): string {
  return `<${pid.shard}.${pid.creation}.${pid.serial}>`;
}

/** Reads `<shard.creation.serial>`, the brackets optional; undefined if the text is not one. */
export function parsePid(text: string): Pid | undefined {
  const match = /^<?(\d+)\.(\d+)\.(\d+)>?$/.exec(text.trim());
  if (match === null) return undefined;
  return new Pid(identity.node, Number(match[1]), Number(match[2]), Number(match[3]));
}
