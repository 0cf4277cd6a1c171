// What is told at each interval while something lasts (a full disk: ten times a second) would fill the log, which may
// lie on that same disk. Pure: the caller says what time it is.

/** Messages remembered; a text that differs each time is no repetition anyway. */
const REMEMBERED_MAX = 100;

/** Whether to log a text now: not if it was logged less than `againMs` ago. `more` counts those that were not. */
export function notAgain(againMs: number): (text: string, nowMs: number) => { readonly more: number } | undefined {
  const logged = new Map<string, { readonly atMs: number; more: number }>();
  return (text, nowMs) => {
    const before = logged.get(text);
    if (before !== undefined && nowMs - before.atMs < againMs) {
      before.more += 1;
      return undefined;
    }
    if (logged.size >= REMEMBERED_MAX) logged.clear();
    logged.set(text, { atMs: nowMs, more: 0 });
    return { more: before?.more ?? 0 };
  };
}
