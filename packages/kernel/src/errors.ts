// The kernel's coded errors. Callers match on `code`; the text is for people.

export const kernelErrorCodes = {
  'process-dead': 'The process that asked is dead; what it still runs can do nothing any more.',
  'noproc': 'The process asked does not exist, or no longer.',
  'exited': 'The process asked ended before it answered; `reason` tells why.',
  'timeout': 'No answer came within the timeout; a later answer is dropped.',
  'overloaded': 'The mailbox of the process asked is full; nothing was queued.',
  'noconnection': 'The shard or node of the process asked cannot be reached.',
  'name-taken': 'The name is registered to another live process.',
  'start-failed': 'The process ended in its init; `reason` tells why.',
  'bad-child-spec': 'A child specification is not valid.',
  'unknown-child': 'The supervisor has no child of that id.',
  'child-running': 'The child of that id is running.',
  'bad-message': 'The value cannot be a message: it holds something that is not plain data.',
  'bad-call': 'The process asked has no such call.',
  'process-limit': 'The limit of processes (+P) of this shard is reached.',
  'swap-refused': 'The code change was not done; everything runs on as before.',
  'application-failed': 'The application could not be started.',
  'isolation-killed': 'The isolated run was ended from outside: deadline, memory limit or its own exit.',
  'isolation-closed': 'The pool of isolated runners is closed.',
} as const;

export type KernelErrorCode = keyof typeof kernelErrorCodes;

export class KernelError extends Error {
  readonly code: KernelErrorCode;
  /** The exit reason behind it, for `exited` and `start-failed`. */
  readonly reason?: unknown;

  constructor(code: KernelErrorCode, message: string, details: { reason?: unknown; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KernelError';
    this.code = code;
    if (details.reason !== undefined) this.reason = details.reason;
  }
}
