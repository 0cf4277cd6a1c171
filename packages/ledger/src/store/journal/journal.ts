// The journal: a few segments of fixed length that are written over in turn, so that committing changes no file's
// length (an fdatasync without a commit of the file system's own journal) and the journal stays small. A segment is
// free once all its entries stand in entry bundles that are durable. Which frames count is decided by their content
// alone, never by the names of files.
import { join } from 'node:path';

import { LedgerError } from '../../errors.ts';
import { asLedgerError, writeFully, type BackgroundFiles, type Files } from '../disk/files.ts';
import type { Sizes } from '../sizes.ts';
import { blockBytes, frameAt, frameBytes, type Frame } from './frame.ts';

const segmentsMin = 2;

type Segment = {
  readonly name: number;
  readonly file: number;
  /** Where the next frame goes. */
  offset: number;
  first: number;
  /** One past the last entry in it. */
  end: number;
};

export type JournalDamage = { readonly path: string; readonly offset: number; readonly after: number; readonly next: number };

export class Journal {
  readonly #files: Files;
  readonly #folder: string;
  readonly #salt: number;
  readonly #sizes: Sizes;
  #segments: Segment[] = [];
  #current: Segment | undefined;
  #isBroken = false;
  /** The name of the segment that is being added meanwhile. */
  #adding: number | undefined;

  constructor({ files, folder, salt, sizes }: { readonly files: Files; readonly folder: string; readonly salt: number; readonly sizes: Sizes }) {
    this.#files = files;
    this.#folder = folder;
    this.#salt = salt;
    this.#sizes = sizes;
  }

