// The index's thread: the one place that owns SQLite while a node runs, since its calls block. Long work (catching
// up, following a chain) gives way to other questions after each bundle or page.
import { parentPort, workerData } from 'node:worker_threads';

import { LedgerError } from '../errors.ts';
import { tileWidth } from '../format/layout.ts';
import type { PlainError } from '../store/protocol.ts';
import type { FromIndex, IndexData, IndexRequests, ToIndex } from './index-protocol.ts';
import { PublishedLog, type LoggedEntry } from './published-log.ts';
import { ReceiptIndex } from './receipt-index.ts';

const port = parentPort!;
const { folder, file } = workerData as IndexData;

type Opened = { readonly log: PublishedLog; readonly index: ReceiptIndex };

const opened = await open();
if (opened !== undefined) {
  post({ kind: 'ready', rebuiltBecause: opened.index.rebuiltBecause });
  port.on('message', (request: ToIndex) => void answer(opened, request));
}

async function open(): Promise<Opened | undefined> {
  try {
    const log = await PublishedLog.open(folder);
    return { log, index: await ReceiptIndex.open({ log, file }) };
  } catch (error) {
    post({ kind: 'not-opened', error: plainError(error) });
    return undefined;
  }
}

async function answer(ground: Opened, { id, what, argument }: ToIndex): Promise<void> {
  try {
    post({ kind: 'answer', id, value: await answers[what](ground, argument as never) });
    if (what === 'close') port.close();
  } catch (error) {
    post({ kind: 'refusal', id, error: plainError(error) });
  }
}

type Answers = { readonly [What in keyof IndexRequests]: (ground: Opened, argument: IndexRequests[What]['ask']) => Promise<IndexRequests[What]['answer']> };

const answers: Answers = {
  catchUp: ({ index }) => index.catchUp(),
  async query({ index }, query) {
    await index.catchUp();
    const { receipts, ...rest } = await index.query(query);
    return { receipts: receipts.map(copied), ...rest };
  },
  async tenant({ index }, tenantId) {
    await index.catchUp();
    return index.tenant(tenantId);
  },
  async tenants({ index }, page) {
    await index.catchUp();
    return index.tenants(page);
  },
  async verifyChain({ index }, tenantId) {
    await index.catchUp();
    return index.verifyChain(tenantId);
  },
  async entries({ log }, { from, size }) {
    const bundle = Math.floor(from / tileWidth);
    const entries = from < size ? await log.bundle(bundle, size) : [];
    return entries.map((entry, at) => copied({ index: bundle * tileWidth + at, entry })).slice(from % tileWidth);
  },
  inclusionProof: ({ log }, claim) => log.inclusionProof(claim),
  consistencyProof: ({ log }, claim) => log.consistencyProof(claim),
  proofFile: ({ log }, index) => log.proofFile(index),
  async close({ log, index }) {
    index.close();
    log.close();
    return undefined;
  },
};

/** An entry is a view into its bundle, which would go along whole. */
function copied({ index, entry }: LoggedEntry): LoggedEntry {
  return { index, entry: Uint8Array.from(entry) };
}

function post(message: FromIndex): void {
  port.postMessage(message);
}

function plainError(error: unknown): PlainError {
  if (error instanceof LedgerError) return { code: error.code, message: error.message };
  if (error instanceof RangeError) return { code: 'bad-query', message: error.message };
  return { code: 'index-unusable', message: `the index of receipts: ${(error as Error).message}` };
}
