/** Receipts as text for people: rows of a table, one in full. What a receipt holds was written by others. Pure. */
import { canonicalJson, type LoggedReceipt } from '@flyball/ledger';

/** Of cells that hold what authors chose. */
const CELL_CHARACTERS = 40;

interface Column {
  readonly head: string;
  readonly width: number;
  /** Left out in a terminal that has fewer columns. */
  readonly columnsMin: number;
  cell(logged: LoggedReceipt, columns: number): string;
}

const SECONDS = '2026-11-20T00:00:00'.length;
const MILLISECONDS_COLUMNS_MIN = 92;
const KIND_COLUMNS_MIN = 112;

const COLUMNS: readonly Column[] = [
  { head: 'INDEX', width: 8, columnsMin: 0, cell: ({ index }) => String(index) },
  { head: 'AT', width: 24, columnsMin: MILLISECONDS_COLUMNS_MIN, cell: ({ receipt: { at } }) => at },
  { head: 'TENANT', width: 16, columnsMin: 0, cell: ({ receipt: { tenantId } }) => tenantId },
  { head: 'KIND', width: 13, columnsMin: KIND_COLUMNS_MIN, cell: ({ receipt: { kind } }) => kind },
  { head: 'WHAT', width: 24, columnsMin: 0, cell: ({ receipt }, columns) => whatOf(receipt) ?? (columns < KIND_COLUMNS_MIN ? receipt.kind : '-') },
  { head: 'SKU', width: 30, columnsMin: 142, cell: ({ receipt: { sku } }) => sku ?? '-' },
  { head: 'ID', width: 0, columnsMin: 0, cell: ({ receipt: { id } }) => id },
];
const SHORT_TIME: Column = { head: 'AT', width: SECONDS, columnsMin: 0, cell: ({ receipt: { at } }) => at.slice(0, SECONDS) };

export interface ReceiptRows {
  head(): string;
  row(logged: LoggedReceipt): string;
}

/**
 * One line a receipt, columns as wide as usual: it is printed before the next one is known. In a terminal no line wraps:
 * what `show` tells of a receipt by its index is left out or cut.
 */
export function receiptRows({ isTTY = false, columns: terminalColumns = 0 }: { readonly isTTY?: boolean; readonly columns?: number }): ReceiptRows {
  const columns = isTTY && terminalColumns > 0 ? terminalColumns : Infinity;
  const shown = COLUMNS.map((column) => (column.head === 'AT' && columns < column.columnsMin ? SHORT_TIME : column)).filter(({ columnsMin }) => columns >= columnsMin);
  const line = (cellOf: (column: Column) => string): string => {
    const cells = shown.map((column) => printable(cellOf(column)).padEnd(column.width));
    return `${printable(cells.join('  ').trimEnd(), columns)}\n`;
  };
  return { head: () => line(({ head }) => head), row: (logged) => line(({ cell }) => cell(logged, columns)) };
}

function whatOf({ stateFrom, stateTo, event }: LoggedReceipt['receipt']): string | undefined {
  if (typeof stateTo === 'string') return `${stateFrom ?? ''} → ${stateTo}`.trim();
  return typeof event === 'string' ? event : undefined;
}

/** Without what would steer a terminal, and not longer than a column. */
export function printable(text: string, charactersMax = CELL_CHARACTERS): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '�');
  return plain.length <= charactersMax ? plain : `${plain.slice(0, charactersMax - 1)}…`;
}

const LINE_CHARACTERS = 10_000;

export function receiptInFull({ index, receipt, receiptHash, chainHash }: LoggedReceipt): string {
  const rows: [string, string][] = [['index', String(index)], ['receipt hash', receiptHash], ['chain hash', chainHash]];
  for (const [name, value] of Object.entries(receipt)) rows.push([name, typeof value === 'string' ? value : canonicalJson(value)]);
  return rows.map(([name, value]) => `${`${printable(name)}:`.padEnd(18)}${printable(value, LINE_CHARACTERS)}\n`).join('');
}
