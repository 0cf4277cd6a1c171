// What the kernel asks of whoever carries messages to processes of other shards and nodes. The
// kernel declares it, `kernel/src/distribution` does it between shards of one host, the cluster
// package between nodes. Without one, all remote pids are unreachable ('noconnection').
import type { ExitReason } from './exit-reason.ts';
import type { Down, MonitorRef } from './monitor.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

/** A process of another shard by the name that it has there. */
export interface RemoteName {
  readonly shard: number;
  readonly name: string;
}

export type RemoteTarget = Pid | RemoteName;

export interface Distribution {
  /** Casts and plain messages: at most once, in order between two processes, never an error. */
  send(to: RemoteTarget, kind: 'cast' | 'info', name: string, body: unknown): void;
  /**
   * Rejects with a KernelError: 'noproc', 'exited', 'timeout', 'overloaded', 'noconnection',
   * 'bad-message', 'bad-call'. Ends with its caller, where that is a process.
   */
  call(to: RemoteTarget, name: string, body: unknown, timeoutMs: number, caller?: Process): Promise<unknown>;
  /** `notify` is called once; losing the connection counts as 'noconnection'. */
  monitor(target: Pid, ref: MonitorRef, notify: (down: Down) => void): void;
  demonitor(target: Pid, ref: MonitorRef): void;
  exit(target: RemoteTarget, from: Pid, reason: ExitReason): void;
  /** The process of that name in another shard; the lowest shard that has one. */
  whereis(name: string): Promise<Pid | undefined>;
}

let installed: Distribution | undefined;

export function distribution(): Distribution | undefined {
  return installed;
}

/** Installs the distribution of this node; returns the function that takes it out. */
export function useDistribution(next: Distribution): () => void {
  installed = next;
  return () => {
    if (installed === next) installed = undefined;
  };
}
