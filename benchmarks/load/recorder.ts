// What happened to each request: two times in a growing array, and the failures.
import { summarizeLatency } from '../harness/statistics.ts';
import type { FailureKind, LoadReport, Window, WindowReport } from './plan.ts';

const EXAMPLES_MAX = 20;

export class Recorder {
  #intendedMs = new Float64Array(1 << 16);
  #completedMs = new Float64Array(1 << 16);
  #completed = 0;
  readonly #lateMs: number[] = [];
  readonly #failures = new Map<FailureKind, number>();
  readonly #examples: string[] = [];

  completed(intendedMs: number, completedMs: number): void {
    if (this.#completed === this.#intendedMs.length) this.#grow();
    this.#intendedMs[this.#completed] = intendedMs;
    this.#completedMs[this.#completed] = completedMs;
    this.#completed++;
  }

  #grow(): void {
    const intended = new Float64Array(this.#intendedMs.length * 2);
    const completed = new Float64Array(this.#completedMs.length * 2);
    intended.set(this.#intendedMs);
    completed.set(this.#completedMs);
    this.#intendedMs = intended;
    this.#completedMs = completed;
  }

  sentLate(byMs: number): void {
    this.#lateMs.push(byMs);
  }

  failed(kind: FailureKind, atMs: number, detail: string): void {
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(`${atMs.toFixed(1)} ms ${kind}: ${detail}`);
  }

  report(windows: readonly Window[]): LoadReport {
    return {
      completed: this.#completed,
      failed: [...this.#failures.values()].reduce((sum, count) => sum + count, 0),
      failures: Object.fromEntries(this.#failures),
      examples: this.#examples,
      windows: windows.map((window) => this.#windowReport(window)),
      lateness: summarizeLatency(this.#lateMs),
    };
  }

  #windowReport({ name, fromMs, toMs }: Window): WindowReport {
    const latenciesMs: number[] = [];
    let completed = 0;
    for (let index = 0; index < this.#completed; index++) {
      const intendedMs = this.#intendedMs[index] ?? NaN;
      const completedMs = this.#completedMs[index] ?? NaN;
      if (completedMs >= fromMs && completedMs < toMs) completed++;
      if (intendedMs >= fromMs && intendedMs < toMs) latenciesMs.push(completedMs - intendedMs);
    }
    return { name, completed, latency: summarizeLatency(latenciesMs) };
  }
}
