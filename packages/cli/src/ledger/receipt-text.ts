/** Receipts as text for people: rows of a table, one in full. What a receipt holds was written by others. Pure. */
import { canonicalJson, type LoggedReceipt } from '@flyball/ledger';

const ROW_HEAD = ['INDEX', 'AT', 'TENANT', 'KIND', 'WHAT', 'SKU', 'ID'] as const;
/** Of columns that hold what authors chose; the time is always 24. */
const CELL_CHARACTERS = 40;
const WIDTHS = [8, 24, 16, 13, 20, 30] as const;

/** Below so many columns of a terminal the SKU, mostly the same in each row, is left out. */
const SKU_COLUMNS_MIN = 130;
const SKU_AT = 5;

export interface ReceiptRows {
  head(): string;
  row(logged: LoggedReceipt): string;
}

/** One line a receipt, columns as wide as usual: it is printed before the next one is known. In a terminal none wraps. */
export function receiptRows({ isTTY = false, columns = 0 }: { readonly isTTY?: boolean; readonly columns?: number }): ReceiptRows {
  const columnsMax = isTTY && columns > 0 ? columns : Infinity;
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, at) => printable(cell).padEnd(WIDTHS[at] ?? 0)).filter((_, at) => at !== SKU_AT || columnsMax >= SKU_COLUMNS_MIN);
    return `${printable(padded.join('  ').trimEnd(), columnsMax)}\n`;
  };
  return {
    head: () => line(ROW_HEAD),
    row: ({ index, receipt }) => {
      const { at, tenantId, kind, sku, id } = receipt;
      return line([String(index), at, tenantId, kind, whatOf(receipt), sku ?? '-', id]);
    },
  };
}

function whatOf({ stateFrom, stateTo, event }: LoggedReceipt['receipt']): string {
  if (typeof stateTo === 'string') return `${stateFrom ?? ''} → ${stateTo}`.trim();
  return typeof event === 'string' ? event : '-';
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
