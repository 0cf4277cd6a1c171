// What the processes of a node ask of each other over their internal listeners: here, the asking side.
import { http } from '@flyball/listener';
import type { SessionSeed } from '@flyball/mcp';
import type { Peer } from '@flyball/release';

export const SESSIONS_PATH = '/internal/sessions';
export const FAREWELL_PATH = '/internal/farewell';

/** A connection each to few sessions that leave alone would be as many as there are. */
const CONNECTIONS_MAX = 4;

export interface SessionsBody {
  readonly sessions: readonly SessionSeed[];
}

export interface FarewellBody {
  /** The internal socket of the process that leaves. */
  readonly http: string;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

/** Gives sessions to another process; resolves to the ids that it took. */
export async function giveSessions(to: Peer, sessions: readonly SessionSeed[]): Promise<readonly string[]> {
  const { taken } = (await post(to, SESSIONS_PATH, { sessions } satisfies SessionsBody)) as { taken: string[] };
  return taken;
}

/** Resolves when the other one has its answers from the process that leaves, and will ask it nothing more; or is gone itself. */
export async function sayFarewell(to: Peer, leaving: Peer): Promise<void> {
  await post(to, FAREWELL_PATH, { http: leaving.http } satisfies FarewellBody).catch(() => {});
}

function post(to: Peer, path: string, message: SessionsBody | FarewellBody): Promise<unknown> {
  const body = JSON.stringify(message);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: to.http, method: 'POST', path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(JSON.parse(text)));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
