/** The error codes of this package; `code` is what callers match on. */
export const HEART_ERROR_CODES = {
  'already-running': 'Another heart of this name lives; stop it or choose another --name.',
  'not-running': 'No heart of this name answers; start one, or name it with --name.',
  'runtime-directory-unsafe': 'The runtime directory is not ours alone (owner, mode 0700, no link).',
  'socket-path-too-long': 'A Unix socket path has at most 107 bytes; set a shorter XDG_RUNTIME_DIR or name.',
  'name-invalid': 'A node name has letters, digits, "-", "_" and ".", at most 64.',
  'restart-intensity-reached': 'A shard crashed more often than its restart intensity allows.',
  'start-failed': 'A shard ended by itself before the node served for the first time.',
  'shard-timeout': 'A shard did not answer in time.',
  'shard-gone': 'The shard exited before it answered.',
  'no-shard': 'No shard of that number serves now.',
  'no-such-process': 'No process of that pid or name lives.',
  'not-ready': 'A shard is starting or restarting; ask again once all serve.',
  busy: 'A load or a hand-over is running; wait for its result.',
  'invalid-request': 'The control socket did not understand the request.',
  'not-recorded': 'What was asked changes the node, and no receipt of it could be left: nothing was done.',
  'no-ledger': 'The node keeps no receipts; start it with --ledger FOLDER.',
  stopping: 'The node is stopping.',
  'successor-not-ready': 'A hand-over’s new process died or was not ready in time; the old one serves on.',
  'successor-crashed': 'A hand-over’s new process died after it had taken over.',
  'load-failed': 'No shard took the new version; nothing changed.',
} as const;

export type HeartErrorCode = keyof typeof HEART_ERROR_CODES;

/** An operating error of heart or of its control socket; a shard's answer may bring codes of other packages. */
export class HeartError extends Error {
  readonly code: string;
  constructor(code: HeartErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HeartError';
    this.code = code;
  }
}
