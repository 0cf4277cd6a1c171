// How the verifier reads the files of a log, wherever that is.
import { entryBytesMax, tileWidth } from '../format/layout.ts';

/** A reusable piece of memory: what was read into it before is gone. */
export type Scratch = { bytes: Buffer };

export type LogReader = {
  /** undefined: no such file. The caller may overwrite what it gets; with `scratch` it lives until that is used again. */
  readonly read: (path: string, scratch?: Scratch) => Promise<Uint8Array | undefined>;
  readonly close: () => void;
};

/** No file of a log is larger: an entry bundle of the longest entries. */
export const fileBytesMax = tileWidth * (2 + entryBytesMax);
