// A real ledger in a folder, written on as the test asks.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { openWriter, type LedgerWriter } from '../../src/index.ts';
import { draft } from '../../src/testing/log-builder.ts';

export const origin = 'ledger.example/node-1';

export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-export-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openIn(folder: string, name = origin): Promise<LedgerWriter> {
  return openWriter({ folder, origin: name, publishEveryMs: 60_000 });
}

/** Receipts [from, to), published. */
export async function append(writer: LedgerWriter, from: number, to: number): Promise<void> {
  await Promise.all(Array.from({ length: to - from }, (_, at) => writer.append(draft(from + at))));
  await writer.publish();
}

export async function ledgerOf(t: TestContext, size: number, name = origin): Promise<string> {
  const folder = folderFor(t);
  const writer = await openIn(folder, name);
  await append(writer, 0, size);
  await writer.close();
  return folder;
}

export async function writeOn(folder: string, from: number, to: number): Promise<void> {
  const writer = await openWriter({ folder, publishEveryMs: 60_000 });
  await append(writer, from, to);
  await writer.close();
}
