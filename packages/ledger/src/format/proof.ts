// The `.tlog-proof` file of one receipt (c2sp.org/tlog-proof@v1), which is checked offline with nothing but the
// receipt and the log's key; and the request to a witness (tlog-witness), a consistency proof in the same dress. Pure.
import { LedgerError } from '../errors.ts';
import { hashBytes } from './sha256.ts';
import { openCheckpoint, type OpenedCheckpoint } from './checkpoint.ts';
import { leafHash, verifyInclusion } from './merkle.ts';
import { decodeBase64, type VerifierKey } from './note.ts';

/** `checkpoint` is the file verbatim, signatures included; `extra` is not authenticated by anything. */
export type TlogProof = { readonly index: number; readonly hashes: readonly Uint8Array[]; readonly checkpoint: string; readonly extra?: Uint8Array };

const firstLine = 'c2sp.org/tlog-proof@v1';
/** Trees of 2^63 leaves have no longer proofs. */
const hashesMax = 63;

export function formatProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  const head = extra === undefined ? [firstLine] : [firstLine, `extra ${base64(extra)}`];
  return `${[...head, `index ${index}`, ...hashes.map(base64), '', checkpoint].join('\n')}`;
}

/** Throws `bad-proof`. */
export function parseProof(text: string): TlogProof {
  const end = text.indexOf('\n\n');
  const lines = text.slice(0, end).split('\n');
  if (end < 0 || lines.shift() !== firstLine) throw new LedgerError('bad-proof', `a proof begins with ${firstLine} and has a blank line before the checkpoint`);
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64(lines.shift()!.slice(6)) : null;
  const index = /^index (0|[1-9]\d*)$/.exec(lines.shift() ?? '')?.[1];
  const hashes = lines.map((line) => decodeBase64(line));
  if (extra === undefined || index === undefined || !Number.isSafeInteger(Number(index))) throw new LedgerError('bad-proof', 'the extra or index line of the proof cannot be read');
  if (hashes.length > hashesMax || !hashes.every((hash) => hash?.length === hashBytes)) throw new LedgerError('bad-proof', `the proof is not made of at most ${hashesMax} base64 SHA-256 hashes`);
  return { index: Number(index), hashes: hashes as Buffer[], checkpoint: text.slice(end + 2), ...(extra ? { extra } : {}) };
}

export type ProofVerdict =
  | { readonly ok: true; readonly index: number; readonly checkpoint: OpenedCheckpoint }
  | { readonly ok: false; readonly reason: 'bad-proof' | 'other-origin' | 'not-signed' | 'bad-signature' | 'not-included'; readonly detail: string };

/** Whether `entry` is in the log of `key` (and its origin) according to the proof; witnesses' keys may come along. */
export function verifyProof(text: string, { entry, keys, origin }: { readonly entry: Uint8Array; readonly keys: readonly VerifierKey[]; readonly origin: string }): ProofVerdict {
  try {
    const { index, hashes, checkpoint } = parseProof(text);
    const opened = openCheckpoint(checkpoint, keys);
    const { verified, failed } = opened.checked;
    if (opened.origin !== origin) return { ok: false, reason: 'other-origin', detail: `the proof is of ${opened.origin}, not of ${origin}` };
    if (failed.length > 0) return { ok: false, reason: 'bad-signature', detail: `the signature of ${failed[0]!.name} does not hold` };
    if (!verified.some(({ name, type }) => name === origin && type === 1)) return { ok: false, reason: 'not-signed', detail: 'no signature of a key of the log that is known here' };
    const isIncluded = verifyInclusion({ index, size: opened.size, leaf: leafHash(entry), proof: hashes, root: opened.root });
    return isIncluded ? { ok: true, index, checkpoint: opened } : { ok: false, reason: 'not-included', detail: `the receipt is not entry ${index} of the tree of ${opened.size}` };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { ok: false, reason: 'bad-proof', detail: error.message };
  }
}

/** The body of a witness's `add-checkpoint`. */
export function addCheckpointRequest({ oldSize, proof, checkpoint }: { readonly oldSize: number; readonly proof: readonly Uint8Array[]; readonly checkpoint: string }): string {
  return [`old ${oldSize}`, ...proof.map(base64), '', checkpoint].join('\n');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
