// A receipt: what its author writes (a draft), what the log records (its place in the tenant's chain added), and
// its one form as bytes. Pure. Authors are checked strictly; readers accept fields that a later version may add.
import { isAscii } from 'node:buffer';

import { parseJson, type Json } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import { canonicalJson, isCanonical } from './canonical-json.ts';
import { entryBytesMax } from './layout.ts';
import { hashBytes } from './sha256.ts';

/** The tenant whose receipts are the ledger's own. */
export const ledgerTenantId = 'flyball-ledger';

export const receiptKinds = [
  'transition', 'refusal', 'signal_ingest', 'action', 'action_result', 'entitlement', 'upgrade', 'deployment', 'override', 'ingest_error', 'system',
] as const;
export type ReceiptKind = (typeof receiptKinds)[number];

export type ReceiptDraft = {
  /** Chosen by the author, 1–256 characters; the same id is recorded once. */
  readonly id: string;
  readonly kind: ReceiptKind;
  /** 1–256 characters. */
  readonly tenantId: string;
  /** When it happened, by the author's clock: UTC with milliseconds, as Date's toISOString writes it. */
  readonly at: string;
  readonly sku?: string | null;
  readonly stateFrom?: string | null;
  readonly stateTo?: string | null;
  readonly event?: Json;
  readonly decision?: Json;
  /** For a decision: the signal's value and the threshold. */
  readonly reason?: Json;
  readonly action?: Json;
  readonly invariants?: Json;
  /** Whatever else belongs to it. */
  readonly details?: Json;
};

/** As in the log. */
export type Receipt = ReceiptDraft & {
  /** How many receipts of this tenant come before. */
  readonly prevReceiptCount: number;
  /** The tenant's chain hash before this receipt, in hex; 64 zeros for the first. */
  readonly prevReceiptHash: string;
};

/** The canonical JSON of a draft, open at the one place where the chain's two fields belong: they sort side by side. */
export type EncodedDraft = { readonly id: string; readonly tenantId: string; readonly head: string; readonly tail: string };

export const idCharactersMax = 256;

/** The names of a draft's fields, in the order of canonical JSON. */
const fieldsBeforeChain = ['action', 'at', 'decision', 'details', 'event', 'id', 'invariants', 'kind'] as const;
const fieldsAfterChain = ['reason', 'sku', 'stateFrom', 'stateTo', 'tenantId'] as const;
const fields: ReadonlySet<string> = new Set([...fieldsBeforeChain, ...fieldsAfterChain]);
const kinds: ReadonlySet<string> = new Set(receiptKinds);
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Throws `bad-receipt`. Costs a few microseconds; runs on the author's thread. */
export function encodeDraft(draft: ReceiptDraft): EncodedDraft {
  const encoded = encodeStatement(draft);
  // Else any author could tell verifiers that receipts may be missing.
  if (encoded.tenantId === ledgerTenantId) throw new LedgerError('bad-receipt', `${describeDraft(draft)}: the tenant ${ledgerTenantId} is the ledger itself; nobody else writes for it`);
  return encoded;
}

/** The same for what the ledger says itself: never of what an author handed over. */
export function encodeStatement(draft: ReceiptDraft): EncodedDraft {
  checkDraft(draft);
  let head = '{';
  for (const name of fieldsBeforeChain) if (name in draft) head += `"${name}":${fieldJson(draft, name)},`;
  let tail = '';
  for (const name of fieldsAfterChain) if (name in draft) tail += `,"${name}":${fieldJson(draft, name)}`;
  return { id: draft.id, tenantId: draft.tenantId, head, tail: `${tail}}` };
}

function fieldJson(draft: ReceiptDraft, name: keyof ReceiptDraft): string {
  try {
    return canonicalJson(draft[name]);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new LedgerError('bad-receipt', `${describeDraft(draft)}: ${error.message.replace('$', name)}`, { cause: error });
  }
}

/** A draft's place in its tenant's chain. */
export type ChainPlace = { readonly count: number; readonly previous: Uint8Array };

/** The two fields that stand between head and tail of a draft. */
export function chainFields({ count, previous }: ChainPlace): string {
  const hex = Buffer.from(previous.buffer, previous.byteOffset, previous.byteLength).toString('hex');
  return `"prevReceiptCount":${count},"prevReceiptHash":"${hex}"`;
}

