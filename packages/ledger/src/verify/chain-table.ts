// The end of each tenant's chain in few flat buffers: some 64 bytes a tenant, where a map of objects takes 500. Tenants
// are told apart by a salted hash of their id: whoever writes a log cannot make two of them one, nor the search slow.
import { hash } from 'node:crypto';

import { hashBytes } from '../format/sha256.ts';

export const tenantKeyBytes = 16;

/** Latin-1 text of 16 bytes. */
export function tenantKey(salt: string, tenantId: string): string {
  return hash('sha256', `${salt}${tenantId}`, 'binary').slice(0, tenantKeyBytes);
}

const slotsAtFirst = 1_024;
const emptySlot = -1;

export class ChainTable {
  /** Open addressing: the number of a tenant, or empty. */
  #slots = new Int32Array(slotsAtFirst).fill(emptySlot);
  #keys = Buffer.alloc(slotsAtFirst * tenantKeyBytes);
  #chains = Buffer.alloc(slotsAtFirst * hashBytes);
  #counts = new Float64Array(slotsAtFirst);
  #tenants = 0;

  get tenants(): number {
    return this.#tenants;
  }

  /** The tenant's number; a new one has none before: `isNew`. */
  place(key: Uint8Array): { readonly tenant: number; readonly isNew: boolean } {
    if (this.#tenants * 4 > this.#slots.length * 3) this.#widen();
    const slot = this.#slotOf(key);
    const tenant = this.#slots[slot]!;
    if (tenant !== emptySlot) return { tenant, isNew: false };
    if (this.#tenants === this.#counts.length) this.#lengthen();
    this.#slots[slot] = this.#tenants;
    this.#keys.set(key, this.#tenants * tenantKeyBytes);
    this.#tenants += 1;
    return { tenant: this.#tenants - 1, isNew: true };
  }

  count(tenant: number): number {
    return this.#counts[tenant]!;
  }

  chain(tenant: number): Uint8Array {
    return this.#chains.subarray(tenant * hashBytes, (tenant + 1) * hashBytes);
  }

  set(tenant: number, { count, chain }: { readonly count: number; readonly chain: Uint8Array }): void {
    this.#counts[tenant] = count;
    this.#chains.set(chain, tenant * hashBytes);
  }

  #slotOf(key: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let slot = Buffer.from(key.buffer, key.byteOffset, tenantKeyBytes).readUInt32LE(0) & mask;
    for (let tenant = this.#slots[slot]!; tenant !== emptySlot && !this.#isKey(tenant, key); tenant = this.#slots[slot]!) slot = (slot + 1) & mask;
    return slot;
  }

  #isKey(tenant: number, key: Uint8Array): boolean {
    return this.#keys.compare(key, 0, tenantKeyBytes, tenant * tenantKeyBytes, (tenant + 1) * tenantKeyBytes) === 0;
  }

  #widen(): void {
    this.#slots = new Int32Array(2 * this.#slots.length).fill(emptySlot);
    for (let tenant = 0; tenant < this.#tenants; tenant += 1) this.#slots[this.#slotOf(this.#keys.subarray(tenant * tenantKeyBytes))] = tenant;
  }

  #lengthen(): void {
    const room = Math.ceil(1.5 * this.#counts.length);
    this.#keys = longer(this.#keys, room * tenantKeyBytes);
    this.#chains = longer(this.#chains, room * hashBytes);
    const counts = new Float64Array(room);
    counts.set(this.#counts);
    this.#counts = counts;
  }
}

function longer(bytes: Buffer, length: number): Buffer<ArrayBuffer> {
  const more = Buffer.alloc(length);
  more.set(bytes);
  return more;
}
