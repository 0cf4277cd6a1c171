// Cosignatures of witnesses (C2SP tlog-cosignature): which of them a checkpoint takes on. Pure.
import { LedgerError } from '../errors.ts';
import { checkNote, formatNote, parseNote, type VerifierKey } from '../format/note.ts';

/** `text` is what is signed, `note` the whole file. */
export type SignedCheckpoint = { readonly size: number; readonly text: string; readonly note: string };

/** The checkpoint with the cosignatures that `note` adds. Throws `unknown-checkpoint`, `unknown-witness`, `bad-note`. */
export function cosigned(note: string, lately: ReadonlyMap<string, SignedCheckpoint>, witnesses: readonly VerifierKey[]): SignedCheckpoint {
  const offered = parseNote(note);
  const ours = lately.get(offered.text);
  if (ours === undefined) throw new LedgerError('unknown-checkpoint', 'the cosigned checkpoint is none that this ledger published lately: cosign one that it serves');
  const { verified, failed } = checkNote(offered, witnesses);
  if (failed.length > 0) throw new LedgerError('unknown-witness', `the cosignature of ${failed[0]!.name} does not hold`);
  if (verified.length === 0) throw new LedgerError('unknown-witness', 'no signature on the checkpoint is of a configured witness');
  const { text, signatures } = parseNote(ours.note);
  const added = offered.signatures.filter(({ name, id }) => verified.some((key) => key.name === name && key.id === id));
  const kept = signatures.filter(({ name, id }) => !added.some((one) => one.name === name && one.id === id));
  return { ...ours, note: formatNote({ text, signatures: [...kept, ...added] }) };
}

/** A witness is given this many publications to answer. */
const latelyMax = 1024;

export function remember(lately: Map<string, SignedCheckpoint>, checkpoint: SignedCheckpoint): void {
  lately.set(checkpoint.text, checkpoint);
  if (lately.size > latelyMax) lately.delete(lately.keys().next().value!);
}
