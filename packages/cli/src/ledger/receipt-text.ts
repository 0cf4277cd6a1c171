/** Receipts as text for people: rows of a table, one in full. What a receipt holds was written by others. Pure. */
import { canonicalJson, type LoggedReceipt } from '@flyball/ledger';

const ROW_HEAD = ['INDEX', 'AT', 'TENANT', 'KIND', 'WHAT', 'SKU', 'ID'] as const;
/** Of columns that hold what authors chose; the time is always 24. */
const CELL_CHARACTERS = 40;
const WIDTHS = [8, 24, 16, 13, 20, 30] as const;

export function receiptHead(): string {
  return row(ROW_HEAD);
}

/** One line, columns as wide as usual: it is printed before the next one is known. */
export function receiptRow({ index, receipt }: LoggedReceipt): string {
  const { at, tenantId, kind, sku, id } = receipt;
  return row([String(index), at, tenantId, kind, whatOf(receipt), sku ?? '-', id]);
}

function row(cells: readonly string[]): string {
  return `${cells.map((cell, at) => printable(cell).padEnd(WIDTHS[at] ?? 0)).join('  ').trimEnd()}\n`;
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
