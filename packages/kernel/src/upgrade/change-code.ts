// Puts prepared code in force while processes run: lets what runs the old code come to a boundary,
// then rebinds all modules and changes all states in one synchronous step, or none.
//
//   gate     new tasks of the changed code wait
//   drain    running tasks and pending handlers of the changed code are let finish
//   settle   pending handlers whose process must change its state are waited for, or the change is refused
//   switch   modules rebound, `codeChange` of each process whose version differs, specs checked;
//            if one refuses, everything is put back
//   adopt    supervisors stop and start children
//   resume   waiting tasks run
import type { Slot } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import { processTable, type Pid } from '../process/pid.ts';
import { AWAITING, handlerFinished, type Definition, type Process } from '../process/process.ts';
import { telemetryEvent } from '../telemetry.ts';
import { clock } from '../timing/clock.ts';
import { untilNone } from './until-none.ts';

/** Code that is compiled and checked, not yet in force. */
export interface CodeSwap {
  readonly slots: readonly { readonly slot: Slot; readonly next: unknown }[];
  /** Synchronous: rebinds every changed module and slot. */
  commit(): void;
  /** Synchronous: undoes `commit`. */
  rollback(): void;
  /** Forgets the code before. */
  release(): void;
}

export interface ChangeCodeOptions {
  /** How long running tasks (tool calls) and handlers of the old code hold the change back; then they finish on old code. */
  drainTimeoutMs?: number;
  /**
   * How long a pending handler may hold it back whose process must change its state, before the change is refused;
   * and how long tasks of the new code wait for children that are started or stopped.
   */
  settleTimeoutMs?: number;
}

export interface CodeChangeReport {
  /** Processes whose state was changed. */
  processesChanged: number;
  /** Processes that still run a handler of the old code. */
  lingering: number;
  drainMs: number;
  switchMs: number;
}

export const codeChanged = telemetryEvent<CodeChangeReport>('code.changed');

/** Rejects with 'swap-refused', everything being as before, if a process cannot take its new code. */
export async function changeCode(swap: CodeSwap, options: ChangeCodeOptions = {}): Promise<CodeChangeReport> {
  const { drainTimeoutMs = 500, settleTimeoutMs = 5_000 } = options;
  const slots = new Map(swap.slots.map(({ slot, next }) => [slot as Slot<Definition>, next as Definition]));
  const startedMs = clock().nowMs();
  for (const slot of slots.keys()) slot.gated = true;
  try {
    await untilNone(() => count((process) => isBusy(process, slots)), drainTimeoutMs);
    await settle(slots, settleTimeoutMs);
    const switchedMs = clock().nowMs();
    const { changed, adopted } = switchOver(swap, slots, settleTimeoutMs);
    const report: CodeChangeReport = { processesChanged: changed, lingering: count((process) => slots.has(process.slot) && process.status === AWAITING), drainMs: roundMs(switchedMs - startedMs), switchMs: roundMs(clock().nowMs() - switchedMs) };
    await adopted;
    codeChanged.emit(report);
    return report;
  } finally {
    for (const slot of slots.keys()) slot.gated = false;
    resumeAll(slots);
  }
}

// To microseconds: what is told to people and compared between runs needs no more.
const roundMs = (ms: number): number => Math.round(ms * 1_000) / 1_000;

/** Processes whose pending handler began under code that has been replaced since. */
export function lingeringProcesses(): Pid[] {
  return [...processTable.values()].filter((process) => process.status === AWAITING && process.generation !== process.slot.generation).map((process) => process.pid);
}

type Slots = ReadonlyMap<Slot<Definition>, Definition>;

/** A supervisor that starts a child counts too: its specs are about to change under it. */
function isBusy(process: Process, slots: Slots): boolean {
  if (!slots.has(process.slot)) return false;
  return process.driver.kind === 'task' ? !process.suspended : process.status === AWAITING;
}

/** In the midst of a handler with a state that the change would replace under it. */
function isUnsettled(process: Process, slots: Slots): boolean {
  return process.status === AWAITING && process.driver.kind !== 'task' && slots.has(process.slot) && slots.get(process.slot)!.version !== process.version;
}

function count(matches: (process: Process) => boolean): number {
  let matching = 0;
  for (const process of processTable.values()) if (matches(process)) matching += 1;
  return matching;
}

// A handler may begin between the last look and the microtask that learns of it: only what the
// caller's own step finds settled is.
async function settle(slots: Slots, timeoutMs: number): Promise<void> {
  const unsettled = (): number => count((process) => isUnsettled(process, slots));
  while (unsettled() > 0) {
    if (await untilNone(unsettled, timeoutMs)) continue;
    const process = [...processTable.values()].find((each) => isUnsettled(each, slots))!;
    throw new KernelError('swap-refused', `${process.title} ${process.pid} has been in one handler for too long to change its state from version ${process.version}; try again, or raise settleTimeoutMs`);
  }
}

/** All or nothing, in one step: how many states changed, and when the supervisors have done their part. */
function switchOver(swap: CodeSwap, slots: Slots, adoptTimeoutMs: number): { changed: number; adopted: Promise<unknown> } {
  const before = new Map([...slots.keys()].map((slot) => [slot, slot.current]));
  swap.commit();
  const changes: { process: Process; to: Definition; state: unknown }[] = [];
  try {
    for (const process of processTable.values()) {
      const from = before.get(process.slot);
      if (from === undefined || process.driver.kind === 'task') continue;
      const to = process.slot.current;
      if (from === to || keepsState(process, to)) continue;
      changes.push({ process, to, state: stateUnder(process, from, to) });
    }
  } catch (error) {
    swap.rollback();
    throw error;
  }
  for (const { process, to, state } of changes) {
    process.state = state;
    process.driver = to.driver;
    process.version = to.version;
  }
  swap.release();
  const adopted = Promise.allSettled(changes.map(({ process }) => process.driver.codeChanged?.(process, adoptTimeoutMs)));
  return { changed: changes.filter(({ process }) => process.driver.kind !== 'supervisor').length, adopted };
}

/** Not so supervisors: their specs are taken anew. */
function keepsState(process: Process, to: Definition): boolean {
  return process.version === to.version && process.driver.kind === to.driver.kind && process.driver.kind !== 'supervisor';
}

function stateUnder(process: Process, from: Definition, to: Definition): unknown {
  if (from.driver.kind !== to.driver.kind) throw new KernelError('swap-refused', `${process.title} ${process.pid} is a ${from.driver.kind}, its new code defines a ${to.driver.kind}; that takes a restart of its application`);
  try {
    return to.driver.changeCode === undefined ? process.state : to.driver.changeCode(process, from, to);
  } catch (cause) {
    throw new KernelError('swap-refused', `${process.title} ${process.pid}: code change from version ${from.version} to ${to.version} failed: ${(cause as Error).message}`, { cause });
  }
}

function resumeAll(slots: Slots): void {
  for (const process of processTable.values()) {
    if (!process.suspended || !slots.has(process.slot)) continue;
    process.suspended = false;
    handlerFinished(process);
  }
}
