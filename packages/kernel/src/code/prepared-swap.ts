// A version made beside the one in force: put in force in one synchronous tick, taken back in one.
import { namespaceOf, type CodeModule, type Image } from './code-module.ts';
import { CodeError } from './errors.ts';
import type { Namespace } from './facade.ts';
import type { LoadedState } from './loaded-application.ts';
import type { SlotChange, SlotChanges, SlotRemoval } from './slot-table.ts';

export type ModuleChangeKind = 'added' | 'changed' | 'deleted' | 'unchanged';

export interface ModuleChange {
  readonly id: string;
  readonly kind: ModuleChangeKind;
}

export interface PreparedSwap {
  readonly application: string;
  readonly from: string;
  readonly to: string;
  /** Every module of either version. 'changed' is what was evaluated anew, 'deleted' what the next version has no more. */
  readonly changed: readonly ModuleChange[];
  /** Values whose definitions the swap replaces. */
  readonly slots: readonly SlotChange[];
  /** Values that the next version has no more; their processes would keep the code they have. */
  readonly removedSlots: readonly SlotRemoval[];
  /** The next version's exports of a module, before and after the commit. 'code-unknown-module'. */
  namespaceOf(id: string): Namespace;
  /** One tick: all facades and slots. 'code-stale' if the application changed since; 'code-swap-state'. */
  commit(): void;
  /** After the commit: puts the earlier version back, in one tick. Final. 'code-swap-state', 'code-stale'. */
  rollback(): void;
  /** After the commit: forgets the earlier version, which can then not be put back. Before it: `abort`. May be called again. */
  release(): void;
  /** Gives up what is prepared, so that another swap can be. Does nothing after the commit. */
  abort(): void;
}

type State = 'prepared' | 'committed' | 'ended';

export interface SwapHooks {
  /** Bodies that nothing needs any more. */
  retired(modules: readonly CodeModule[]): void;
}

export class Swap implements PreparedSwap {
  readonly application: string;
  readonly from: string;
  readonly to: string;
  readonly changed: readonly ModuleChange[];
  readonly #loaded: LoadedState;
  readonly #hooks: SwapHooks;
  readonly #next: Image;
  /** Undefined once ended, so that a swap that is kept does not keep old code. */
  #before: Image | undefined;
  #changes: SlotChanges;
  #undo: () => void = () => {};
  #state: State = 'prepared';

  constructor(loaded: LoadedState, base: Image, next: Image, hooks: SwapHooks) {
    this.#loaded = loaded;
    this.#hooks = hooks;
    this.#before = base;
    this.#next = next;
    this.application = base.application.name;
    this.from = base.application.version;
    this.to = next.application.version;
    this.changed = compareImages(base, next);
    this.#changes = loaded.slots.compare(unshared(next, base), unshared(base, next));
  }

  get slots(): readonly SlotChange[] {
    return this.#changes.changes;
  }

  get removedSlots(): readonly SlotRemoval[] {
    return this.#changes.removals;
  }

  namespaceOf(id: string): Namespace {
    const module = this.#next.modules.get(id.slice(this.application.length + 1));
    if (module === undefined || module.id !== id) throw new CodeError('code-unknown-module', `version ${this.to} of ${this.application} has no module ${id}`);
    return namespaceOf(module);
  }

  commit(): void {
    this.#expect('prepared', 'commit');
    if (this.#loaded.image !== this.#before) throw new CodeError('code-stale', `${this.application} changed after this swap to ${this.to} was prepared; release it and prepare again`);
    const fresh = unshared(this.#next, this.#before);
    // Once more: since the preparation, new bodies may have imported others dynamically.
    this.#changes = this.#loaded.slots.compare(fresh, unshared(this.#before, this.#next));
    this.#loaded.bind(this.#next);
    this.#undo = this.#loaded.slots.apply(this.#changes, fresh);
    this.#state = 'committed';
    this.#loaded.preparing = false;
  }

  rollback(): void {
    this.#expect('committed', 'rollback');
    if (this.#loaded.image !== this.#next) throw new CodeError('code-stale', `${this.application} was swapped again after ${this.to}; prepare a swap to ${this.from} instead`);
    const before = this.#before!;
    this.#undo();
    this.#loaded.bind(before);
    this.#end(unshared(this.#next, before));
  }

  release(): void {
    this.abort();
    if (this.#state === 'committed') this.#end(unshared(this.#before!, this.#next));
  }

  abort(): void {
    if (this.#state !== 'prepared') return;
    this.#loaded.preparing = false;
    this.#end(unshared(this.#next, this.#before!));
  }

  #expect(state: State, step: string): void {
    if (this.#state !== state) throw new CodeError('code-swap-state', `cannot ${step}: the swap of ${this.application} to ${this.to} is ${this.#state}`);
  }

  #end(retired: readonly CodeModule[]): void {
    this.#state = 'ended';
    this.#hooks.retired(retired);
    this.#before = undefined;
    this.#changes = { changes: [], removals: [] };
    this.#undo = () => {};
  }
}

/** The modules of one version that another does not share. */
function unshared(from: Image, to: Image): CodeModule[] {
  return [...from.modules.values()].filter((module) => to.modules.get(module.path) !== module);
}

function compareImages(before: Image, next: Image): ModuleChange[] {
  const changes: ModuleChange[] = [];
  for (const module of next.modules.values()) {
    const earlier = before.modules.get(module.path);
    changes.push({ id: module.id, kind: earlier === undefined ? 'added' : earlier === module ? 'unchanged' : 'changed' });
  }
  for (const module of before.modules.values()) if (!next.modules.has(module.path)) changes.push({ id: module.id, kind: 'deleted' });
  return changes;
}