/** The log's entry: canonical JSON of the draft and its place in the chain. Throws `receipt-too-large`. */
export function recordDraft({ id, head, tail }: EncodedDraft, place: ChainPlace): Buffer {
  const entry = Buffer.from(head + chainFields(place) + tail);
  if (entry.length > entryBytesMax) throw new LedgerError('receipt-too-large', `receipt ${id} has ${entry.length} bytes; ${entryBytesMax} at most: keep what is large elsewhere and record its hash`);
  return entry;
}

function checkDraft(draft: ReceiptDraft): void {
  const bad = (what: string) => new LedgerError('bad-receipt', `${describeDraft(draft)}: ${what}`);
  if (typeof draft !== 'object' || draft === null) throw new LedgerError('bad-receipt', `a receipt is an object, not ${typeof draft}`);
  const prototype: unknown = Object.getPrototypeOf(draft);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw bad('a receipt is a plain object, of no class');
  for (const name of Object.getOwnPropertyNames(draft)) if (!fields.has(name)) throw bad(`unknown field ${String(name)}; what has no field of its own belongs into details`);
  if (Object.getOwnPropertySymbols(draft).length > 0) throw bad('a receipt has no symbols for names');
  if (!isShortText(draft.id)) throw bad(`id must be 1 to ${idCharactersMax} characters`);
  if (!isShortText(draft.tenantId)) throw bad(`tenantId must be 1 to ${idCharactersMax} characters`);
  if (!kinds.has(draft.kind)) throw bad(`kind must be one of ${receiptKinds.join(', ')}`);
  if (!isReceiptTime(draft.at)) throw bad('at must be UTC with milliseconds, such as 2026-11-20T16:55:05.123Z');
  for (const name of ['sku', 'stateFrom', 'stateTo'] as const) {
    const value: unknown = draft[name];
    if (name in draft && value !== null && typeof value !== 'string') throw bad(`${name} must be text or null, or be left out`);
  }
}

function isReceiptTime(at: unknown): at is string {
  return typeof at === 'string' && timePattern.test(at) && !Number.isNaN(Date.parse(at));
}

function isShortText(text: unknown): text is string {
  return typeof text === 'string' && text.length >= 1 && text.length <= idCharactersMax;
}

function describeDraft(draft: ReceiptDraft): string {
  return `receipt ${typeof draft?.id === 'string' ? draft.id.slice(0, idCharactersMax) : '(without id)'}`;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const hashPattern = new RegExp(`^[0-9a-f]{${2 * hashBytes}}$`);

/** An entry of the log as a receipt; throws `bad-receipt` when it is none or not in canonical form. */
export function decodeReceipt(entry: Uint8Array): Receipt {
  const receipt = parseReceipt(entry);
  if (!isCanonical(receipt.text, receipt.value)) throw new LedgerError('bad-receipt', 'the entry is JSON, but not in canonical form (RFC 8785)');
  return receipt.value;
}

function parseReceipt(entry: Uint8Array): { readonly text: string; readonly value: Receipt } {
  let text: string;
  let value: unknown;
  try {
    text = isAscii(entry) ? Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('latin1') : decoder.decode(entry);
    value = parseJson(text);
  } catch (cause) {
    throw new LedgerError('bad-receipt', 'the entry is not JSON in UTF-8', { cause });
  }
  const missing = whatIsMissing(value as Partial<Receipt> | null);
  if (missing !== undefined) throw new LedgerError('bad-receipt', `the entry is no receipt: ${missing}`);
  return { text, value: value as Receipt };
}

function whatIsMissing(value: Partial<Receipt> | null): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is no object';
  if (!isShortText(value.id)) return 'id';
  if (!isShortText(value.tenantId)) return 'tenantId';
  if (typeof value.kind !== 'string') return 'kind';
  if (typeof value.at !== 'string') return 'at';
  if (!Number.isSafeInteger(value.prevReceiptCount) || value.prevReceiptCount! < 0) return 'prevReceiptCount';
  if (typeof value.prevReceiptHash !== 'string' || !hashPattern.test(value.prevReceiptHash)) return 'prevReceiptHash';
  return undefined;
}
