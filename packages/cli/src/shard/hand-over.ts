// The old process's part of a hand-over: stop accepting, move the sessions, let what is under way
// be answered, and then be gone.
import http from 'node:http';
import { drainListener, whenAllAnswered } from '@flyball/listener';
import { moveSessions, type SessionSeed } from '@flyball/mcp';
import type { HandOverMessage } from '@flyball/release';
import { SESSIONS_PATH, setReadiness } from './node-server.ts';
import { setSuccessor } from './peers.ts';

/** Share of the deadline after which calls that still run are ended, so that their sessions can move. */
const PATIENCE_SHARE = 0.6;

/** Resolves when nothing is left to do here. */
export async function handOver(message: HandOverMessage, listener: string): Promise<{ sessionsMoved: number }> {
  setSuccessor(message.successor);
  setReadiness('draining');
  const drained = drainListener(listener);
  const sessionsMoved = await moveSessions((seeds) => postSessions(message.successor.http, seeds), message.deadlineMs * PATIENCE_SHARE);
  await drained;
  await whenAllAnswered();
  return { sessionsMoved };
}

/** Gives sessions to the successor; resolves to the ids it took. */
function postSessions(socketPath: string, seeds: readonly SessionSeed[]): Promise<string[]> {
  const body = JSON.stringify({ sessions: seeds });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method: 'POST', path: SESSIONS_PATH, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve((JSON.parse(text) as { taken: string[] }).taken));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
