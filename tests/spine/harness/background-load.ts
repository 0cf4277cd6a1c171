// Requests of bystanders: sessions that call a tool one after the other while something else goes wrong.
import { Session } from './session.ts';

export interface LoadReport {
  readonly requests: number;
  readonly failures: readonly string[];
}

export interface Load {
  readonly stop: () => Promise<LoadReport>;
}

interface TestEnd {
  after(end: () => unknown): void;
}

export interface LoadOptions {
  /** Each has one request under way; 2 unless given. */
  readonly sessions?: number;
  /** Throws if the answer is not the one expected; calls the tool `echo` unless given. */
  readonly request?: (session: Session, round: number) => Promise<void>;
}

async function echo(session: Session, round: number): Promise<void> {
  const answer = await session.callTool('echo', { value: `v${round}` });
  if (answer !== `v${round}`) throw new Error(`the answer of another: ${answer}`);
}

/** Ends with the test. */
export async function startLoad(context: TestEnd, url: string, { sessions = 2, request = echo }: LoadOptions = {}): Promise<Load> {
  const clients = await Promise.all(Array.from({ length: sessions }, () => Session.open(url)));
  const failures: string[] = [];
  let requests = 0;
  let stopped = false;
  const run = async (session: Session): Promise<void> => {
    while (!stopped) {
      requests += 1;
      try {
        await request(session, requests);
      } catch (error) {
        failures.push(String(error));
        // The next may fail at once, and so for ever: the test must still get its turn.
        await new Promise(setImmediate);
      }
    }
    session.close();
  };
  const runs = clients.map(run);
  const stop = async (): Promise<LoadReport> => {
    stopped = true;
    await Promise.all(runs);
    return { requests, failures };
  };
  context.after(stop);
  return { stop };
}
