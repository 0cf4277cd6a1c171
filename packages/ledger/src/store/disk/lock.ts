// One writer at a time, held by the system: an SQLite file locked exclusively (fcntl locks, and SQLite's own table of
// them within one process). A writer that is killed loses it at that moment, so nothing is ever left to clean up.
import { DatabaseSync } from 'node:sqlite';

import { LedgerError } from '../../errors.ts';

export type Lock = { readonly release: () => void };
export type TakeLock = (path: string) => Lock;

const busy = 5;

/** Throws `ledger-locked`, `disk-full`, `disk-read-only` or `disk-failed`. */
export const takeLock: TakeLock = (path) => {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    throw lockError(path, error);
  }
  return { release: () => database.close() };
};

/** SQLITE_FULL: there is no room for the first page of a first start. */
const full = 13;
const readOnlyCodes = new Set([8, 14]);

function lockError(path: string, error: unknown): LedgerError {
  const { errcode } = error as { errcode?: number };
  if (errcode === busy) return new LedgerError('ledger-locked', `${path} is held by another writer: one process at a time may write a ledger; stop that one, or open this one elsewhere`, { cause: error });
  if (errcode !== undefined && readOnlyCodes.has(errcode & 0xff)) return new LedgerError('disk-read-only', `${path} cannot be written: mount the folder for writing, or give this user the right to`, { cause: error });
  if (errcode === full) return new LedgerError('disk-full', `${path} cannot be locked: the disk is full; nothing is lost: make room, and it can be opened`, { cause: error });
  return new LedgerError('disk-failed', `${path} cannot be locked (${(error as Error).message})`, { cause: error });
}
