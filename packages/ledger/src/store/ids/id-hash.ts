// 52 bits out of a text, exact in a double, so that native sorting and comparing do: the keys of the index of ids.
// Salted with a secret of the ledger, so that nobody can choose ids that collide. Two ids of one hash are told apart
// by reading their receipts. The mixing is that of MurmurHash3 (32 bit, A. Appleby, public domain), twice.
export const hashLimit = 2 ** 52;

export function idHash(text: string, salt: number): number {
  let low = salt | 0;
  let high = ~salt;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0xcc9e2d51);
    low = (low << 15) | (low >>> 17);
    high = Math.imul(high ^ code, 0x1b873593);
    high = (high << 13) | (high >>> 19);
  }
  low = finish(low ^ Math.imul(high, 5) ^ text.length);
  high = finish(high + low);
  return (high & 0xf_ffff) * 2 ** 32 + (low >>> 0);
}

function finish(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
