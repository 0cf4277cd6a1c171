// Requests of bystanders: sessions that call a tool one after the other while something else goes wrong.
import { Session } from './session.ts';

export interface LoadReport {
  readonly requests: number;
  readonly failures: readonly string[];
}

export interface Load {
  /** Resolves once each session has had a further answer. */
  readonly goesOn: () => Promise<void>;
  readonly stop: () => Promise<LoadReport>;
}

interface TestEnd {
  after(end: () => unknown): void;
}

/** `sessions` of them, each with one request under way; `tool` must answer with `value` alone. Ends with the test. */
export async function startLoad(context: TestEnd, url: string, { sessions = 2, tool = 'echo' }: { readonly sessions?: number; readonly tool?: string } = {}): Promise<Load> {
  const clients = await Promise.all(Array.from({ length: sessions }, () => Session.open(url)));
  const failures: string[] = [];
  const answered = new Set<() => void>();
  let requests = 0;
  let stopped = false;
  const run = async (session: Session): Promise<void> => {
    while (!stopped) {
      requests += 1;
      const value = `v${requests}`;
      const answer = await session.callTool(tool, { value }).catch((error: unknown) => error);
      if (answer !== value) failures.push(String(answer));
      for (const told of answered) told();
      // Its failure may come at once, for ever: the test must still get its turn.
      if (answer instanceof Error) await new Promise(setImmediate);
    }
    session.close();
  };
  const runs = clients.map(run);
  const goesOn = (): Promise<void> =>
    new Promise((resolve) => {
      let missing = sessions * 2;
      const told = (): void => {
        missing -= 1;
        if (missing > 0) return;
        answered.delete(told);
        resolve();
      };
      answered.add(told);
    });
  const stop = async (): Promise<LoadReport> => {
    stopped = true;
    await Promise.all(runs);
    return { requests, failures };
  };
  context.after(stop);
  return { goesOn, stop };
}
