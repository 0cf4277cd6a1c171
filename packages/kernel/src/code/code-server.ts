// Loads applications' modules so that they can be replaced while they run, in two phases: prepare
// a version beside the one in force, then rebind all modules in one tick.
import vm from 'node:vm';
import { build, type BuildOptions, type Workshop } from './build.ts';
import { namespaceOf, type BodyHooks, type CodeModule } from './code-module.ts';
import { CodeError } from './errors.ts';
import { evaluateAll } from './evaluate.ts';
import type { Namespace } from './facade.ts';
import { LingeringBodies, type BodyInfo } from './lingering.ts';
import { emptyImage, LoadedState } from './loaded-application.ts';
import { nativeModules, type NativeModules } from './native.ts';
import { Swap, type PreparedSwap } from './prepared-swap.ts';
import { resolveSpecifier } from './resolve.ts';
import type { ModuleExport, Slot } from './slot.ts';
import { checkApplication, type ApplicationSource } from './source.ts';
import { inlineStripper, workerStripper } from './stripper.ts';
import { textCache, type TextCache } from './text-cache.ts';

export interface CodeServerOptions {
  /** Where texts without types are kept between starts; none unless given. */
  readonly cacheDirectory?: string;
  /** A module from which the platform's own packages are found; the code server's own unless given. */
  readonly platformUrl?: string;
  /** Old code was freed. */
  readonly onCollected?: (body: BodyInfo) => void;
}

export interface LoadedApplication {
  readonly name: string;
  readonly version: string;
  /** Of the entry; stays live over swaps, with the names that this version exports. */
  readonly namespace: Namespace;
  readonly modules: readonly { readonly id: string; readonly hash: string }[];
}

export interface ModuleStatus {
  readonly id: string;
  /** Version of the application that the body was made for; earlier than the application's where the module did not change. */
  readonly version: string;
  readonly hash: string;
  /** Counts the bodies made of this module, from 1. */
  readonly generation: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly loadedAtMs: number;
}

export interface PrepareOptions extends BuildOptions {}

export interface CodeServer {
  /**
   * Loads the first version of an application and evaluates its modules.
   * 'code-loaded', 'code-bad-application', 'code-not-found', 'code-syntax', 'code-link', 'code-evaluate'.
   */
  load(application: ApplicationSource): Promise<LoadedApplication>;
  /**
   * Makes another version beside the one in force; nothing that runs is touched. One at a time for an
   * application: 'code-busy'. Also 'code-unknown-application', 'code-aborted' and the codes of `load`.
   */
  prepare(application: ApplicationSource, options?: PrepareOptions): Promise<PreparedSwap>;
  /** Forgets an application; its code goes when nothing holds it. 'code-unknown-application', 'code-busy'. */
  unload(name: string): void;
  /** Of one application, or of all. */
  modules(name?: string): ModuleStatus[];
  /** The version in force. 'code-unknown-application'. */
  application(name: string): ApplicationSource;
  /** Live exports of a module of the version in force. 'code-unknown-module'. */
  namespace(id: string): Namespace;
  /** The slot of an upgradable export; undefined if there is none. */
  slot(ref: ModuleExport): Slot | undefined;
  /** Replaced bodies that are not collected yet. Only confirms: an empty list says that no old code can run. */
  lingering(name?: string): BodyInfo[];
}

/** How long the synchronous part of a module's top level may block a running node, unless told otherwise. */
export const evaluateTimeoutMsDefault = 1_000;

/** 'code-unsupported' unless node runs with --experimental-vm-modules; --no-compilation-cache lets old code be freed. */
export function createCodeServer(options: CodeServerOptions = {}): CodeServer {
  if (typeof vm.SourceTextModule !== 'function') {
    throw new CodeError('code-unsupported', 'start node with --experimental-vm-modules --no-compilation-cache');
  }
  return new Server(options);
}

class Server implements CodeServer {
  readonly #applications = new Map<string, LoadedState | 'loading'>();
  readonly #cache: TextCache;
  readonly #natives: NativeModules;
  readonly #bodies: LingeringBodies;

  constructor(options: CodeServerOptions) {
    this.#cache = textCache(options.cacheDirectory);
    this.#natives = nativeModules(options.platformUrl ?? import.meta.url);
    this.#bodies = new LingeringBodies(options.onCollected);
  }

