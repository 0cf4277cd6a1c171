// The messages between the pool and a runner, over the IPC channel that Node gives a child.
// Values of users travel as serialized bytes: their size is known before they are unpacked, and
// what cannot be cloned fails in the hands of who made it.
import type { ErrorInfo } from '../process/exit-reason.ts';

/** Of one serialized value; the same limit in both directions. */
export const valueBytesMax = 16 * 1024 * 1024;

export interface RunMessage {
  readonly type: 'run';
  readonly id: number;
  readonly invoker: string;
  readonly module: string;
  readonly export: string;
  readonly path: readonly string[];
  readonly input: Uint8Array;
}

export type ToRunner =
  | RunMessage
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'answer'; readonly id: number; readonly question: number; readonly value: Uint8Array }
  | { readonly type: 'refusal'; readonly id: number; readonly question: number; readonly error: ErrorInfo };

export type FromRunner =
  /** It can take a run: after its start, and each time a run has ended and its event loop has turned. */
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly id: number; readonly value: Uint8Array }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorInfo }
  | { readonly type: 'notify'; readonly id: number; readonly value: Uint8Array }
  | { readonly type: 'ask'; readonly id: number; readonly question: number; readonly value: Uint8Array }
  /** The last words of a runner that nobody's error ends. */
  | { readonly type: 'crash'; readonly error: ErrorInfo };

/** Undefined for anything else: code in the runner can send what it likes. */
export function readFromRunner(message: unknown): FromRunner | undefined {
  const { type, id, value, question, error } = (message ?? {}) as Record<string, unknown>;
  if (type === 'ready') return { type };
  if (type === 'crash') return isErrorInfo(error) ? { type, error } : undefined;
  if (typeof id !== 'number') return undefined;
  if (type === 'failed') return isErrorInfo(error) ? { type, id, error } : undefined;
  if (!(value instanceof Uint8Array) || value.byteLength > valueBytesMax) return undefined;
  if (type === 'result' || type === 'notify') return { type, id, value };
  return type === 'ask' && typeof question === 'number' ? { type, id, question, value } : undefined;
}

function isErrorInfo(value: unknown): value is ErrorInfo {
  const info = value as Partial<ErrorInfo> | null | undefined;
  return typeof info === 'object' && info !== null && typeof info.name === 'string' && typeof info.message === 'string';
}
