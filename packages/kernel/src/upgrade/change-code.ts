// Puts prepared code in force while processes run: lets what runs the old code come to a boundary,
// then rebinds all modules and changes all states in one synchronous step, or none.
//
//   gate     new tasks of the changed code wait; running ones are let finish
//   settle   pending handlers of the changed code are let finish
//   switch   modules rebound, `codeChange` of each process whose version differs, specs checked;
//            if one refuses, everything is put back
//   resume   waiting processes run, supervisors start and stop children
import type { Slot } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import { processTable, type Pid } from '../process/pid.ts';
import { AWAITING, handlerFinished, onHandlerFinished, type Definition, type Process } from '../process/process.ts';
import { processExited } from '../process/exit.ts';
import { telemetryEvent } from '../telemetry.ts';
import { clock } from '../timing/clock.ts';
import { cancelTimer, startTimer } from '../timing/timers.ts';

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
  /** How long running tasks (tool calls) of the old code hold the change back; then they finish on old code. */
  drainTimeoutMs?: number;
  /** How long a pending handler may hold it back; then the change is refused if its state had to change. */
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
    await untilNone(() => count((process) => isRunningTask(process, slots)), drainTimeoutMs);
    const settled = await untilNone(() => count((process) => isPending(process, slots)), settleTimeoutMs);
    if (!settled) refusePending(slots);
    const switchedMs = clock().nowMs();
    const processesChanged = switchOver(swap, slots);
    const report: CodeChangeReport = { processesChanged, lingering: count((process) => slots.has(process.slot) && process.status === AWAITING), drainMs: roundMs(switchedMs - startedMs), switchMs: roundMs(clock().nowMs() - switchedMs) };
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
  return [...processTable.values()].filter((process) => process.status === AWAITING && process.generation < process.slot.generation).map((process) => process.pid);
}

type Slots = ReadonlyMap<Slot<Definition>, Definition>;

function isRunningTask(process: Process, slots: Slots): boolean {
  return process.driver.kind === 'task' && !process.suspended && slots.has(process.slot);
}

// A supervisor that starts a child counts too: its specs are about to change under it.
function isPending(process: Process, slots: Slots): boolean {
  return process.status === AWAITING && process.driver.kind !== 'task' && slots.has(process.slot);
}

function count(matches: (process: Process) => boolean): number {
  let matching = 0;
  for (const process of processTable.values()) if (matches(process)) matching += 1;
  return matching;
}

/** Resolves true as soon as `remaining()` is 0, asked again whenever a handler ends; false at the timeout. */
async function untilNone(remaining: () => number, timeoutMs: number): Promise<boolean> {
  if (remaining() === 0) return true;
  return await new Promise<boolean>((resolve) => {
    let asked = false;
    const ask = (): void => {
      asked = false;
      if (remaining() === 0) finish(true);
    };
    // Counting walks all processes: once an iteration of the event loop is enough.
    const later = (): void => {
      if (asked) return;
      asked = true;
      setImmediate(ask);
    };
    const stopWatching = onHandlerFinished(later);
    const stopListening = processExited.subscribe(later);
    const timer = startTimer(timeoutMs, () => finish(remaining() === 0));
    const finish = (done: boolean): void => {
      stopWatching();
      stopListening();
      cancelTimer(timer);
      resolve(done);
    };
  });
}

function refusePending(slots: Slots): void {
  for (const process of processTable.values()) {
    if (!isPending(process, slots) || slots.get(process.slot)!.version === process.version) continue;
    throw new KernelError('swap-refused', `${process.title} ${process.pid} has been in one handler for too long to change its state from version ${process.version}; try again, or raise settleTimeoutMs`);
  }
}

/** All or nothing, in one step: returns how many states changed. */
function switchOver(swap: CodeSwap, slots: Slots): number {
  const before = new Map([...slots.keys()].map((slot) => [slot, slot.current]));
  swap.commit();
  const changes: { process: Process; to: Definition; state: unknown }[] = [];
  try {
    for (const process of processTable.values()) {
      const from = before.get(process.slot);
      if (from === undefined || process.driver.kind === 'task') continue;
      const to = process.slot.current;
      if (from === to || (process.version === to.version && process.driver.kind !== 'supervisor')) continue;
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
  for (const { process } of changes) process.driver.codeChanged?.(process);
  return changes.filter(({ process }) => process.driver.kind !== 'supervisor').length;
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
