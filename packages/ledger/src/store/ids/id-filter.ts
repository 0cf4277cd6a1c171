// A Bloom filter in blocks of 64 bytes (one cache line a question) over id hashes: 10 bits an id, about one wrong yes
// in a hundred, never a wrong no. What keeps appending from reading the disk for each new id. Pure.
const blockWords = 16;
const bitsPerId = 10;
const probes = 6;

export function filterWords(ids: number): number {
  return Math.max(1, Math.ceil((ids * bitsPerId) / 512)) * blockWords;
}

export function addToFilter(words: Uint32Array, hash: number): void {
  const block = blockOf(words, hash);
  let mix = mixOf(hash);
  for (let probe = 0; probe < probes; probe += 1) {
    const at = block + ((mix >>> 5) & 15);
    words[at] = words[at]! | (1 << (mix & 31));
    mix = Math.imul(mix, 0x9e3779b1) ^ (mix >>> 15);
  }
}

export function filterMayHold(words: Uint32Array, hash: number): boolean {
  const block = blockOf(words, hash);
  let mix = mixOf(hash);
  for (let probe = 0; probe < probes; probe += 1) {
    if ((words[block + ((mix >>> 5) & 15)]! & (1 << (mix & 31))) === 0) return false;
    mix = Math.imul(mix, 0x9e3779b1) ^ (mix >>> 15);
  }
  return true;
}

// The block from the high bits, the bits in it from the low ones: both are well mixed, and independent.
function blockOf(words: Uint32Array, hash: number): number {
  return Math.floor((hash / 2 ** 52) * (words.length / blockWords)) * blockWords;
}

function mixOf(hash: number): number {
  const low = hash % 2 ** 32;
  return Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ (low >>> 13);
}
