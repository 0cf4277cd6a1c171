// The stable place that an upgradable value (a behaviour, an MCP server) is reached through.
// Processes and child specs hold the value or the slot; a code change rebinds the slot.

/** Key of the slot on every upgradable value. */
export const slotKey: unique symbol = Symbol.for('flyball.slot');

export interface ModuleExport {
  readonly module: string;
  readonly export: string;
}

export class Slot<D = unknown> {
  /** The definition that is in force. */
  current: D;
  /** Names the code in force: new at each rebind, the earlier number again after a rollback, never reused. */
  generation = 1;
  /** Where the value is defined; undefined for values of platform code. */
  ref: ModuleExport | undefined = undefined;
  /** While its code is being changed: tasks started meanwhile wait. */
  gated = false;
  /** The slot that the value resolves to: this one, until the value's code took an earlier one's place. */
  #home: Slot<D> = this;

  constructor(definition: D) {
    this.current = definition;
  }

  /** The slot that holders of the value made with this slot get. */
  get home(): Slot<D> {
    return this.#home;
  }

  /** From now on the value made with this slot resolves to `home`. For the code server alone. */
  settle(home: Slot<D>): void {
    this.#home = home;
  }
}

/** Makes a value upgradable: gives it a slot that holds its definition. */
export function upgradable<D, V extends object>(value: V, definition: D): V & { readonly [slotKey]: Slot<D> } {
  const own = new Slot(definition);
  // A getter, so that a value that was frozen meanwhile can still be led to another slot.
  Object.defineProperty(value, slotKey, { get: () => own.home, configurable: true, enumerable: false });
  return value as V & { readonly [slotKey]: Slot<D> };
}

/** The slot of a value, if it is upgradable. */
export function slotOf(value: unknown): Slot | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const slot = (value as { readonly [slotKey]?: unknown })[slotKey];
  return slot instanceof Slot ? slot : undefined;
}
