// Leads the upgradable values of all versions of a module to one slot for each export: the canonical
// one, made by the first version that had it. Whoever holds a value of any version reaches the
// definition in force.
import type { CodeModule, Upgradable } from './code-module.ts';
import type { Namespace } from './facade.ts';
import { isPlatformSlot } from './native.ts';
import { slotOf, type ModuleExport, type Slot } from './slot.ts';

/** One upgradable value whose definition a swap replaces. */
export interface SlotChange {
  readonly ref: ModuleExport;
  /** The canonical slot, which processes hold. */
  readonly slot: Slot;
  /** Definition in force before the swap. */
  readonly previous: unknown;
  /** Definition that the swap puts in force. */
  readonly next: unknown;
}

/** One upgradable value that the next version has no more; its slot keeps its definition. */
export interface SlotRemoval {
  readonly ref: ModuleExport;
  readonly slot: Slot;
}

interface Change extends SlotChange {
  /** The slot that the new value was made with. */
  readonly made: Slot;
  /** Undoes it. */
  undo?: { readonly current: unknown; readonly generation: number; readonly ref: ModuleExport | undefined };
}

export interface SlotChanges {
  readonly changes: readonly Change[];
  readonly removals: readonly SlotRemoval[];
}

/** Names the slots of what a body exports. A value that another module exports already is that one's. */
export function collectUpgradables(module: string, names: readonly string[], namespace: Namespace): Upgradable[] {
  const found = new Map<Slot, string[]>();
  for (const name of names) {
    const slot = slotOf(namespace[name]);
    if (slot === undefined || isPlatformSlot(slot) || (slot.ref !== undefined && slot.ref.module !== module)) continue;
    slot.ref ??= { module, export: name };
    found.set(slot, [...(found.get(slot) ?? []), name]);
  }
  return [...found].map(([slot, exported]) => ({ slot, names: exported }));
}

export class SlotTable {
  /** By module and export. Weak: once nobody holds a slot of a dropped export, nobody can miss it. */
  #canonical = new Map<string, WeakRef<Slot>>();
  /** Highest number each slot had, so that one is never given twice. */
  readonly #generations = new WeakMap<Slot, number>();

  find(ref: ModuleExport): Slot | undefined {
    return this.#canonical.get(keyOf(ref))?.deref();
  }

  /** What taking over from `before` would change. Changes nothing. */
  compare(fresh: readonly CodeModule[], before: readonly CodeModule[]): SlotChanges {
    const changes = fresh.flatMap((module) => module.upgradables.flatMap((value) => this.#change(module.id, value)));
    const going = new Set(changes.map((change) => change.slot));
    const staying = new Set(fresh.flatMap((module) => module.upgradables.map((value) => value.slot)));
    const removals = before.flatMap((module) => module.upgradables.map((value) => value.slot.home)).filter((slot) => !going.has(slot) && !staying.has(slot));
    return { changes, removals: removals.map((slot) => ({ slot, ref: slot.ref! })) };
  }

  #change(module: string, { slot: made, names }: Upgradable): Change[] {
    const candidates = names.map((name) => ({ name, slot: this.find({ module, export: name }) })).filter(({ slot }) => slot !== undefined && slot !== made);
    // Under several names: the one by which processes know it.
    const chosen = candidates.find(({ name, slot }) => slot!.ref?.export === name) ?? candidates[0];
    if (chosen === undefined) return [];
    return [{ ref: { module, export: chosen.name }, slot: chosen.slot!, previous: chosen.slot!.current, next: made.current, made }];
  }

  /** Synchronous. Answers what undoes it. */
  apply({ changes }: SlotChanges, fresh: readonly CodeModule[]): () => void {
    const before = this.#canonical;
    this.#canonical = new Map([...before].filter(([, slot]) => slot.deref() !== undefined));
    for (const change of changes) this.#apply(change);
    for (const { id, upgradables } of fresh) {
      for (const { slot, names } of upgradables) for (const name of names) this.#canonical.set(keyOf({ module: id, export: name }), new WeakRef(slot.home));
    }
    return () => {
      this.#canonical = before;
      for (const change of changes) undo(change);
    };
  }

  #apply(change: Change): void {
    const { slot, made, next, ref } = change;
    const { current, generation } = slot;
    change.undo = { current, generation, ref: slot.ref };
    slot.current = next;
    slot.generation = Math.max(generation, this.#generations.get(slot) ?? 1) + 1;
    this.#generations.set(slot, slot.generation);
    slot.ref = ref;
    made.settle(slot);
  }
}

function undo({ slot, made, undo }: Change): void {
  if (undo === undefined) return;
  slot.current = undo.current;
  slot.generation = undo.generation;
  slot.ref = undo.ref;
  made.settle(made);
}

const keyOf = (ref: ModuleExport): string => `${ref.module}#${ref.export}`;
