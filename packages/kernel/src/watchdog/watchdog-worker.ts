// The watchdog's thread: pings the main thread, and when the answer stays away finds out why and
// says so on stderr, at once and by itself, because the main thread cannot.
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../timing/clock.ts';
import { newDetector, observe, type Detector } from './block-detector.ts';
import { blockedLine, recoveredLine, reportOf, type Frame } from './block-report.ts';
import { inspectMainThread } from './main-thread-inspection.ts';
import type { WatchdogData } from './watchdog.ts';

/** Not paused by then: it is in native code, which no inspector can look into. */
const inspectionMaxMs = 2_000;

const { beats, blockedAfterMs } = workerData as WatchdogData;
let detector: Detector = newDetector(blockedAfterMs, systemClock.nowMs());
let inspecting = false;

function tick(): void {
  const observed = observe(detector, { ms: systemClock.nowMs(), beats: Atomics.load(beats, 0) });
  detector = observed.detector;
  const { verdict } = observed;
  if (verdict.kind === 'recovered') write(recoveredLine(verdict.blockedMs));
  if (verdict.kind === 'alive' || verdict.kind === 'recovered') parentPort!.postMessage('ping');
  if (verdict.kind === 'blocked' && !inspecting) look(verdict.blockedMs);
  systemClock.wakeAt(systemClock.nowMs() + detector.tickMs, tick);
}

function look(blockedMs: number): void {
  inspecting = true;
  let said = false;
  const beatsBefore = Atomics.load(beats, 0);
  const startedMs = systemClock.nowMs();
  const say = (frames: readonly Frame[]): void => {
    if (said) return;
    said = true;
    const block = reportOf(blockedMs + systemClock.nowMs() - startedMs, frames);
    write(blockedLine(block));
    parentPort!.postMessage(block);
  };
  const cancelWait = systemClock.wakeAt(startedMs + inspectionMaxMs, () => say([]));
  inspectMainThread((frames) => {
    cancelWait();
    inspecting = false;
    // It ran on before it could be paused: what was found is not what blocked it.
    const isGuilty = Atomics.load(beats, 0) === beatsBefore && frames?.[0]?.functionName !== 'takeBeat';
    if (frames !== undefined && isGuilty) say(frames);
  });
}

function write(line: string): void {
  const text = `${new Date(systemClock.wallMs()).toISOString()} ${line}\n`;
  try {
    writeSync(2, text);
  } catch {
    // A full pipe that nobody reads (EAGAIN): there is nowhere left to say it.
  }
}

parentPort!.postMessage('ping');
tick();
// A node that is killed would never write it.
flushCompileCache();
