// An application as it runs: the version in force, and the facades through which every body that
// is still about reads its imports.
import { pointMeta, namespaceOf, type CodeModule, type Image } from './code-module.ts';
import { FacadeSet } from './facade.ts';
import { SlotTable } from './slot-table.ts';
import type { ApplicationSource } from './source.ts';

export class LoadedState {
  /** The version in force. */
  image: Image;
  readonly slots = new SlotTable();
  readonly facades = new Map<string, FacadeSet>();
  /** What was imported dynamically: the next version begins from it too. */
  readonly dynamicRoots = new Set<string>();
  readonly #generations = new Map<string, number>();
  /** Between the start of a preparation and its commit or release. */
  preparing = false;

  constructor(application: ApplicationSource) {
    this.image = emptyImage(application);
  }

  nextGeneration(path: string): number {
    const next = (this.#generations.get(path) ?? 0) + 1;
    this.#generations.set(path, next);
    return next;
  }

  /** Puts a version in force: synchronous and without anything that can fail. */
  bind(image: Image): void {
    this.image = image;
    for (const module of image.modules.values()) this.admit(module);
    const modules = [...image.modules.values()];
    this.#bindAll(modules);
    // A module that passes on what another exports has only now got it: until all have settled.
    const passing = modules.filter((module) => module.requests.some(({ target }) => target.kind === 'module'));
    while (this.#bindAll(passing));
  }

  /** Takes a module's facade among those that swaps rebind. */
  admit(module: CodeModule): void {
    module.hooks.image = undefined;
    pointMeta(module.hooks, this.image.application.directory);
    let facades = this.facades.get(module.path);
    if (facades === undefined) this.facades.set(module.path, (facades = new FacadeSet()));
    facades.add(module.facade);
  }

  #bindAll(modules: readonly CodeModule[]): boolean {
    let changed = false;
    for (const module of modules) {
      if (module.ready) changed = this.facades.get(module.path)!.bind(namespaceOf(module)) || changed;
    }
    return changed;
  }
}

export function emptyImage(application: ApplicationSource): Image {
  return { application, modules: new Map(), linking: Promise.resolve(), importing: new Map() };
}
