// Signed notes, C2SP signed-note v1.0.0: text, blank line, signature lines. Ed25519 (0x01), and Ed25519
// cosignatures of witnesses (0x04, tlog-cosignature v1). Keys in the text form of Go's sumdb/note. Pure.
import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

import { LedgerError } from '../errors.ts';

export const signatureTypes = { ed25519: 1, cosignature: 4 } as const;
export type SignatureType = (typeof signatureTypes)[keyof typeof signatureTypes];

/** `name+hex key id+base64(type ‖ public key)`, taken apart. */
export type VerifierKey = { readonly name: string; readonly type: SignatureType; readonly id: number; readonly publicKey: Uint8Array; readonly key: KeyObject };
/** The secret half. Never in a log, a message or an error. */
export type SigningKey = { readonly name: string; readonly type: SignatureType; readonly id: number; readonly key: KeyObject };

export type NoteSignature = { readonly name: string; readonly id: number; readonly signature: Uint8Array };
/** `text` ends with a newline. */
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] };

/** Longer notes, and those of more signatures, are refused: both limits are far above what C2SP demands. */
export const noteBytesMax = 1_000_000;
export const noteSignaturesMax = 100;

const keyBytes = 32;
const idBytes = 4;
const timestampBytes = 8;
const signatureBytes = 64;
// RFC 8410: what comes before the 32 bytes in the DER of an Ed25519 key.
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4], big-endian. */
export function keyId({ name, type, publicKey }: Pick<VerifierKey, 'name' | 'type' | 'publicKey'>): number {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]), 'buffer').readUInt32BE(0);
}

export function verifierKey({ name, type = signatureTypes.ed25519, publicKey }: { readonly name: string; readonly type?: SignatureType; readonly publicKey: Uint8Array }): VerifierKey {
  checkName(name);
  if (publicKey.length !== keyBytes) throw new LedgerError('bad-key', `an Ed25519 public key has 32 bytes, not ${publicKey.length}`);
  const key = createPublicKey({ key: Buffer.concat([spkiHead, publicKey]), format: 'der', type: 'spki' });
  return { name, type, id: keyId({ name, type, publicKey }), publicKey, key };
}

export function formatVerifierKey({ name, type, id, publicKey }: Omit<VerifierKey, 'key'>): string {
  return `${name}+${hexId(id)}+${Buffer.concat([Buffer.of(type), publicKey]).toString('base64')}`;
}

/** Throws `bad-key` when the text is none, or its id is not that of its key. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name, id, material] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  const bytes = material === undefined ? undefined : decodeBase64(material);
  if (name === undefined || bytes === undefined) throw new LedgerError('bad-key', `not a verifier key (name+id+base64): ${text.slice(0, 80)}`);
  const key = verifierKey({ name, type: signatureType(bytes[0]), publicKey: bytes.subarray(1) });
  if (hexId(key.id) !== id) throw new LedgerError('bad-key', `the key id of ${name} is ${hexId(key.id)}, not ${id}: the key was changed or cut`);
  return key;
}

/** From 32 secret bytes (the seed of RFC 8032). */
export function signingKey({ name, type = signatureTypes.ed25519, seed }: { readonly name: string; readonly type?: SignatureType; readonly seed: Uint8Array }): SigningKey {
  checkName(name);
  if (seed.length !== keyBytes) throw new LedgerError('bad-key', `an Ed25519 seed has 32 bytes, not ${seed.length}`);
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
  return { name, type, id: keyId({ name, type, publicKey: publicBytes(key) }), key };
}

/** Go's `PRIVATE+KEY+name+id+base64(type ‖ seed)`: what a key file holds. */
export function formatSigningKey({ name, type, id, key }: SigningKey): string {
  const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(pkcs8Head.length);
  return `PRIVATE+KEY+${name}+${hexId(id)}+${Buffer.concat([Buffer.of(type), seed]).toString('base64')}`;
}

/** Throws `bad-key`, which never quotes the text. */
export function parseSigningKey(text: string): SigningKey {
  const [, name, id, material] = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  const bytes = material === undefined ? undefined : decodeBase64(material);
  if (name === undefined || bytes === undefined) throw new LedgerError('bad-key', 'not a signing key (PRIVATE+KEY+name+id+base64)');
  const key = signingKey({ name, type: signatureType(bytes[0]), seed: bytes.subarray(1) });
  if (hexId(key.id) !== id) throw new LedgerError('bad-key', `the signing key of ${name} does not fit its key id ${id}: the file was changed or cut`);
  return key;
}

export function verifierKeyOf({ name, type, key }: SigningKey): VerifierKey {
  return verifierKey({ name, type, publicKey: publicBytes(key) });
}

function publicBytes(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spkiHead.length);
}

/** What a key of type 0x01 signs is the text. */
export function signNote(text: string, { name, id, key }: SigningKey): NoteSignature {
  return { name, id, signature: sign(null, Buffer.from(text), key) };
}

