// What tests of other boxes may use; never imported by shipped code.
export { GcsServer } from './gcs-server.ts';
export { credentials as s3Credentials, S3Server } from './s3-server.ts';
export { buildLog, draft, entries, entriesOf, logKey, logVerifierKey, origin, writeLog } from './log-builder.ts';
export type { LogFiles } from './log-builder.ts';