  async load(source: ApplicationSource): Promise<LoadedApplication> {
    if (this.#applications.has(source.name)) throw new CodeError('code-loaded', `the application "${source.name}" is loaded already; prepare a swap instead`);
    this.#applications.set(source.name, 'loading');
    try {
      const application = await checkApplication(source);
      const loaded = new LoadedState(application);
      const image = emptyImage(application);
      await build({ image, base: undefined, workshop: this.#workshop(loaded), stripper: inlineStripper() }, [application.entry]);
      loaded.bind(image);
      admitSlots(loaded, [...image.modules.values()]);
      this.#applications.set(source.name, loaded);
    } catch (error) {
      this.#applications.delete(source.name);
      throw error;
    }
    return this.#describe(source.name);
  }

  async prepare(source: ApplicationSource, options: PrepareOptions = {}): Promise<PreparedSwap> {
    const loaded = this.#loaded(source.name);
    if (loaded.preparing) throw new CodeError('code-busy', `a swap of "${source.name}" is being prepared; commit or release it first`);
    loaded.preparing = true;
    try {
      const application = await checkApplication(source);
      const base = loaded.image;
      const parts = { image: emptyImage(application), base, workshop: this.#workshop(loaded), stripper: workerStripper(), options: { evaluateTimeoutMs: evaluateTimeoutMsDefault, ...options } };
      const { image } = await build(parts, [application.entry], [...loaded.dynamicRoots]);
      return new Swap(loaded, base, image, { retired: (modules) => this.#bodies.retire(modules) });
    } catch (error) {
      loaded.preparing = false;
      throw error;
    }
  }

  unload(name: string): void {
    const loaded = this.#loaded(name);
    if (loaded.preparing) throw new CodeError('code-busy', `a swap of "${name}" is prepared; commit or release it first`);
    this.#applications.delete(name);
    this.#bodies.retire([...loaded.image.modules.values()]);
  }

  modules(name?: string): ModuleStatus[] {
    const applications = name === undefined ? [...this.#applications.values()].filter((found) => found !== 'loading') : [this.#loaded(name)];
    return applications.flatMap((loaded) => [...loaded.image.modules.values()].map(statusOf));
  }

  application(name: string): ApplicationSource {
    return this.#loaded(name).image.application;
  }

  namespace(id: string): Namespace {
    const module = this.#find(id)?.module;
    if (module === undefined) throw new CodeError('code-unknown-module', `no module ${id} is loaded`);
    return module.facade.module.namespace as Namespace;
  }

  slot(ref: ModuleExport): Slot | undefined {
    return this.#find(ref.module)?.loaded.slots.find(ref);
  }

  lingering(name?: string): BodyInfo[] {
    return this.#bodies.list(name);
  }

  #loaded(name: string): LoadedState {
    const loaded = this.#applications.get(name);
    if (loaded === undefined || loaded === 'loading') throw new CodeError('code-unknown-application', `no application "${name}" is loaded`);
    return loaded;
  }

  #find(id: string): { loaded: LoadedState; module: CodeModule | undefined } | undefined {
    // A scoped name has a slash of its own.
    const slash = id.indexOf('/', id.startsWith('@') ? id.indexOf('/') + 1 : 0);
    const loaded = this.#applications.get(id.slice(0, slash));
    return loaded instanceof LoadedState ? { loaded, module: loaded.image.modules.get(id.slice(slash + 1)) } : undefined;
  }

  #describe(name: string): LoadedApplication {
    const { image } = this.#loaded(name);
    const { version, entry } = image.application;
    const modules = [...image.modules.values()].map(({ id, hash }) => ({ id, hash }));
    return { name, version, namespace: image.modules.get(entry)!.facade.module.namespace as Namespace, modules };
  }

  #workshop(loaded: LoadedState): Workshop {
    const workshop: Workshop = {
      cache: this.#cache,
      natives: this.#natives,
      nextGeneration: (path) => loaded.nextGeneration(path),
      made: (module) => this.#bodies.watch(module),
      importDynamically: (hooks, specifier, attributes) => this.#import(loaded, workshop, hooks, { specifier, attributes }),
    };
    return workshop;
  }

  /** `import()` inside a body: within the version being made while that is so, afterwards in the one in force. */
  async #import(loaded: LoadedState, workshop: Workshop, hooks: BodyHooks, request: { specifier: string; attributes: ImportAttributes }): Promise<Namespace> {
    const image = hooks.image ?? loaded.image;
    const { directory } = image.application;
    const target = resolveSpecifier(request.specifier, hooks.path, directory);
    if (target.kind === 'native') return this.#natives.load(target.specifier, request.attributes, `${directory}/${hooks.path}`);
    loaded.dynamicRoots.add(target.path);
    const { importing } = image;
    while (importing.has(target.path)) await importing.get(target.path);
    if (!image.modules.has(target.path)) {
      const building = build({ image, base: undefined, workshop, stripper: workerStripper() }, [target.path]);
      importing.set(target.path, building);
      const { fresh } = await building.finally(() => importing.delete(target.path));
      // Of a version that is not in force yet, the commit admits it.
      if (hooks.image === undefined) admit(loaded, fresh);
    }
    const module = image.modules.get(target.path)!;
    // It may be linked already by a version that is on the way, its turn to run being still to come.
    if (!module.ready) await evaluateAll(image, [target.path], {});
    return module.facade.module.namespace as Namespace;
  }
}

/** Modules that were imported dynamically into the version in force. */
function admit(loaded: LoadedState, fresh: readonly CodeModule[]): void {
  for (const module of fresh) {
    loaded.admit(module);
    loaded.facades.get(module.path)!.bind(namespaceOf(module));
  }
  admitSlots(loaded, fresh);
}

function admitSlots(loaded: LoadedState, fresh: readonly CodeModule[]): void {
  loaded.slots.apply(loaded.slots.compare(fresh, []), fresh);
}

function statusOf({ id, version, hash, generation, loadedAtMs }: CodeModule): ModuleStatus {
  return { id, version, hash, generation, loadedAtMs };
}
