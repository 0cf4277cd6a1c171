// What the tool guard is told, and what it answers to a call.
import type { Answer, VersionedState } from '../../governor/governor.ts';

export type Facts = Readonly<Record<string, boolean | number>>;

export type ToolSignal =
  /** May this tool run now? */
  | {
    readonly kind: 'call';
    readonly tool: string;
    readonly roles: readonly string[];
    readonly facts: Facts;
    /** The caller gives up then; the tool gets no longer than that. */
    readonly deadlineMs?: number;
  }
  /** A call has ended: by itself, or because whoever enforces its limits ended it. */
  | { readonly kind: 'call_ended'; readonly tool: string; readonly outcome: 'completed' | 'failed' | 'timeout' | 'memory' }
  /** A pack of tools was activated or suspended. */
  | { readonly kind: 'pack'; readonly pack: string; readonly active: boolean };

/** What the call may use: for whoever runs the tool to enforce while it runs. */
export interface ToolLimits {
  readonly timeoutMs: number;
  readonly memoryBytes: number;
}

export interface ToolAnswer extends Answer {
  readonly limits: ToolLimits | null;
  /** Which of the gates refused: the ones after it were not asked. */
  readonly gate: 'machine' | 'entitlement' | 'role' | 'precondition' | null;
}

/** A tool that went beyond its limits lately. */
export interface Offender {
  readonly tool: string;
  readonly count: number;
  readonly lastMs: number;
  readonly limit: 'timeout' | 'memory';
  /** How often it was paused for it; each time for twice as long. */
  readonly pauses: number;
  /** Refused until then, also after the intervention. */
  readonly pausedUntilMs: number;
}

export interface ToolState extends VersionedState {
  readonly version: 1;
  readonly packs: readonly string[];
  readonly offenders: readonly Offender[];
  /** The tool that the action paused: refused until the intervention is over. */
  readonly paused: string | null;
  readonly dayStartMs: number;
  readonly callsToday: number;
}
