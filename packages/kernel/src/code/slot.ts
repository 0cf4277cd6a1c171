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
  /** Bumped at every rebind: tells which handlers began under earlier code. */
  generation = 1;
  /** Where the value is defined; undefined for values of platform code. */
  ref: ModuleExport | undefined = undefined;
  /** While its code is being changed: processes started meanwhile wait. */
  gated = false;

  constructor(definition: D) {
    this.current = definition;
  }
}

/** Makes a value upgradable: gives it a slot that holds its definition. */
export function upgradable<D, V extends object>(value: V, definition: D): V & { readonly [slotKey]: Slot<D> } {
  Object.defineProperty(value, slotKey, { value: new Slot(definition), configurable: true, enumerable: false, writable: false });
  return value as V & { readonly [slotKey]: Slot<D> };
}
