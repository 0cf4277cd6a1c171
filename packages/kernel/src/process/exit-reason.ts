// Why a process ended: plain data, because it travels in messages and between nodes. OTP's
// words: 'normal', 'shutdown' and {shutdown: …} are orderly, everything else is a crash.

export interface ErrorInfo {
  name: string;
  message: string;
  /** The error's own code, where it has one. */
  code?: string;
  stack?: string;
}

export type ExitReason =
  | 'normal' | 'shutdown' | 'kill' | 'killed' | 'noproc' | 'noconnection' | 'timeout' | 'overloaded'
  | { shutdown: unknown }
  | { error: ErrorInfo }
  | { reason: unknown };

/** An orderly end: no crash report, and a transient child is not restarted. */
export function isOrderly(reason: ExitReason): boolean {
  return reason === 'normal' || reason === 'shutdown' || (typeof reason === 'object' && 'shutdown' in reason);
}

/** The plain form of whatever was thrown. */
export function errorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof Error) {
    const { name, message, stack } = thrown;
    const code = (thrown as { code?: unknown }).code;
    return { name, message, ...(typeof code === 'string' && { code }), ...(stack !== undefined && { stack }) };
  }
  return { name: 'Thrown', message: typeof thrown === 'string' ? thrown : safeText(thrown) };
}

export function crashReason(thrown: unknown): ExitReason {
  return { error: errorInfo(thrown) };
}

/** One line for logs and error messages. */
export function describeReason(reason: ExitReason): string {
  if (typeof reason === 'string') return reason;
  if ('error' in reason) return `${reason.error.name}: ${reason.error.message}`;
  if ('shutdown' in reason) return `shutdown: ${safeText(reason.shutdown)}`;
  return safeText(reason.reason);
}

function safeText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
