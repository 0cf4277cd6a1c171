// Whose word a checkpoint is: the log's keys as known and as rotated, and its witnesses. Pure.
import type { OpenedCheckpoint } from '../format/checkpoint.ts';
import { checkNote, cosignatureTimeS, hexId, signatureTypes, type VerifierKey } from '../format/note.ts';
import { followRotation } from '../format/statement.ts';
import type { Finding, Witnessed } from './report.ts';

/** The keys known, and those that they vouch for in the log's own receipts, in their order. */
export function rotatedKeys(notes: readonly string[], { origin, keys }: { readonly origin: string; readonly keys: readonly VerifierKey[] }): readonly VerifierKey[] {
  return notes.reduce<readonly VerifierKey[]>((known, note) => {
    const key = followRotation(note, { origin, keys: known });
    return key ? [...known, key] : known;
  }, keys);
}

export type Trust = { readonly keys: readonly VerifierKey[]; readonly witnesses: readonly VerifierKey[]; readonly witnessesMin: number; readonly origin?: string };
export type SignatureVerdict = { readonly findings: readonly Finding[]; readonly signedBy: readonly string[]; readonly witnessed: readonly Witnessed[] };

/** What is wrong with the signatures of a checkpoint; `path` says in the findings which file it is. */
export function judgeSignatures(checkpoint: OpenedCheckpoint, { keys, witnesses, witnessesMin, origin }: Trust, path: string): SignatureVerdict {
  const { verified, failed } = checkNote(checkpoint.note, [...keys, ...witnesses]);
  const ofLog = verified.filter((key) => keys.includes(key));
  const witnessed = verified.filter((key) => witnesses.includes(key)).map((key) => ({ name: key.name, timeS: timeOf(checkpoint, key) }));
  const findings: Finding[] = failed.map(({ name, id }) => ({ code: 'bad-signature', path, message: `${path}: the signature of ${name} (key ${hexId(id)}) does not hold: the checkpoint was changed after it was signed` }));
  if (origin !== undefined && checkpoint.origin !== origin) findings.push({ code: 'other-origin', path, message: `${path} is of the log ${checkpoint.origin}, not of ${origin}` });
  if (ofLog.length === 0) findings.push({ code: 'not-signed', path, message: `${path} bears no valid signature of a known key of the log (${keys.map(({ name, id }) => `${name} ${hexId(id)}`).join(', ')})` });
  if (witnessed.length < witnessesMin) findings.push({ code: 'witnesses-missing', path, message: `${path} is cosigned by ${witnessed.length} of the known witnesses; ${witnessesMin} were asked for` });
  return { findings, signedBy: ofLog.map(({ name, id }) => `${name}+${hexId(id)}`), witnessed };
}

function timeOf({ note }: OpenedCheckpoint, { name, id, type }: VerifierKey): number {
  const signature = note.signatures.find((one) => one.name === name && one.id === id);
  return type === signatureTypes.cosignature && signature ? (cosignatureTimeS(signature) ?? 0) : 0;
}
