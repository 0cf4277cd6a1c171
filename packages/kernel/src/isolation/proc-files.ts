// What Linux tells about other processes (proc(5)). Read synchronously: these files are made on
// the spot by the kernel and take some microseconds. A process that is gone reads as nothing.
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** USER_HZ, in which /proc states CPU time: 100 on all of Linux's 64-bit architectures that Node has. */
const tickMs = 10;

const auxPageSize = 6n;
let pageBytes: number | undefined;

/** The size of a page, from the auxiliary vector (getauxval(3), AT_PAGESZ). */
function pageSize(): number {
  if (pageBytes !== undefined) return pageBytes;
  const words = readFileSync('/proc/self/auxv');
  pageBytes = 4_096;
  for (let at = 0; at + 16 <= words.length; at += 16) {
    if (words.readBigUInt64LE(at) === auxPageSize) pageBytes = Number(words.readBigUInt64LE(at + 8));
  }
  return pageBytes;
}

const scratch = Buffer.alloc(1_024);

/** A file of /proc kept open, so that each reading is one system call; it stays that process's, whatever its pid becomes. */
export class ProcFile {
  readonly #descriptor: number | undefined;

  constructor(pid: number, name: 'statm' | 'stat') {
    try {
      this.#descriptor = openSync(`/proc/${pid}/${name}`, 'r');
    } catch {
      // Gone already.
    }
  }

  read(): string {
    if (this.#descriptor === undefined) return '';
    try {
      return scratch.toString('latin1', 0, readSync(this.#descriptor, scratch, 0, scratch.length, 0));
    } catch {
      return '';
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}

/** Resident bytes, from the text of `statm`; shared pages count, as they do for the OOM killer. */
export function residentBytes(statm: string): number {
  return Number(statm.split(' ', 2)[1] ?? 0) * pageSize();
}

/** User and system time in ms, from the text of `stat`, with that of its waited-for children. */
export function cpuMs(stat: string): number {
  // The name in parentheses may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  let ticks = 0;
  for (const field of fields.slice(11, 15)) ticks += Number(field);
  return ticks * tickMs;
}

/** The processes below `pid`, parents first: what any of its threads started and what those did. */
export function descendantsOf(pid: number): number[] {
  const found = [pid];
  for (let at = 0; at < found.length; at += 1) found.push(...childrenOf(found[at]!));
  return found.slice(1);
}

function childrenOf(pid: number): number[] {
  const children: number[] = [];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim();
      if (text !== '') children.push(...text.split(' ').map(Number));
    }
  } catch {
    // Gone while it was read.
  }
  return children;
}
