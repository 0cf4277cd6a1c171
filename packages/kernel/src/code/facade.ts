// What the importers of a module are linked to: a synthetic module with the names that the body
// exported when the facade was made. Its values are set anew at every swap, so that importers that
// were not evaluated again see the code in force.
import vm from 'node:vm';

export interface Facade {
  readonly module: vm.SyntheticModule;
  readonly names: readonly string[];
  /** What is set, name by name: read here in place of the namespace, a swap of many modules takes half the time. */
  readonly values: unknown[];
}

export type Namespace = Readonly<Record<string, unknown>>;

export async function makeFacade(url: string, names: readonly string[]): Promise<Facade> {
  const module = new vm.SyntheticModule([...names], () => {}, { identifier: url });
  await module.link(() => {
    throw new Error('a facade imports nothing');
  });
  await module.evaluate();
  const facade: Facade = { module, names, values: names.map(() => undefined) };
  facades.set(module.namespace, facade);
  return facade;
}

// V8 keeps a namespace for as long as a body is linked to it or somebody holds what `import()` gave;
// for just as long the facade behind it has to be found, so that it can be rebound.
const facades = new WeakMap<object, Facade>();

/** The facades of a module that somebody can still read through, whatever version they were made for. */
export class FacadeSet {
  readonly #members = new Set<WeakRef<Facade>>();

  add(facade: Facade): void {
    for (const member of this.#live()) if (member === facade) return;
    this.#members.add(new WeakRef(facade));
  }

  bind(body: Namespace): boolean {
    let changed = false;
    for (const facade of this.#live()) changed = bindFacade(facade, body) || changed;
    return changed;
  }

  get size(): number {
    return [...this.#live()].length;
  }

  *#live(): Generator<Facade> {
    for (const member of this.#members) {
      const facade = member.deref();
      if (facade === undefined) this.#members.delete(member);
      else yield facade;
    }
  }
}

/** Synchronous. A name that the body does not export any more becomes undefined. True if a value changed. */
export function bindFacade(facade: Facade, body: Namespace): boolean {
  const { module, names, values } = facade;
  let changed = false;
  for (let at = 0; at < names.length; at++) {
    const value = body[names[at]!];
    if (Object.is(values[at], value)) continue;
    values[at] = value;
    module.setExport(names[at]!, value);
    changed = true;
  }
  return changed;
}

/** Functions can be called before their module was evaluated; modules that import each other rely on it. */
export function bindHoisted(facade: Facade, body: Namespace): void {
  for (const [at, name] of facade.names.entries()) {
    try {
      if (typeof body[name] !== 'function') continue;
      facade.values[at] = body[name];
      facade.module.setExport(name, body[name]);
    } catch {
      // Not initialized yet: its importers see undefined until it is.
    }
  }
}
