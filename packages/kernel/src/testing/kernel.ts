// The end of a process, awaited, and the way back to an empty kernel between tests.
import { monitorWith } from '../process/call.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { exitProcess } from '../process/exit.ts';
import { processTable, type Pid } from '../process/pid.ts';
import { enableChecks } from '../process/plain-data.ts';
import { processLimitDefault, setProcessLimit } from '../process/start.ts';
import { systemClock, useClock } from '../timing/clock.ts';
import { cancelAllTimers } from '../timing/timers.ts';
import { stopRecording } from './events.ts';
import { settle } from './virtual-clock.ts';

/** The reason why the process ended, once it has; 'noproc' if it was dead before. */
export function exited(pid: Pid): Promise<ExitReason> {
  return new Promise((resolve) => {
    monitorWith(pid, ({ reason }) => resolve(reason));
  });
}

/** Kills all processes, cancels all timers, ends all recordings, and puts clock, checks and limits back. */
export async function resetKernel(): Promise<void> {
  // Not by exit signals in the order of the tree: a supervisor would start what is killed again.
  for (const process of processTable.values()) process.trapExit = false;
  for (const process of processTable.values()) exitProcess(process, 'killed');
  stopRecording();
  enableChecks(false);
  setProcessLimit(processLimitDefault);
  await settle();
  cancelAllTimers();
  useClock(systemClock);
}
