// A run: a file of (id hash, index) sorted by hash, in pages of 4 KiB that each carry a checksum, then the filter and
// the first hash of each page, which stay in memory: about 1.4 bytes an id. Written once, never changed.
import { crc32 } from 'node:zlib';

import { LedgerError } from '../../errors.ts';
import { writeFully, type Files } from '../disk/files.ts';
import { addToFilter, filterMayHold, filterWords } from './id-filter.ts';

const pageBytes = 4096;
/** 290 × (8 + 6) bytes, a count and a checksum. */
export const idsPerPage = 290;
const lowAt = idsPerPage * 8;
const highAt = lowAt + idsPerPage * 4;
const countAt = pageBytes - 8;
const crcAt = pageBytes - 4;
const chunkPages = 16;

export type RunName = { readonly name: string; readonly level: number; readonly ids: number };

export type Page = { readonly count: number; readonly hashes: Float64Array; readonly bytes: Buffer };

export function pageIndex({ bytes }: Page, at: number): number {
  return bytes.readUInt16LE(highAt + at * 2) * 2 ** 32 + bytes.readUInt32LE(lowAt + at * 4);
}

const pagesOf = (ids: number): number => Math.ceil(ids / idsPerPage);

/** A run that is being written. */
export type NewRun = { readonly name: string; readonly path: string; readonly ids: number; readonly writer: RunWriter };

/** Writes a run; `ids` must be exact, and hashes come in rising order. */
export class RunWriter {
  readonly #files: Files;
  readonly #path: string;
  readonly #file: number;
  #isFinished = false;
  readonly #ids: number;
  readonly #filter: Uint32Array;
  readonly #fences: Float64Array;
  readonly #chunk = Buffer.alloc(pageBytes * chunkPages);
  readonly #hashes = new Float64Array(this.#chunk.buffer, this.#chunk.byteOffset, this.#chunk.length / 8);
  #added = 0;
  #written = 0;

  constructor(files: Files, path: string, ids: number) {
    this.#files = files;
    this.#path = path;
    this.#ids = ids;
    this.#filter = new Uint32Array(filterWords(ids));
    this.#fences = new Float64Array(pagesOf(ids));
    this.#file = files.open(path, 'write');
  }

  add(hash: number, index: number): void {
    const slot = this.#added % idsPerPage;
    const page = Math.floor(this.#added / idsPerPage);
    const base = (page % chunkPages) * pageBytes;
    if (slot === 0) this.#fences[page] = hash;
    this.#hashes[base / 8 + slot] = hash;
    this.#chunk.writeUInt32LE(index % 2 ** 32, base + lowAt + slot * 4);
    this.#chunk.writeUInt16LE(Math.floor(index / 2 ** 32), base + highAt + slot * 2);
    addToFilter(this.#filter, hash);
    this.#added += 1;
    if (slot + 1 === idsPerPage || this.#added === this.#ids) this.#sealPage(base, slot + 1);
    if (this.#added % (idsPerPage * chunkPages) === 0 || this.#added === this.#ids) this.#writeChunk(base + pageBytes);
  }

  /** Closes the file, which is not synced yet. */
  finish(): void {
    const [filter, fences] = [bytesOf(this.#filter), bytesOf(this.#fences)];
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(crc32(fences, crc32(filter)));
    writeFully(this.#files, this.#file, Buffer.concat([filter, fences, crc]), this.#written);
    this.#isFinished = true;
    this.#files.close(this.#file);
  }

  /** Closes and removes the file; what cannot be removed now the next start removes. */
  discard(): void {
    try {
      if (!this.#isFinished) this.#files.close(this.#file);
      this.#files.remove(this.#path);
    } catch {
      // As said.
    }
  }

  #sealPage(base: number, count: number): void {
    this.#chunk.writeUInt16LE(count, base + countAt);
    this.#chunk.writeUInt32LE(crc32(this.#chunk.subarray(base, base + crcAt)), base + crcAt);
  }

  #writeChunk(length: number): void {
    writeFully(this.#files, this.#file, this.#chunk.subarray(0, length), this.#written);
    this.#written += length;
    this.#chunk.fill(0);
  }
}

export class Run {
  readonly name: string;
  readonly level: number;
  readonly ids: number;
  readonly #files: Files;
  readonly #file: number;
  readonly #filter: Uint32Array;
  readonly #fences: Float64Array;
  readonly #page: Buffer = Buffer.alloc(pageBytes);

  private constructor(files: Files, { name, level, ids }: RunName, memory: { readonly file: number; readonly filter: Uint32Array; readonly fences: Float64Array }) {
    this.#files = files;
    this.name = name;
    this.level = level;
    this.ids = ids;
    this.#file = memory.file;
    this.#filter = memory.filter;
    this.#fences = memory.fences;
  }

  /** Throws `index-damaged`. */
  static open(files: Files, path: string, run: RunName): Run {
    const file = files.open(path, 'read');
    const [filterBytes, fenceBytes] = [filterWords(run.ids) * 4, pagesOf(run.ids) * 8];
    const tail = Buffer.alloc(filterBytes + fenceBytes + 4);
    const start = pagesOf(run.ids) * pageBytes;
    const isWhole = files.sizeOf(file) === start + tail.length && files.readAt(file, tail, start) === tail.length;
    if (!isWhole || crc32(tail.subarray(0, -4)) !== tail.readUInt32LE(tail.length - 4)) {
      files.close(file);
      throw damaged(path);
    }
    const filter = new Uint32Array(tail.buffer.slice(tail.byteOffset, tail.byteOffset + filterBytes));
    const fences = new Float64Array(tail.buffer.slice(tail.byteOffset + filterBytes, tail.byteOffset + filterBytes + fenceBytes));
    return new Run(files, run, { file, filter, fences });
  }

  mayHold(hash: number): boolean {
    return filterMayHold(this.#filter, hash);
  }

  /** The indexes recorded under a hash: none, one, hardly ever more. */
  find(hash: number): number[] {
    const found: number[] = [];
    // A hash that fills a page's end may go on in the next one.
    for (let number = this.#pageBefore(hash); number < this.#fences.length && this.#fences[number]! <= hash; number += 1) {
      const page = this.readPage(number, this.#page);
      for (let at = lowerBound(page, hash); at < page.count && page.hashes[at] === hash; at += 1) found.push(pageIndex(page, at));
    }
    return found;
  }

  get pages(): number {
    return this.#fences.length;
  }

  /** Throws `index-damaged`. */
  readPage(number: number, into: Buffer = Buffer.alloc(pageBytes)): Page {
    const read = this.#files.readAt(this.#file, into, number * pageBytes);
    if (read !== pageBytes || crc32(into.subarray(0, crcAt)) !== into.readUInt32LE(crcAt)) throw damaged(`${this.name}, page ${number}`);
    return { count: into.readUInt16LE(countAt), hashes: new Float64Array(into.buffer, into.byteOffset, idsPerPage), bytes: into };
  }

  close(): void {
    this.#files.close(this.#file);
  }

  /** The last page that begins below the hash, or the first. */
  #pageBefore(hash: number): number {
    let [low, high] = [0, this.#fences.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#fences[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

function lowerBound({ hashes, count }: Page, hash: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (hashes[middle]! < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}

function damaged(what: string): LedgerError {
  return new LedgerError('index-damaged', `the index of ids was changed or cut (${what}); it is made anew from the receipts at the next start`);
}

function bytesOf(array: Uint32Array | Float64Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
