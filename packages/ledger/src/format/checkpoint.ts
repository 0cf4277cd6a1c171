// Checkpoints, C2SP tlog-checkpoint v1.0.0: origin, size, root and extension lines, as the text of a signed note. Pure.
import { LedgerError } from '../errors.ts';
import { hashBytes } from './sha256.ts';
import { checkNote, decodeBase64, formatNote, parseNote, signNote, type CheckedNote, type Note, type SigningKey, type VerifierKey } from './note.ts';

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array; readonly extensions?: readonly string[] };

/** The note's text. */
export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): string {
  return `${[origin, size, Buffer.from(root).toString('base64'), ...extensions].join('\n')}\n`;
}

/** From a note's text; throws `bad-checkpoint`. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, ...rest] = text.split('\n');
  const bytes = decodeBase64(root ?? '');
  const isNumber = /^(?:0|[1-9]\d*)$/.test(size ?? '') && Number.isSafeInteger(Number(size));
  if (!origin || !isNumber || bytes?.length !== hashBytes) throw new LedgerError('bad-checkpoint', 'a checkpoint is origin, size and base64 root hash, a line each');
  if (rest.pop() !== '' || rest.includes('')) throw new LedgerError('bad-checkpoint', 'a checkpoint has an empty extension line or its last line is cut');
  return { origin, size: Number(size), root: bytes, extensions: rest };
}

/** The whole file `checkpoint`, signed by each of `keys` in turn. */
export function signCheckpoint(checkpoint: Checkpoint, keys: readonly SigningKey[]): string {
  const text = formatCheckpoint(checkpoint);
  return formatNote({ text, signatures: keys.map((key) => signNote(text, key)) });
}

export type OpenedCheckpoint = Checkpoint & { readonly note: Note; readonly checked: CheckedNote };

/** Parses and sorts the signatures by `keys`; whom to believe is the caller's to decide. Throws `bad-note`, `bad-checkpoint`. */
export function openCheckpoint(bytes: Uint8Array | string, keys: readonly VerifierKey[]): OpenedCheckpoint {
  const note = parseNote(bytes);
  return { ...parseCheckpoint(note.text), note, checked: checkNote(note, keys) };
}
