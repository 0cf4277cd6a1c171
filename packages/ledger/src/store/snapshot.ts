// A snapshot: for the first `size` receipts the head of each tenant's chain and the runs that hold their ids, so that
// a start has to read only what came later. May be lost: it is made anew from the receipts.
import { crc32 } from 'node:zlib';

import { hashBytes } from '../format/chain.ts';
import type { RunName } from './ids/id-run.ts';

/** Where a tenant's chain ends. */
export type Head = { readonly count: number; readonly hash: Uint8Array };
export type Heads = Map<string, Head>;
export type Snapshot = { readonly size: number; readonly runs: readonly RunName[]; readonly heads: Heads; readonly prunedBelow?: number };

export function formatSnapshot({ size, runs, heads, prunedBelow }: Snapshot): Buffer {
  const rows = Array.from(heads, ([tenantId, { count, hash }]) => [tenantId, count, Buffer.from(hash.buffer, hash.byteOffset, hashBytes).toString('base64')]);
  const body = JSON.stringify({ version: 1, size, runs, heads: rows, prunedBelow });
  return Buffer.from(`${crc32(body).toString(16)}\n${body}\n`);
}

/** undefined: damaged, cut, or of another version. */
export function parseSnapshot(bytes: Buffer): Snapshot | undefined {
  const [crc, body] = bytes.toString().split('\n');
  if (body === undefined || crc32(body).toString(16) !== crc) return undefined;
  const value = JSON.parse(body) as { version: number; size: number; runs: RunName[]; heads: [string, number, string][]; prunedBelow?: number };
  if (value.version !== 1) return undefined;
  return { ...(value.prunedBelow === undefined ? {} : { prunedBelow: value.prunedBelow }), size: value.size, runs: value.runs, heads: new Map(value.heads.map(([tenantId, count, hash]) => [tenantId, { count, hash: Buffer.from(hash, 'base64') }])) };
}
