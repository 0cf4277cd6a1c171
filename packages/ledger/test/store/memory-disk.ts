// A disk in memory that can fail, tear and lose power: what was written is durable only where it was synced, folder by
// folder and sector by sector; a failed sync forgets what it should have written, as Linux does.
import { dirname } from 'node:path';

import { seededRandom, type Random } from '@flyball/kernel';

import type { BackgroundFiles, FileChange } from '../../src/store/disk/files.ts';
import { BackgroundWork, changing, syncing } from './background-work.ts';

const sectorBytes = 512;

type FileNode = { readonly kind: 'file'; bytes: Buffer; durable: Buffer; dirty: Set<number>; mode: number };
type FolderNode = { readonly kind: 'folder' };
type Node = FileNode | FolderNode;

/** What became of everything that was not synced when the power went. */
export const powerLosses = ['kept', 'lost', 'mixed'] as const;
export type PowerLoss = (typeof powerLosses)[number];
export const faultKinds = ['no-space', 'io-error', 'short', 'crash-before', 'crash-after'] as const;
export type FaultKind = (typeof faultKinds)[number];
export type Fault = { readonly at: number; readonly kind: FaultKind };

export class PowerFailure extends Error {}

export class MemoryDisk implements BackgroundFiles {
  #nodes = new Map<string, Node>([['/', { kind: 'folder' }]]);
  #durable = new Map<string, Node>(this.#nodes);
  readonly #open = new Map<number, FileNode>();
  #lastFile = 2;
  #fault: Fault | undefined;
  #isOff = false;
  /** Takes no new file and no longer one. */
  isFull = false;
  isReadOnly = false;
  /** Called after each rename, with the new path. */
  onRename: (path: string) => void = () => {};
  readonly #background: BackgroundWork;
  /** Calls so far that change something. */
  changes = 0;
  /** What each was, for the reader of a failed test. */
  readonly journal: string[] = [];

  /** `random` chooses when background work goes on. */
  constructor(random: Random = seededRandom(1)) {
    this.#background = new BackgroundWork(random);
  }

  holdSyncs(): void {
    this.#background.holdsSyncs = true;
  }

  inject(fault: Fault | undefined): void {
    this.#fault = fault && { ...fault, at: this.changes + fault.at };
  }

  get hasFailed(): boolean {
    return this.#fault !== undefined && this.changes >= this.#fault.at;
  }

  /** Power off and on again. */
  restart(loss: PowerLoss, random: Random): void {
    const choose = () => loss === 'kept' || (loss === 'mixed' && random.below(2) === 0);
    const nodes = new Map<string, Node>();
    for (const path of [...new Set([...this.#nodes.keys(), ...this.#durable.keys()])].toSorted()) {
      const [now, before] = [this.#nodes.get(path), this.#durable.get(path)];
      const node = now === before || choose() ? now : before;
      if (node !== undefined && (path === '/' || nodes.has(dirname(path)))) nodes.set(path, node);
    }
    for (const node of new Set(nodes.values())) if (node.kind === 'file') settle(node, choose);
    this.#nodes = nodes;
    this.#durable = new Map(nodes);
    this.#open.clear();
    // What was under way when the power went does not go on when it is back.
    this.#background.holdsSyncs = false;
    this.#background.end(new PowerFailure('the power was off'));
    this.#isOff = false;
    this.#fault = undefined;
  }

  makeFolder(path: string): void {
    this.#change(`makeFolder ${path}`, () => {
      if (this.#nodes.get(dirname(path)) === undefined) throw systemError('ENOENT');
      if (!this.#nodes.has(path)) this.#nodes.set(path, { kind: 'folder' });
    });
  }

  list(path: string): string[] {
    this.#check();
    const under = path === '/' ? '/' : `${path}/`;
    return [...this.#nodes.keys()].filter((name) => name !== '/' && name.startsWith(under) && !name.slice(under.length).includes('/')).map((name) => name.slice(under.length)).toSorted();
  }

  read(path: string): Buffer | undefined {
    this.#check();
    const node = this.#nodes.get(path);
    return node?.kind === 'file' ? Buffer.from(node.bytes) : undefined;
  }

  readAt(file: number, into: Uint8Array, position: number): number {
    this.#check();
    return this.#file(file).bytes.copy(into, 0, position);
  }

  sizeOf(file: number): number {
    return this.#file(file).bytes.length;
  }

  open(path: string, purpose: 'read' | 'write', mode = 0o644): number {
    this.#check();
    if (!this.#nodes.has(path)) {
      if (purpose === 'read' || !this.#nodes.has(dirname(path))) throw systemError('ENOENT');
      if (this.isFull) throw systemError('ENOSPC');
      this.#change(`create ${path}`, () => this.#nodes.set(path, { kind: 'file', bytes: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: new Set(), mode }));
    }
    this.#lastFile += 1;
    this.#open.set(this.#lastFile, this.#nodes.get(path) as FileNode);
    return this.#lastFile;
  }

  close(file: number): void {
    this.#check();
    if (!this.#open.delete(file)) throw systemError('EBADF');
  }

  writeAt(file: number, bytes: Uint8Array, position: number): number {
    const node = this.#file(file);
    let written = bytes.length;
    if (this.isFull && position + bytes.length > node.bytes.length) throw systemError('ENOSPC');
    this.#change(`write ${bytes.length} at ${position}`, (kind) => {
      if (kind === 'short') written = Math.max(1, Math.floor(bytes.length / 3));
      write(node, bytes.subarray(0, written), position);
    });
    return written;
  }

  sync(file: number): void {
    this.#syncNode(this.#file(file), 'sync');
  }

  syncPath(path: string): void {
    const node = this.#nodes.get(path);
    if (node === undefined) throw systemError('ENOENT');
    if (node.kind === 'file') return this.#syncNode(node, `sync ${path}`);
    this.#change(`syncPath ${path}`, () => {
      for (const other of new Set([...this.#nodes.keys(), ...this.#durable.keys()])) {
        if (other === path || dirname(other) !== path) continue;
        const now = this.#nodes.get(other);
        if (now === undefined) this.#durable.delete(other);
        else this.#durable.set(other, now);
      }
    });
  }

  syncLater(paths: readonly string[]): Promise<void> {
    return this.#background.ask('sync', syncing(this, paths));
  }

  changeLater(changes: readonly FileChange[]): Promise<void> {
    return this.#background.ask('change', changing(this, changes.map((change) => ('write' in change ? { ...change, bytes: Buffer.from(change.bytes) } : change))));
  }

  rename(from: string, to: string): void {
    this.#change(`rename ${from} ${to}`, () => {
      const node = this.#nodes.get(from);
      if (node === undefined) throw systemError('ENOENT');
      this.#nodes.set(to, node);
      this.#nodes.delete(from);
    });
    this.onRename(to);
  }

  remove(path: string): void {
    this.#change(`remove ${path}`, () => {
      if (this.#nodes.get(path)?.kind !== 'file') throw systemError('ENOENT');
      this.#nodes.delete(path);
    });
  }

  removeFolder(path: string): void {
    this.#change(`removeFolder ${path}`, () => {
      if (this.list(path).length > 0) throw systemError('ENOTEMPTY');
      this.#nodes.delete(path);
    });
  }

