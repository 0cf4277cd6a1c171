// The processes of one MCP server:
//
//   <server> (supervisor, rest_for_one)
//   ├─ sessions      (supervisor, simple_one_for_one): a session-server for each client
//   └─ calls-server  owns the HTTP route and the calls that belong to no session
//
// Calls are tasks, linked to the session or to the calls-server that started them.
import { supervisor, type ChildSpec, type SupervisorFlags } from '@flyball/kernel';
import { callsServer } from './calls-server.ts';
import { sessionServer } from './session-server.ts';

export function sessionsName(path: string): string {
  return `mcp_sessions${path}`;
}

const sessionSupervisor = supervisor({
  strategy: 'simple_one_for_one',
  children: [{ id: 'session', start: [sessionServer], restart: 'temporary', shutdown: 1_000 }],
});

export function serverFlags(path: string): SupervisorFlags {
  const children: ChildSpec[] = [
    { id: 'sessions', start: [sessionSupervisor], name: sessionsName(path) },
    { id: 'calls', start: [callsServer, path], name: `mcp_calls${path}` },
  ];
  return { strategy: 'rest_for_one', intensity: { restarts: 10, periodMs: 10_000 }, children };
}
