// What code in a runner prints becomes events, line by line, within a limit: a tool that floods
// its output must not flood the node's log, nor take the node's time by making it read.
import type { Readable } from 'node:stream';
import { telemetryEvent } from '../telemetry.ts';
import { cancelTimer, startTimer, type Timer } from '../timing/timers.ts';

export interface RunnerOutput {
  /** Process id of the runner in the OS. */
  readonly osPid: number;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

export const runnerOutput = telemetryEvent<RunnerOutput>('isolation.runner.output');

const windowMs = 250;
const linesPerWindow = 25;
/** Read in a window; then the stream pauses until the next, and who writes on waits. */
const bytesPerWindow = 4 * 1024 * 1024;
const lineLengthMax = 4_000;

/** Forwards a stream's lines; `onText` sees all that is read. Returns the function that ends it. */
export function forwardOutput(source: Readable, from: Pick<RunnerOutput, 'osPid' | 'stream'>, onText: (text: string) => void): () => void {
  const forwarder = new Forwarder(source, from);
  source.setEncoding('utf8');
  source.on('data', (text: string) => {
    onText(text);
    forwarder.take(text);
  });
  source.on('error', () => {});
  source.on('end', () => forwarder.end());
  return () => {
    forwarder.end();
    source.destroy();
  };
}

class Forwarder {
  readonly #source: Readable;
  readonly #from: Pick<RunnerOutput, 'osPid' | 'stream'>;
  #rest = '';
  #lines = 0;
  #bytes = 0;
  #dropped = 0;
  #window: Timer | undefined;

  constructor(source: Readable, from: Pick<RunnerOutput, 'osPid' | 'stream'>) {
    this.#source = source;
    this.#from = from;
  }

  take(text: string): void {
    this.#window ??= startTimer(windowMs, () => this.#nextWindow());
    this.#bytes += text.length;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!.slice(0, lineLengthMax);
    for (const line of lines) this.#line(line);
    if (this.#bytes >= bytesPerWindow) this.#source.pause();
  }

  end(): void {
    if (this.#window !== undefined) cancelTimer(this.#window);
    this.#window = undefined;
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
    this.#sayDropped();
  }

  #line(line: string): void {
    if (this.#lines >= linesPerWindow) {
      this.#dropped += 1;
      return;
    }
    this.#lines += 1;
    runnerOutput.emit({ ...this.#from, line: line.slice(0, lineLengthMax) });
  }

  #nextWindow(): void {
    this.#window = undefined;
    this.#lines = 0;
    this.#bytes = 0;
    this.#sayDropped();
    if (this.#source.isPaused()) this.#source.resume();
  }

  #sayDropped(): void {
    if (this.#dropped > 0) runnerOutput.emit({ ...this.#from, line: `… ${this.#dropped} lines more, dropped: ${linesPerWindow} are kept in ${windowMs} ms` });
    this.#dropped = 0;
  }
}

/** Writes runners' output through `write`, one prefixed line each; returns the function that ends it. */
export function printRunnerOutput(write: (line: string) => void): () => void {
  return runnerOutput.subscribe(({ osPid, stream, line }) => write(`runner ${osPid} ${stream}: ${line}\n`));
}
