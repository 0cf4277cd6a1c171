// The kernel's console log: subscribes to the events that an operator must see and writes a line
// each. Whoever wants files, levels or JSON subscribes to the same events instead.
import { describeReason, type ExitReason } from '../process/exit-reason.ts';
import { processCrashed } from '../process/exit.ts';
import { formatPid } from '../process/pid.ts';
import { mailboxOverflowed } from '../process/process.ts';
import { handlerFailed } from '../telemetry.ts';
import { clock } from '../timing/clock.ts';
import { childStartFailed } from '../supervision/child-process.ts';
import { intensityExceeded } from '../supervision/supervision.ts';

export type Severity = 'INFO' | 'WARNING' | 'ERROR';
export type LogLine = (severity: Severity, text: string) => void;

/** Severity as a word, so that `grep ERROR` finds errors. */
export function consoleLine(write: (text: string) => void): LogLine {
  return (severity, text) => write(`${new Date(clock().wallMs()).toISOString()} ${severity} ${text}\n`);
}

/**
 * Logs crashes, restarts given up, overflows; returns the function that ends it. `isTold` passes over the crashes that
 * somebody else tells in words that say more.
 */
export function logToConsole(log: LogLine, { isTold = () => false }: { readonly isTold?: (crash: { readonly title: string; readonly reason: ExitReason }) => boolean } = {}): () => void {
  const ends = [
    processCrashed.subscribe(({ title, pid, kind, reason, message }) => {
      if (isTold({ title, reason })) return;
      const during = message === undefined || message === '' ? '' : ` in "${message}"`;
      log('ERROR', `${kind} ${title} ${formatPid(pid)} crashed${during}: ${describeReason(reason)}${stackOf(reason)}`);
    }),
    intensityExceeded.subscribe(({ supervisor, pid, child }) => log('ERROR', `supervisor ${supervisor} ${formatPid(pid)} gave up: restart intensity reached; last child ${child}`)),
    childStartFailed.subscribe(({ supervisor, id, reason }) => log('ERROR', `supervisor ${supervisor}: child "${id}" failed to start again: ${describeReason(reason!)}`)),
    mailboxOverflowed.subscribe(logFirstAndPowers(log)),
    handlerFailed.subscribe(({ event, error }) => log('ERROR', `telemetry handler of ${event} failed and was detached: ${String(error)}`)),
  ];
  return () => ends.forEach((end) => end());
}

// A mailbox that overflows drops thousands: one line for 1, 10, 100, …
function logFirstAndPowers(log: LogLine): (event: { pid: { shard: number; creation: number; serial: number }; lengthMax: number; dropped: number }) => void {
  return ({ pid, lengthMax, dropped }) => {
    if (/^10*$/.test(String(dropped))) log('WARNING', `mailbox of ${formatPid(pid)} is full (${lengthMax}): ${dropped} message(s) dropped`);
  };
}

function stackOf(reason: unknown): string {
  const stack = (reason as { error?: { stack?: string } }).error?.stack;
  const frames = stack?.split('\n').filter((line) => line.startsWith('    at ')).slice(0, 6);
  return frames === undefined || frames.length === 0 ? '' : `\n${frames.join('\n')}`;
}
