// The order in which modules are linked and evaluated: what a module imports comes before it, and
// modules that import each other form one component (Tarjan 1972). Pure.

/** Components in evaluation order; inside one, the order in which ECMAScript would evaluate. */
export function componentsOf(roots: Iterable<string>, importsOf: (path: string) => readonly string[]): string[][] {
  const found = new Map<string, Visit>();
  const state: State = { found, open: [], components: [], order: 0 };
  // An explicit stack: a chain of imports may be deeper than the call stack.
  for (const root of roots) if (!found.has(root)) walk(root, importsOf, state);
  return state.components;
}

interface Visit {
  readonly path: string;
  readonly imports: readonly string[];
  readonly index: number;
  low: number;
  next: number;
  open: boolean;
  /** Place in post-order: when ECMAScript would evaluate it. */
  done: number;
}

interface State {
  readonly found: Map<string, Visit>;
  readonly open: Visit[];
  readonly components: string[][];
  order: number;
}

function walk(root: string, importsOf: (path: string) => readonly string[], state: State): void {
  const stack = [enter(root, importsOf, state)];
  while (stack.length > 0) {
    const visit = stack.at(-1)!;
    const target = visit.imports[visit.next++];
    if (target === undefined) {
      stack.pop();
      visit.done = state.order++;
      const importer = stack.at(-1);
      if (importer !== undefined) importer.low = Math.min(importer.low, visit.low);
      if (visit.low === visit.index) state.components.push(close(visit, state.open));
    } else {
      const seen = state.found.get(target);
      if (seen === undefined) stack.push(enter(target, importsOf, state));
      else if (seen.open) visit.low = Math.min(visit.low, seen.index);
    }
  }
}

function enter(path: string, importsOf: (path: string) => readonly string[], state: State): Visit {
  const index = state.found.size;
  const visit: Visit = { path, imports: importsOf(path), index, low: index, next: 0, open: true, done: 0 };
  state.found.set(path, visit);
  state.open.push(visit);
  return visit;
}

function close(root: Visit, open: Visit[]): string[] {
  const members = open.splice(open.lastIndexOf(root));
  for (const member of members) member.open = false;
  return members.sort((a, b) => a.done - b.done).map((member) => member.path);
}