/** What a witness signs (0x04): a header, the time in seconds since the epoch, and the text. */
export function cosignNote(text: string, { name, id, key }: SigningKey, { timestampS }: { readonly timestampS: number }): NoteSignature {
  const time = Buffer.alloc(timestampBytes);
  time.writeBigUInt64BE(BigInt(timestampS));
  return { name, id, signature: Buffer.concat([time, sign(null, cosignedMessage(text, BigInt(timestampS)), key)]) };
}

function cosignedMessage(text: string, timestampS: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timestampS}\n${text}`);
}

/** The seconds since the epoch that a cosignature carries; undefined when it is none. */
export function cosignatureTimeS({ signature }: NoteSignature): number | undefined {
  return signature.length === timestampBytes + signatureBytes ? Number(Buffer.from(signature).readBigUInt64BE(0)) : undefined;
}

/** Whether `signature` is the key's own and holds for the text; a key of another name or id answers false. */
export function verifySignature(text: string, { name, id, signature }: NoteSignature, key: VerifierKey): boolean {
  if (key.name !== name || key.id !== id) return false;
  if (key.type === signatureTypes.ed25519) return signature.length === signatureBytes && verify(null, Buffer.from(text), key.key, signature);
  if (signature.length !== timestampBytes + signatureBytes) return false;
  const timestampS = Buffer.from(signature).readBigUInt64BE(0);
  return timestampS < 2n ** 63n && verify(null, cosignedMessage(text, timestampS), key.key, signature.subarray(timestampBytes));
}

/** The signatures of a note by whether they are of known keys and hold. Any `failed` one spoils the note. */
export type CheckedNote = { readonly verified: readonly VerifierKey[]; readonly failed: readonly NoteSignature[]; readonly unknown: readonly NoteSignature[] };

export function checkNote({ text, signatures }: Note, keys: readonly VerifierKey[]): CheckedNote {
  const [verified, failed, unknown]: [VerifierKey[], NoteSignature[], NoteSignature[]] = [[], [], []];
  for (const signature of signatures) {
    const key = keys.find(({ name, id }) => name === signature.name && id === signature.id);
    if (key === undefined) unknown.push(signature);
    else if (!verifySignature(text, signature, key)) failed.push(signature);
    else if (!verified.includes(key)) verified.push(key);
  }
  return { verified, failed, unknown };
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

/** One line: `— name base64(id ‖ signature)`. */
export function formatSignature({ name, id, signature }: NoteSignature): string {
  const head = Buffer.alloc(idBytes);
  head.writeUInt32BE(id);
  return `— ${name} ${Buffer.concat([head, signature]).toString('base64')}\n`;
}

/** Throws `bad-note`. */
export function parseNote(bytes: Uint8Array | string): Note {
  const whole = typeof bytes === 'string' ? bytes : utf8(bytes);
  if (whole.length > noteBytesMax) throw new LedgerError('bad-note', `a note of more than ${noteBytesMax} characters`);
  // Control characters but newline are forbidden; a lone surrogate is no UTF-8.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole) || !whole.isWellFormed()) throw new LedgerError('bad-note', 'a note holds a control character or is not UTF-8');
  const end = whole.lastIndexOf('\n\n');
  if (end < 0) throw new LedgerError('bad-note', 'no blank line between text and signatures');
  const lines = whole.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) throw new LedgerError('bad-note', 'no signature line, or the last one is cut');
  if (lines.length > noteSignaturesMax) throw new LedgerError('bad-note', `more than ${noteSignaturesMax} signatures`);
  return { text: whole.slice(0, end + 1), signatures: lines.map((line) => parseSignature(line)) };
}

/** Throws `bad-note`. */
export function parseSignature(line: string): NoteSignature {
  const [, name, material] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = material === undefined ? undefined : decodeBase64(material);
  if (name === undefined || name.includes('+') || bytes === undefined || bytes.length <= idBytes) throw new LedgerError('bad-note', `no signature line: ${line.slice(0, 80)}`);
  return { name, id: bytes.readUInt32BE(0), signature: bytes.subarray(idBytes) };
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new LedgerError('bad-note', 'a note is not UTF-8', { cause });
  }
}

/** RFC 4648 section 4, the one way to write the bytes; undefined otherwise. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function hexId(id: number): string {
  return id.toString(16).padStart(8, '0');
}

function signatureType(byte: number | undefined): SignatureType {
  const type = Object.values(signatureTypes).find((known) => known === byte);
  if (type === undefined) throw new LedgerError('bad-key', `signature type ${byte ?? 'missing'} is not known: 1 (Ed25519) or 4 (cosignature)`);
  return type;
}

function checkName(name: string): void {
  if (!/^[^\s+\p{Cc}]+$/u.test(name) || !name.isWellFormed()) throw new LedgerError('bad-key', `a key's name has at least one character and no space or plus: ${JSON.stringify(name.slice(0, 80))}`);
}
