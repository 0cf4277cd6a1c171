// What was started ends with us, also when we are told to stop in the middle of a sample.
import type { ChildProcess } from 'node:child_process';

const living = new Set<ChildProcess>();

export function endWithUs(child: ChildProcess): void {
  living.add(child);
  child.once('exit', () => living.delete(child));
}

process.on('exit', () => {
  for (const child of living) child.kill('SIGTERM');
});
// 128 + the signal's number, as shells say it.
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