  /** Opens what is there and returns the frames that hang together up to the newest, oldest first. Writes nothing. */
  open({ isReadOnly = false }: { readonly isReadOnly?: boolean } = {}): { readonly frames: readonly Frame[]; readonly damage: JournalDamage | undefined } {
    const names = this.#files.list(this.#folder).filter((name) => /^\d+$/.test(name)).map(Number).toSorted((a, b) => a - b);
    const scans = names.map((name) => this.#scan(name, isReadOnly ? 'read' : 'write'));
    this.#segments = scans.map(({ segment }) => segment);
    const filled = scans.filter(({ frames }) => frames.length > 0).toSorted((a, b) => b.segment.end - a.segment.end);
    this.#current = filled[0]?.segment;
    const kept: Frame[][] = [];
    for (const { frames, segment } of filled) {
      if (kept.length > 0 && segment.end !== kept.at(-1)![0]!.first) break;
      kept.push([...frames]);
    }
    const frames = kept.reverse().flat();
    return { frames, damage: damageIn(scans.flatMap(({ suspects }) => suspects), frames.at(-1)) };
  }

  /** Every whole frame that can be found, in whatever order: for fsck, when `open` found damage. */
  salvage(): readonly Frame[] {
    return this.#files.list(this.#folder).filter((name) => /^\d+$/.test(name)).flatMap((name) => {
      const path = join(this.#folder, name);
      return suspectsIn({ path, bytes: this.#files.read(path) ?? Buffer.alloc(0), from: 0, salt: this.#salt });
    });
  }

  /** Writes the last frame again and syncs: a sync that failed before the restart may have left it in memory only. */
  settle(last: Frame | undefined): void {
    const current = this.#current;
    if (current === undefined || last === undefined) return;
    const length = frameBytes(last.body.length);
    const bytes = Buffer.alloc(length);
    this.#files.readAt(current.file, bytes, current.offset - length);
    writeFully(this.#files, current.file, bytes, current.offset - length);
    this.#files.sync(current.file);
  }

  /** Makes sure that a start is never held up by the first appends. */
  prepare(): void {
    while (this.#segments.length < segmentsMin) this.#addSegment();
  }

  /** Whether the current segment fills up and no other one is free: time to `addSegmentLater`. */
  needsSegment(durableEnd: number): boolean {
    const current = this.#current;
    if (current === undefined || current.offset < this.#sizes.segmentBytes / 2) return false;
    return this.#segments.length < this.#sizes.segmentsMax && this.#freeSegment(durableEnd) === undefined;
  }

  /** Adds a segment while others are written: no commit waits for it. One at a time. */
  async addSegmentLater(files: BackgroundFiles): Promise<void> {
    const name = this.#freeName();
    this.#adding = name;
    try {
      await files.changeLater([{ write: this.#path(name), bytes: new Uint8Array(this.#sizes.segmentBytes) }]);
      await files.syncLater([this.#path(name), this.#folder]);
      this.#segments.push(this.#newSegment(name));
    } finally {
      this.#adding = undefined;
    }
  }

  /** Whether a frame finds room without a bundle becoming durable first. */
  hasRoom(bodyBytes: number, durableEnd: number): boolean {
    if (this.#current !== undefined && this.#current.offset + frameBytes(bodyBytes) <= this.#sizes.segmentBytes) return true;
    return this.#segments.length < this.#sizes.segmentsMax || this.#freeSegment(durableEnd) !== undefined;
  }

  /** Whether so little is free that appending should wait until more bundles are durable. */
  isShortOfRoom(durableEnd: number): boolean {
    const taken = this.#segments.filter((segment) => segment === this.#current || segment.end > durableEnd).length;
    return taken > this.#sizes.segmentsMax / 2;
  }

  /** Durable when it returns. Whatever it throws, nothing was appended. */
  append(frame: Frame, sealed: Uint8Array, durableEnd: number): void {
    if (this.#isBroken) throw new LedgerError('disk-failed', 'the journal could not be synced before; the ledger must be opened again, which checks it');
    const segment = this.#segmentFor(sealed.length, durableEnd);
    writeFully(this.#files, segment.file, sealed, segment.offset);
    this.#sync(segment.file);
    if (segment.offset === 0) segment.first = frame.first;
    segment.offset += sealed.length;
    segment.end = frame.first + frame.count;
    this.#current = segment;
  }

  /** Removes segments that nobody needs any more, down to as few as a start makes. */
  trim(durableEnd: number): void {
    for (const segment of this.#segments) {
      if (this.#segments.length <= segmentsMin) return;
      if (segment === this.#current || segment.end > durableEnd) continue;
      this.#segments = this.#segments.filter((one) => one !== segment);
      this.#files.close(segment.file);
      this.#files.remove(this.#path(segment.name));
    }
  }

  get bytes(): number {
    return this.#segments.length * this.#sizes.segmentBytes;
  }

  close(): void {
    for (const { file } of this.#segments) this.#files.close(file);
    this.#segments = [];
    this.#current = undefined;
  }

  // After a failed fdatasync nobody knows what is on disk (fsyncgate, PostgreSQL 2018): only a new start may go on.
  #sync(file: number): void {
    try {
      this.#files.sync(file);
    } catch (error) {
      this.#isBroken = true;
      throw new LedgerError('journal-sync-failed', 'the journal could not be synced: the receipts of this commit are not acknowledged, and the ledger must be opened again', { cause: asLedgerError(error, 'syncing the journal') });
    }
  }

  #segmentFor(length: number, durableEnd: number): Segment {
    const current = this.#current;
    if (current !== undefined && current.offset + length <= this.#sizes.segmentBytes) return current;
    const free = this.#freeSegment(durableEnd) ?? this.#addSegment();
    free.offset = 0;
    return free;
  }

  #freeSegment(durableEnd: number): Segment | undefined {
    return this.#segments.find((segment) => segment !== this.#current && segment.end <= durableEnd);
  }

  // Filled with zeros, so that its length and its blocks are settled before the first receipt relies on them.
  #addSegment(): Segment {
    if (this.#segments.length >= this.#sizes.segmentsMax) throw new LedgerError('disk-full', `the journal is at its limit of ${this.#sizes.segmentsMax} segments because entry bundles could not be made durable; make room on the disk`);
    const name = this.#freeName();
    const segment = this.#newSegment(name);
    try {
      writeFully(this.#files, segment.file, Buffer.alloc(this.#sizes.segmentBytes));
      this.#files.sync(segment.file);
      this.#files.syncPath(this.#folder);
    } catch (error) {
      this.#files.close(segment.file);
      throw error;
    }
    this.#segments.push(segment);
    return segment;
  }

  #newSegment(name: number): Segment {
    return { name, file: this.#files.open(this.#path(name), 'write'), offset: 0, first: 0, end: 0 };
  }

  #freeName(): number {
    const taken = new Set([...this.#segments.map(({ name }) => name), this.#adding]);
    for (let name = 0; ; name += 1) if (!taken.has(name)) return name;
  }

  #scan(name: number, purpose: 'read' | 'write'): Scan {
    const path = this.#path(name);
    const bytes = this.#files.read(path) ?? Buffer.alloc(0);
    const frames: Frame[] = [];
    let offset = 0;
    for (let next = frameAt(bytes, 0, this.#salt); next !== undefined; next = frameAt(bytes, offset, this.#salt)) {
      const last = frames.at(-1);
      if (!next.isWhole || (last !== undefined && next.first !== last.first + last.count)) break;
      frames.push(next);
      offset += frameBytes(next.body.length);
    }
    const end = frames.length === 0 ? 0 : frames.at(-1)!.first + frames.at(-1)!.count;
    const segment: Segment = { name, file: this.#files.open(path, purpose), offset, first: frames[0]?.first ?? 0, end };
    return { segment, frames, suspects: suspectsIn({ path, bytes, from: offset, salt: this.#salt }) };
  }

  #path(name: number): string {
    return join(this.#folder, String(name));
  }
}

type Suspect = Frame & { readonly path: string; readonly offset: number };
type Scan = { readonly segment: Segment; readonly frames: readonly Frame[]; readonly suspects: readonly Suspect[] };

/** Whole frames that stand after the place where reading had to stop. */
function suspectsIn({ path, bytes, from, salt }: { readonly path: string; readonly bytes: Buffer; readonly from: number; readonly salt: number }): Suspect[] {
  const suspects: Suspect[] = [];
  for (let offset = from; offset < bytes.length; offset += blockBytes) {
    const frame = frameAt(bytes, offset, salt);
    if (frame?.isWhole) suspects.push({ ...frame, path, offset });
  }
  return suspects;
}

// Frames of an earlier use of the segment are older than the newest one; a frame newer than it was acknowledged, and
// what should lead to it was changed or torn out.
function damageIn(suspects: readonly Suspect[], last: Frame | undefined): JournalDamage | undefined {
  const after = last === undefined ? 0 : last.first + last.count;
  const lost = suspects.filter(({ first }) => first >= after).toSorted((a, b) => a.first - b.first)[0];
  return lost && { path: lost.path, offset: lost.offset, after, next: lost.first };
}
