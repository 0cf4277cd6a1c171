// Waiting for what happens, in place of waiting for time to pass.
import { telemetryEvent, type TelemetryEvent } from '../telemetry.ts';

export interface EventRecorder<T> {
  /** All data emitted since the recording began, oldest first. */
  readonly seen: readonly T[];
  /** The oldest event that matches and was not handed out before, as soon as there is one. */
  next(matches?: (data: T) => boolean): Promise<T>;
  stop(): void;
}

interface Waiter<T> {
  readonly matches: (data: T) => boolean;
  readonly resolve: (data: T) => void;
}

const recording = new Set<() => void>();

/** Records an event, given itself or by name, until `stop()` or `resetKernel()`. */
export function events<T>(event: TelemetryEvent<T> | string): EventRecorder<T> {
  const source = typeof event === 'string' ? telemetryEvent<T>(event) : event;
  const seen: T[] = [];
  const unclaimed: T[] = [];
  const waiters: Waiter<T>[] = [];
  const unsubscribe = source.subscribe((data) => {
    seen.push(data);
    const at = waiters.findIndex((waiter) => waiter.matches(data));
    if (at < 0) unclaimed.push(data);
    else waiters.splice(at, 1)[0]!.resolve(data);
  });
  const stop = (): void => {
    unsubscribe();
    recording.delete(stop);
  };
  recording.add(stop);
  const next = (matches: (data: T) => boolean = () => true): Promise<T> => {
    const at = unclaimed.findIndex(matches);
    if (at >= 0) return Promise.resolve(unclaimed.splice(at, 1)[0]!);
    return new Promise((resolve) => {
      waiters.push({ matches, resolve });
    });
  };
  return { seen, next, stop };
}

export function stopRecording(): void {
  for (const stop of recording) stop();
}