  /** All files by path, as they are now. */
  files(): Map<string, Buffer> {
    return new Map([...this.#nodes].filter((entry): entry is [string, FileNode] => entry[1].kind === 'file').map(([path, { bytes }]) => [path, bytes]));
  }

  modeOf(path: string): number | undefined {
    const node = this.#nodes.get(path);
    return node?.kind === 'file' ? node.mode : undefined;
  }

  /** Changes a file behind the writer's back, durably. */
  tamper(path: string, change: (bytes: Buffer) => Buffer | undefined): void {
    const node = this.#nodes.get(path) as FileNode;
    const bytes = change(Buffer.from(node.bytes));
    if (bytes === undefined) {
      this.#nodes.delete(path);
      this.#durable.delete(path);
    } else Object.assign(node, { bytes, durable: Buffer.from(bytes), dirty: new Set() });
  }

  #syncNode(node: FileNode, what: string): void {
    const dirty = node.dirty;
    this.#change(what, () => makeDurable(node, dirty), () => {
      // The pages count as clean although they never reached the disk.
      node.dirty = new Set();
    });
  }

  #file(file: number): FileNode {
    this.#check();
    return this.#open.get(file) ?? raise(systemError('EBADF'));
  }

  #check(): void {
    if (this.#isOff) throw new PowerFailure('the power is off');
  }

  #change(what: string, act: (kind?: FaultKind) => void, onError?: () => void): void {
    // What goes on in the background does so between any two calls, those of a commit too.
    this.#background.interleave();
    this.#check();
    if (this.isReadOnly) throw systemError('EROFS');
    this.changes += 1;
    this.journal.push(what);
    const kind = this.#fault?.at === this.changes ? this.#fault.kind : undefined;
    if (kind === 'crash-before') this.#off();
    if (kind === 'no-space' || kind === 'io-error') {
      onError?.();
      throw systemError(kind === 'no-space' ? 'ENOSPC' : 'EIO');
    }
    act(kind);
    if (kind === 'crash-after') this.#off();
  }

  #off(): never {
    this.#isOff = true;
    throw new PowerFailure('the power went');
  }
}

function write(node: FileNode, bytes: Uint8Array, position: number): void {
  const end = position + bytes.length;
  if (end > node.bytes.length) node.bytes = Buffer.concat([node.bytes, Buffer.alloc(end - node.bytes.length)]);
  node.bytes.set(bytes, position);
  for (let sector = Math.floor(position / sectorBytes); sector * sectorBytes < end; sector += 1) node.dirty.add(sector);
}

function makeDurable(node: FileNode, sectors: ReadonlySet<number>): void {
  if (node.durable.length < node.bytes.length) node.durable = Buffer.concat([node.durable, Buffer.alloc(node.bytes.length - node.durable.length)]);
  for (const sector of sectors) node.bytes.copy(node.durable, sector * sectorBytes, sector * sectorBytes, (sector + 1) * sectorBytes);
  node.dirty = new Set();
}

/** After the power came back: of each sector that was not durable either version, or the file as short as it was. */
function settle(node: FileNode, choose: () => boolean): void {
  if (choose()) makeDurable(node, new Set([...node.dirty].filter(choose)));
  node.bytes = Buffer.from(node.durable);
  node.dirty = new Set();
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the test wants it`), { code });
}

function raise(error: Error): never {
  throw error;
}
