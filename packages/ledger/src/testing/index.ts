// What tests of other boxes may use; never imported by shipped code.
export { buildLog, draft, entries, entriesOf, logKey, logVerifierKey, origin, writeLog } from './log-builder.ts';
export type { LogFiles } from './log-builder.ts';
