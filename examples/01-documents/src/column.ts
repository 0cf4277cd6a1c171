/**
 * Numbers that grow, 4 bytes each. An index of millions of entries is built in these: arrays of numbers
 * would take several times as much meanwhile. Only the one that builds an index holds any.
 */
export interface Column {
  values: Uint32Array;
  length: number;
}

export function newColumn(): Column {
  return { values: new Uint32Array(1_024), length: 0 };
}

export function push(column: Column, value: number): void {
  if (column.length === column.values.length) {
    const grown = new Uint32Array(column.length * 2);
    grown.set(column.values);
    column.values = grown;
  }
  column.values[column.length] = value;
  column.length += 1;
}

export function valuesOf(column: Column): Uint32Array {
  return column.values.slice(0, column.length);
}
