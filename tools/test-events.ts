// Joins the runs of node's test runner into one report: the events of all of them in order, the closing
// counts (`ℹ tests 12` …) once, as sums, and the names of what was skipped.
import type { TestEvent } from 'node:test/reporters';

/** The closing lines of node's runner, in its order. */
const countNames = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'] as const;
const countLine = new RegExp(`^(${countNames.join('|')}) ([\\d.]+)$`);

export type Skipped = { readonly name: string; readonly file: string; readonly reason: string };

export class TestReport {
  readonly skipped: Skipped[] = [];
  readonly #counts = new Map<string, number>(countNames.map((name) => [name, 0]));

  /** A file that cannot be loaded is a failed test of its own, so the counts hold every kind of failure. */
  get isGreen(): boolean {
    return this.count('fail') === 0 && this.count('cancelled') === 0 && this.count('tests') > 0;
  }

  count(name: (typeof countNames)[number]): number {
    return this.#counts.get(name) ?? 0;
  }

  /** The runs one after the other; each starts when the one before has ended. */
  async *join(runs: Iterable<() => AsyncIterable<TestEvent>>): AsyncGenerator<TestEvent> {
    let summary: TestEvent | undefined;
    for (const start of runs) {
      for await (const event of start()) {
        if (event.type === 'test:summary' && event.data.file === undefined) summary = event;
        else if (!this.#take(event)) yield event;
      }
    }
    for (const [name, sum] of this.#counts) {
      yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${Number(sum.toFixed(3))}`, level: 'info' } };
    }
    // The reporter answers a summary with the list of all failures so far.
    if (summary) yield summary;
  }

  /** True when the event was a closing count, which is kept back. */
  #take(event: TestEvent): boolean {
    if (event.type === 'test:pass' && event.data.skip !== undefined && event.data.skip !== false) {
      const reason = typeof event.data.skip === 'string' ? event.data.skip : '';
      this.skipped.push({ name: event.data.name, file: event.data.file ?? '', reason });
    }
    if (event.type !== 'test:diagnostic' || event.data.nesting !== 0) return false;
    const found = countLine.exec(event.data.message);
    if (!found) return false;
    this.#counts.set(found[1]!, this.#counts.get(found[1]!)! + Number(found[2]));
    return true;
  }
}
