// Which handler answers which path. A route belongs to the process that added it and goes with it.
import { forgetPort, openPort, Port, type PortId, type Process } from '@flyball/kernel';
import type { Exchange } from './exchange.ts';

export type RouteHandler = (exchange: Exchange) => void;

/**
 * Who may use a route: anyone who can connect (probes), users of this host until authentication is configured
 * (design.md, decision 23), or only the node's other processes, through its internal listener.
 */
export type Audience = 'anyone' | 'local' | 'internal';

export interface RouteEntry {
  readonly path: string;
  readonly audience: Audience;
  readonly handler: RouteHandler;
}

class Route extends Port implements RouteEntry {
  readonly path: string;
  readonly audience: Audience;
  readonly handler: RouteHandler;

  constructor(entry: RouteEntry) {
    super();
    this.path = entry.path;
    this.audience = entry.audience;
    this.handler = entry.handler;
  }

  close(): void {
    if (routes.get(this.path) === this) routes.delete(this.path);
  }
}

const routes = new Map<string, Route>();

/** Adds a route; a later one of the same path takes its place. It ends with `owner`. */
export function addRoute(entry: RouteEntry, owner: Process): PortId {
  const replaced = routes.get(entry.path);
  if (replaced !== undefined) forgetPort(replaced);
  const route = new Route(entry);
  routes.set(entry.path, route);
  return openPort(route, owner);
}

export function findRoute(path: string): RouteEntry | undefined {
  return routes.get(path);
}

export function routePaths(): string[] {
  return [...routes.keys()].sort();
}
