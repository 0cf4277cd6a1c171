/** The exit codes of the flyball command, and the error for a command line that cannot be understood. */
export const EXIT_OK = 0;
/** The command was understood and failed. */
export const EXIT_FAILED = 1;
/** The command line was not understood; nothing was done. */
export const EXIT_USAGE = 2;
/** No node of that name runs (as `status` of init scripts says it). */
export const EXIT_NOT_RUNNING = 3;
/** Ended by a second Ctrl-C: 128 + SIGINT, as shells say it. */
export const EXIT_KILLED = 130;

export class UsageError extends Error {
  readonly code = 'usage';
  /** One sentence each: what is wrong, where, and what is allowed. */
  readonly problems: readonly string[];
  /** The command whose --help explains it: "start", "ctl load". */
  readonly command: string;
  constructor(command: string, problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'UsageError';
    this.command = command;
    this.problems = problems;
  }
}
