// The keys that sign checkpoints: one file each in keys/ (0600, folder 0700), in the order of their making. The last
// signs, and so do those before it until they are retired, so that who knows only an old key can still check. The
// public halves of all, retired ones too, stand in `vkeys`.
import { join } from 'node:path';

import { inPlace, LedgerError } from '../errors.ts';
import { verifierKeysPath } from '../format/layout.ts';
import { formatSigningKey, formatVerifierKey, hexId, parseSigningKey, signingKey, verifierKeyOf, type SigningKey } from '../format/note.ts';
import { replaceFile, type Files } from './disk/files.ts';
import type { Places } from './places.ts';

export type StoredKey = { readonly file: string; readonly key: SigningKey };

/** A key whose receipt may not be in the log yet. */
const pendingSuffix = '.pending';

export type KeyRing = { readonly keys: readonly StoredKey[]; readonly pending: StoredKey | undefined };

/** Throws `key-lost`, `bad-key`. */
export function readKeys(files: Files, places: Places, origin: string): KeyRing {
  const names = keyFiles(files, places);
  const stored = names.map((file) => ({ file, key: parseKey(files, join(places.keys, file), origin) }));
  const keys = stored.filter(({ file }) => !file.endsWith(pendingSuffix));
  const pending = stored.find(({ file }) => file.endsWith(pendingSuffix));
  if (keys.length === 0) throw new LedgerError('key-lost', `${places.keys} holds no signing key: restore it from a backup; if it is gone for good, have fsck --repair make a new one, which those who verify must then be told`);
  return { keys, pending };
}

export function hasKeys(files: Files, places: Places): boolean {
  return keyFiles(files, places).length > 0;
}

const keyFilePattern = /^\d{4,}-[0-9a-f]{8}(\.pending)?$/;

/** Nothing else that lies there counts: a copy of a key, or a whole backup that was moved into the folder. */
function keyFiles(files: Files, places: Places): string[] {
  return files.list(places.keys).filter((name) => keyFilePattern.test(name)).toSorted();
}

export type DamagedKey = { readonly path: string; readonly message: string };

/** The keys that sign, and the files that hold none of this log, and why. */
export function sortedKeys(files: Files, places: Places, origin: string): { readonly keys: readonly SigningKey[]; readonly damaged: readonly DamagedKey[] } {
  const keys: SigningKey[] = [];
  const damaged: DamagedKey[] = [];
  for (const name of keyFiles(files, places)) {
    const path = join(places.keys, name);
    try {
      const key = parseKey(files, path, origin);
      if (!name.endsWith(pendingSuffix)) keys.push(key);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      damaged.push({ path, message: error.message });
    }
  }
  return { keys, damaged };
}

/** Takes a file out of the keys without destroying what may be left in it. */
export function setKeyAside(files: Files, places: Places, path: string): void {
  files.rename(path, `${path}.damaged`);
  files.syncPath(places.keys);
}

function parseKey(files: Files, path: string, origin: string): SigningKey {
  const key = inPlace(path, () => parseSigningKey((files.read(path) ?? Buffer.alloc(0)).toString()));
  if (key.name !== origin) throw new LedgerError('bad-key', `${path} is a key of ${key.name}, not of ${origin}`);
  return key;
}

export type NewKey = { readonly origin: string; readonly seed: Uint8Array; readonly number: number; readonly isPending?: boolean };

/** Durable when it returns. */
export function writeKey(files: Files, places: Places, { origin, seed, number, isPending = false }: NewKey): StoredKey {
  const key = signingKey({ name: origin, seed });
  const file = `${String(number).padStart(4, '0')}-${hexId(key.id)}${isPending ? pendingSuffix : ''}`;
  replaceFile(files, join(places.keys, file), Buffer.from(`${formatSigningKey(key)}\n`), { mode: 0o600, sync: true });
  return { file, key };
}

/** The pending key's receipt is durable: from now on it signs. */
export function adoptKey(files: Files, places: Places, { file, key }: StoredKey): StoredKey {
  const adopted = file.slice(0, -pendingSuffix.length);
  // Asked again after only the sync failed, it is renamed already.
  if (files.list(places.keys).includes(file)) files.rename(join(places.keys, file), join(places.keys, adopted));
  files.syncPath(places.keys);
  return { file: adopted, key };
}

export function removeKey(files: Files, places: Places, { file }: StoredKey): void {
  if (files.list(places.keys).includes(file)) files.remove(join(places.keys, file));
  files.syncPath(places.keys);
}

export function verifierKeyLines(files: Files, places: Places): string[] {
  return (files.read(join(places.folder, verifierKeysPath)) ?? Buffer.alloc(0)).toString().split('\n').filter((line) => line !== '');
}

/** Adds to `vkeys` what it does not name yet. */
export function writeVerifierKeys(files: Files, places: Places, keys: readonly SigningKey[]): void {
  const path = join(places.folder, verifierKeysPath);
  const known = verifierKeyLines(files, places);
  const all = [...new Set([...known, ...keys.map((key) => formatVerifierKey(verifierKeyOf(key)))])];
  if (all.length > known.length) replaceFile(files, path, Buffer.from(all.map((line) => `${line}\n`).join('')), { sync: true });
}

export function nextKeyNumber(keys: readonly StoredKey[]): number {
  return Math.max(0, ...keys.map(({ file }) => Number.parseInt(file, 10))) + 1;
}
