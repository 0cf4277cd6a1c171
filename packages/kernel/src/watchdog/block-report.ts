// What the watchdog says about a block. Pure.
import { fileURLToPath } from 'node:url';

export interface BlockReport {
  /** The innermost function that has a file; undefined where no JavaScript could be read. */
  readonly functionName: string | undefined;
  /** `path:line:column` in that function where it was found. */
  readonly location: string | undefined;
  /** `name (path:line:column)`, innermost first. */
  readonly frames: readonly string[];
  /** Silence of the main thread until it was looked at. */
  readonly blockedMs: number;
}

export interface Frame {
  readonly functionName: string;
  readonly url: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

const framesMax = 8;

export function reportOf(blockedMs: number, frames: readonly Frame[]): BlockReport {
  const own = frames.filter(({ url }) => url !== '' && !url.startsWith('node:'));
  const shown = own.length > 0 ? own : frames;
  const innermost = shown[0];
  return {
    functionName: innermost && nameOf(innermost),
    location: innermost && locationOf(innermost),
    frames: shown.slice(0, framesMax).map((frame) => `${nameOf(frame)} (${locationOf(frame)})`),
    blockedMs: Math.round(blockedMs),
  };
}

export function blockedLine(block: BlockReport): string {
  const [innermost, ...callers] = block.frames;
  const culprit = innermost === undefined ? 'native code or a system call that has not returned' : innermost;
  const path = callers.length === 0 ? '' : `, called by ${callers.join(' < ')}`;
  return `ERROR watchdog: the event loop has been blocked for ${block.blockedMs} ms by ${culprit}${path}; nothing else is served meanwhile`;
}

export function recoveredLine(blockedMs: number): string {
  return `WARNING watchdog: the event loop runs again, it was blocked for about ${Math.round(blockedMs)} ms`;
}

function nameOf(frame: Frame): string {
  return frame.functionName === '' ? 'anonymous function' : frame.functionName;
}

function locationOf({ url, line, column }: Frame): string {
  return `${url.startsWith('file:') ? fileURLToPath(url) : url}:${line}:${column}`;
}
