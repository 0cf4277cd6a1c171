// Reads what the main thread is running, through the inspector, from another thread. The
// debugger is enabled for that moment only: enabled, it slows the code down.
import { Session, type Debugger } from 'node:inspector';
import type { Frame } from './block-report.ts';

/**
 * Calls `found` once with the call frames, innermost first, as soon as the main thread can be
 * paused: within some milliseconds in a JavaScript loop, at its return in native code. Undefined:
 * somebody else has paused it, which is no fault. The caller keeps its thread alive meanwhile; a
 * session does not.
 */
export function inspectMainThread(found: (frames: readonly Frame[] | undefined) => void): void {
  const session = new Session();
  const urls = new Map<string, string>();
  let pausing = false;
  const finish = (frames: readonly Frame[] | undefined): void => {
    session.removeAllListeners();
    if (frames !== undefined) session.post('Debugger.resume');
    session.post('Debugger.disable', () => session.disconnect());
    found(frames);
  };
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  // At enable already: a person stands at a breakpoint, and must not be resumed.
  session.on('Debugger.paused', ({ params }) => finish(pausing ? framesOf(params.callFrames, urls) : undefined));
  session.post('Debugger.enable', () => {
    pausing = true;
    session.post('Debugger.pause');
  });
}

function framesOf(callFrames: readonly Debugger.CallFrame[], urls: ReadonlyMap<string, string>): Frame[] {
  return callFrames.map(({ functionName, location, url }) => ({
    functionName,
    // The frame's own url is empty in Node 24.
    url: urls.get(location.scriptId) ?? url,
    line: location.lineNumber + 1,
    column: (location.columnNumber ?? 0) + 1,
  }));
}
