// The receipts that no full bundle on disk has yet, laid out as bundles already: as few buffers, which are used again,
// instead of an object a receipt, which would live just long enough to burden the garbage collector.
import { tileWidth } from '../format/layout.ts';

type Bundle = { bytes: Buffer; used: number; count: number; readonly ends: Uint32Array };
export type PendingBundle = { readonly index: number; readonly width: number; readonly bytes: Uint8Array };

const bytesAtFirst = 64 * 1024;
/** Larger ones are few receipts' case, and are not kept. */
const spareBytesMax = 512 * 1024;
const sparesMax = 32;

export class Pending {
  #first: number;
  #size: number;
  #bundles: Bundle[] = [];
  readonly #spares: Bundle[] = [];

  /** `first` is a multiple of 256. */
  constructor(first: number) {
    this.#first = first;
    this.#size = first;
  }

  /** Where the first bundle begins. */
  get first(): number {
    return this.#first;
  }

  /** One past the last receipt. */
  get size(): number {
    return this.#size;
  }

  /** Adds entries, each after its length, as bundles and frames have them. */
  push(body: Buffer): void {
    for (let at = 0; at < body.length; ) {
      const bundle = this.#last();
      const [from, used] = [at, bundle.used];
      for (; bundle.count < tileWidth && at < body.length; bundle.count += 1) {
        at += 2 + ((body[at]! << 8) | body[at + 1]!);
        bundle.ends[bundle.count] = used + at - from;
        this.#size += 1;
      }
      reserve(bundle, at - from);
      body.copy(bundle.bytes, used, from, at);
      bundle.used = used + at - from;
    }
  }

  /** A view, good until bundles are forgotten. */
  entry(index: number): Uint8Array | undefined {
    const bundle = this.#bundles[Math.floor((index - this.#first) / tileWidth)];
    const at = index % tileWidth;
    if (bundle === undefined || at >= bundle.count) return undefined;
    return bundle.bytes.subarray((at === 0 ? 0 : bundle.ends[at - 1]!) + 2, bundle.ends[at]);
  }

  /** All bundles, of which the last may not be full. Views, good until they are forgotten. */
  bundles(): PendingBundle[] {
    return this.#bundles.map(({ bytes, used, count }, at) => ({ index: this.#first / tileWidth + at, width: count, bytes: bytes.subarray(0, used) }));
  }

  /** Forgets the full bundles that end at or before `end`. */
  forget(end: number): void {
    const count = Math.max(0, Math.floor((end - this.#first) / tileWidth));
    const forgotten = this.#bundles.splice(0, count);
    this.#first += forgotten.length * tileWidth;
    for (const bundle of forgotten) if (this.#spares.length < sparesMax && bundle.bytes.length <= spareBytesMax) this.#spares.push(bundle);
  }

  #last(): Bundle {
    const last = this.#bundles.at(-1);
    if (last !== undefined && last.count < tileWidth) return last;
    const next = this.#spares.pop() ?? { bytes: Buffer.allocUnsafeSlow(bytesAtFirst), used: 0, count: 0, ends: new Uint32Array(tileWidth) };
    next.used = 0;
    next.count = 0;
    this.#bundles.push(next);
    return next;
  }
}

function reserve(bundle: Bundle, bytes: number): void {
  const needed = bundle.used + bytes;
  if (needed <= bundle.bytes.length) return;
  const longer = Buffer.allocUnsafeSlow(Math.max(needed, 2 * bundle.bytes.length));
  bundle.bytes.copy(longer, 0, 0, bundle.used);
  bundle.bytes = longer;
}
