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
  /** Exact; with `isPrefix` it ends in a slash and answers whatever lies below it. */
  readonly path: string;
  /** An exact route of the same path comes first, then the longest prefix. */
  readonly isPrefix?: boolean;
  readonly audience: Audience;
  readonly handler: RouteHandler;
}

class Route extends Port implements RouteEntry {
  readonly path: string;
  readonly isPrefix: boolean;
  readonly audience: Audience;
  readonly handler: RouteHandler;

  constructor(entry: RouteEntry) {
    super();
    this.path = entry.path;
    this.isPrefix = entry.isPrefix === true;
    this.audience = entry.audience;
    this.handler = entry.handler;
  }

  close(): void {
    const table = tableOf(this);
    if (table.get(this.path) === this) table.delete(this.path);
  }
}

const routes = new Map<string, Route>();
/** Few: looked through one by one, and only for paths that no exact route has. */
const prefixes = new Map<string, Route>();

function tableOf({ isPrefix = false }: RouteEntry): Map<string, Route> {
  return isPrefix ? prefixes : routes;
}

/** Adds a route; a later one of the same path takes its place. It ends with `owner`. Throws RangeError for a prefix without its last slash. */
export function addRoute(entry: RouteEntry, owner: Process): PortId {
  if (entry.isPrefix === true && !entry.path.endsWith('/')) throw new RangeError(`the prefix ${entry.path} must end in a slash: it would answer for its neighbours too`);
  const table = tableOf(entry);
  const replaced = table.get(entry.path);
  if (replaced !== undefined) forgetPort(replaced);
  const route = new Route(entry);
  table.set(entry.path, route);
  return openPort(route, owner);
}

export function findRoute(path: string): RouteEntry | undefined {
  return routes.get(path) ?? (prefixes.size === 0 ? undefined : longestPrefix(path));
}

function longestPrefix(path: string): RouteEntry | undefined {
  let longest: Route | undefined;
  for (const route of prefixes.values()) {
    if (path.startsWith(route.path) && route.path.length > (longest?.path.length ?? 0)) longest = route;
  }
  return longest;
}

export function routePaths(): string[] {
  return [...routes.keys(), ...prefixes.keys()].sort();
}
