// The coded errors of the code server. Callers match on `code`; the text says what, where and what to do.

export const codeErrorCodes = {
  'code-unsupported': 'Node was started without --experimental-vm-modules; the code server needs it.',
  'code-bad-application': 'An application source is not valid: its name, version, directory or entry.',
  'code-not-found': 'A module of the application, or a package that one imports, does not exist.',
  'code-syntax': 'A module does not parse, or holds TypeScript that cannot be erased.',
  'code-link': 'An import asks for what the other module does not export, or for a file outside of the application.',
  'code-evaluate': 'The top level of a module threw, or ran for longer than allowed.',
  'code-busy': 'Another swap of the application is between prepare and commit.',
  'code-loaded': 'An application of that name is loaded already; prepare a swap instead.',
  'code-unknown-application': 'No application of that name is loaded.',
  'code-unknown-module': 'No module of that id is loaded.',
  'code-stale': 'The application changed after the swap was prepared; prepare it again.',
  'code-swap-state': 'The swap is past the step asked for.',
  'code-aborted': 'The preparation was given up by its signal.',
} as const;

export type CodeErrorCode = keyof typeof codeErrorCodes;

/** Where in the sources: `file` is a path, `line` counts from 1. */
export interface CodePlace {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

export class CodeError extends Error {
  readonly code: CodeErrorCode;
  readonly file: string | undefined;
  readonly line: number | undefined;

  constructor(code: CodeErrorCode, message: string, details: CodePlace & { cause?: unknown } = {}) {
    const { file, line, cause } = details;
    const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
    super(place + message, cause === undefined ? undefined : { cause });
    this.name = 'CodeError';
    this.code = code;
    this.file = file;
    this.line = line;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
