// Makes a process and enters it into the tables. What runs in it is its driver's business.
import { KernelError } from '../errors.ts';
import type { Slot } from '../code/slot.ts';
import { Context } from './context.ts';
import { link } from './link.ts';
import { bindPid, identity, Pid, processTable } from './pid.ts';
import { Process, type Definition, type Driver, type MailboxOptions } from './process.ts';
import { registerName } from './registry.ts';

export interface SpawnOptions {
  name?: string | undefined;
  parent?: Process | undefined;
  /** Link to the parent, so that neither outlives the other. */
  linked?: boolean | undefined;
  mailbox?: MailboxOptions | undefined;
  /** In place of the definition's own driver: a task runs beside the server that it belongs to. */
  driver?: Driver;
}

export const processLimitDefault = 262_144;
let processLimit = processLimitDefault;
let lastSerial = 0;

/** The limit of live processes of this shard, as `+P`; 1,024 to 1,000,000 and above. */
export function setProcessLimit(limit: number): void {
  processLimit = limit;
}

export function getProcessLimit(): number {
  return processLimit;
}

const makeContext = (process: Process): Context => new Context(process);

/** A process without state yet, not ready to run: the driver initialises it. */
export function spawnProcess(slot: Slot<Definition>, options: SpawnOptions): Process {
  const { parent } = options;
  if (parent?.exitReason !== undefined) {
    throw new KernelError('process-dead', `${parent.title} ${parent.pid} is dead and can start nothing`);
  }
  if (processTable.size >= processLimit) {
    throw new KernelError('process-limit', `${processTable.size} processes live, the limit of this shard; raise it with +P`);
  }
  lastSerial += 1;
  const pid = new Pid(identity.node, identity.shard, identity.creation, lastSerial);
  const process = new Process(pid, slot, options.driver ?? slot.current.driver, parent, makeContext);
  if (options.name !== undefined) registerName(options.name, process);
  if (slot.current.mailbox !== undefined) limitMailbox(process, slot.current.mailbox);
  if (options.mailbox !== undefined) limitMailbox(process, options.mailbox);
  bindPid(pid, process);
  processTable.set(lastSerial, process);
  if (options.linked === true && parent !== undefined) link(parent, process);
  return process;
}

function limitMailbox(process: Process, { lengthMax, overflow }: MailboxOptions): void {
  if (lengthMax !== undefined) process.mailboxLengthMax = lengthMax;
  if (overflow !== undefined) process.crashOnOverflow = overflow === 'crash';
}
