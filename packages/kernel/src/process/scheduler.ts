// Turns. Ready processes wait in a queue; each gets a turn of at most `messagesPerTurn`
// messages, and the whole scheduler a slice of 4 ms before it yields to I/O. What is sent from
// outside any process drains in a microtask, so that an answer needs no trip through the event
// loop; microtasks too share one slice an iteration of the loop, else a chain of awaited calls
// would keep I/O out for ever.
import { clock } from '../timing/clock.ts';
import { crashReason } from './exit-reason.ts';
import { exitProcess, isExiting } from './exit.ts';
import { IDLE, READY, RUNNING, type Process } from './process.ts';

const SLICE_MS = 4;
const MESSAGES_PER_TURN = 64;
/** A reading of the clock this long after the one before means that fewer messages are a turn. */
const READING_MS = 1;

let firstReady: Process | undefined;
let lastReady: Process | undefined;
let draining = false;
let drainScheduled = false;
/** End of the slice that this iteration of the event loop may use; 0 before its first drain. */
let iterationEndMs = 0;

export function makeReady(process: Process): void {
  process.status = READY;
  if (lastReady === undefined) firstReady = process;
  else lastReady.nextReady = process;
  lastReady = process;
  if (!draining && !drainScheduled) scheduleDrain();
}

/**
 * Works off a slice at once, for a sender outside any process that outruns its receivers:
 * the BEAM makes such a sender pay in reductions, here it lends its own turn.
 */
export function relieve(): void {
  if (draining || isExiting()) return;
  lastClockMs = clock().nowMs();
  drain(lastClockMs + SLICE_MS);
}

function scheduleDrain(): void {
  drainScheduled = true;
  if (iterationEndMs !== 0) lastClockMs = clock().nowMs();
  if (iterationEndMs !== 0 && lastClockMs >= iterationEndMs) setImmediate(drainIteration);
  else queueMicrotask(drainMicrotask);
}

function drainMicrotask(): void {
  drainScheduled = false;
  if (firstReady === undefined) return;
  if (iterationEndMs === 0) {
    lastClockMs = clock().nowMs();
    iterationEndMs = lastClockMs + SLICE_MS;
    setImmediate(endIteration);
  }
  drain(iterationEndMs);
}

function endIteration(): void {
  iterationEndMs = 0;
}

function drainIteration(): void {
  iterationEndMs = 0;
  drainScheduled = false;
  drainMicrotask();
}

function drain(endMs: number): void {
  draining = true;
  try {
    while (firstReady !== undefined) {
      const process = firstReady;
      firstReady = process.nextReady;
      if (firstReady === undefined) lastReady = undefined;
      process.nextReady = undefined;
      // Killed or suspended while it waited for its turn.
      if (process.status !== READY) continue;
      if (process.suspended) process.status = IDLE;
      else if (takeTurn(process) >= endMs) break;
    }
  } finally {
    draining = false;
    drainTheRestLater();
  }
}

function drainTheRestLater(): void {
  if (firstReady !== undefined && !drainScheduled) {
    drainScheduled = true;
    setImmediate(drainIteration);
  }
}

let messagesSinceClock = 0;
let lastClockMs = 0;
/** Messages of a turn: 64, fewer while handlers are slow. */
let turnLength = MESSAGES_PER_TURN;

/** Runs one turn; returns the last reading of the clock, taken every 64 messages or fewer. */
function takeTurn(process: Process): number {
  process.status = RUNNING;
  const length = turnLength;
  let left = length;
  let message = process.head!;
  try {
    const { driver } = process;
    do {
      message = process.head!;
      const { next } = message;
      process.head = next;
      if (next === undefined) process.tail = undefined;
      process.mailboxLength -= 1;
      left -= 1;
      driver.handle(process, message);
    } while (left > 0 && process.status === RUNNING && process.head !== undefined && !process.suspended);
  } catch (error) {
    // Its caller is among those to be told.
    process.current = message;
    exitProcess(process, crashReason(error));
  }
  if (process.status === RUNNING) {
    process.status = IDLE;
    if (process.head !== undefined && !process.suspended) makeReady(process);
  }
  return readClock(length - left);
}

function readClock(messages: number): number {
  // A turn counts as some messages more: few long turns must not run past the slice unseen.
  messagesSinceClock += messages + 3;
  if (messagesSinceClock >= turnLength) {
    const nowMs = clock().nowMs();
    const spentMs = nowMs - lastClockMs;
    if (spentMs > READING_MS) turnLength = Math.max(1, Math.floor((turnLength * READING_MS) / spentMs));
    else if (turnLength < MESSAGES_PER_TURN) turnLength = Math.min(MESSAGES_PER_TURN, turnLength * 2);
    messagesSinceClock = 0;
    lastClockMs = nowMs;
  }
  return lastClockMs;
}

/** Resolves when no process is ready: for tests, and for a node that shuts down. */
export async function whenQuiet(): Promise<void> {
  while (firstReady !== undefined || drainScheduled) await new Promise<void>((resolve) => setImmediate(resolve));
}
