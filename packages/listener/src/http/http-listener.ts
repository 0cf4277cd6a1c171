// The processes of an HTTP listener:
//
//   <name>_listener (supervisor, one_for_one)
//   ├─ <name>_connections   owns Node's server and all its connections
//   └─ <name>_acceptor      owns the listening descriptor
//
// Killing the acceptor interrupts nothing but accepting, and that for a moment: the descriptor
// is borrowed again and new connections wait in the system's queue meanwhile.
import { call, genServer, named, Port, openPort, processOf, reply, supervisor, telemetryEvent, type Behaviour, type Self } from '@flyball/kernel';
import { borrowDescriptor, type DescriptorLink } from '../descriptors.ts';
import { HttpServerPort, type HttpServerOptions } from './http-server.ts';

export interface HttpListenerOptions extends HttpServerOptions {
  /** Names the processes, and the descriptor that all shards share. */
  readonly name: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Channel to heart, which keeps the descriptor; without it, it is bound here. */
  readonly link?: DescriptorLink | undefined;
  /** Unix socket in place of host and port. */
  readonly path?: string | undefined;
}

export const listening = telemetryEvent<{ name: string; host: string; port: number; path?: string }>('listener.listening');

export function httpListener(options: HttpListenerOptions): Behaviour<void> {
  const { name } = options;
  return supervisor({
    strategy: 'one_for_one',
    intensity: { restarts: 10, periodMs: 10_000 },
    children: [
      { id: 'connections', start: [connectionsServer, options], name: `${name}_connections` },
      { id: 'acceptor', start: [acceptorServer, options], name: `${name}_acceptor` },
    ],
  });
}

// Drivers are not data: they stand beside the processes that own them, found by the listener's name.
const serverPorts = new Map<string, HttpServerPort>();

const connectionsServer = genServer({
  init: (options: HttpListenerOptions, self: Self) => {
    const port = new HttpServerPort(options, processOf(self.pid)!);
    serverPorts.set(options.name, port);
    // A new server has no descriptor yet: the acceptor, if there is one, must borrow again.
    self.exit(`${options.name}_acceptor`, { shutdown: 'connections restarted' });
    return { name: options.name, port: port.id };
  },
  calls: {
    count: (state) => reply(serverPorts.get(state.name)!.connections),
  },
});

class AcceptPort extends Port {
  readonly #server: HttpServerPort;

  constructor(server: HttpServerPort) {
    super();
    this.#server = server;
  }

  close(): void {
    this.#server.stopAccepting();
  }
}

const acceptorServer = genServer({
  init: async (options: HttpListenerOptions, self: Self) => {
    const server = serverPorts.get(options.name)!;
    const { name, host, link, path } = options;
    const bound = path === undefined ? await borrowDescriptor(link, options, { signal: self.signal }) : undefined;
    await server.listen(bound?.handle ?? path!);
    const owner = processOf(self.pid);
    if (owner === undefined) server.stopAccepting();
    else openPort(new AcceptPort(server), owner);
    const port = bound?.port ?? 0;
    listening.emit({ name, host, port, ...(path !== undefined && { path }) });
    return { host, port };
  },
  calls: {
    address: (state) => reply(state),
  },
});

/** Where a running listener listens. */
export async function listenerAddress(name: string): Promise<{ host: string; port: number }> {
  return await call(named<typeof acceptorServer>(`${name}_acceptor`), 'address');
}

/** Open connections of a running listener. */
export function listenerConnections(name: string): number {
  return serverPorts.get(name)?.connections ?? 0;
}

/** Stops accepting for good and lets each connection end with its next answer; resolves when none is left. */
export function drainListener(name: string): Promise<void> {
  const server = serverPorts.get(name);
  if (server === undefined) return Promise.resolve();
  server.stopAccepting();
  return new Promise((resolve) => server.drain(resolve));
}

