// What no process can be blamed for. A rejection that nobody handled is counted and logged: the
// node's state is whole. An exception outside any handler is not survivable: heart starts anew.
import { errorInfo, type LogLine } from '@flyball/kernel';

export const unattributed = { rejections: 0 };

/** 70 is EX_SOFTWARE of sysexits.h: an internal error. */
export const EXIT_FAULT = 70;

export function watchFaults(process: NodeJS.Process, log: LogLine): void {
  process.on('unhandledRejection', (reason) => {
    unattributed.rejections += 1;
    log('ERROR', `unhandled rejection (${unattributed.rejections} so far): ${textOf(reason)}`);
  });
  process.on('uncaughtException', (error) => {
    log('ERROR', `exception outside any process, the shard restarts: ${textOf(error)}`);
    process.exit(EXIT_FAULT);
  });
}

/** For the log: with the stack, where there is one. */
export function textOf(thrown: unknown): string {
  const { name, message, stack } = errorInfo(thrown);
  return stack ?? `${name}: ${message}`;
}
