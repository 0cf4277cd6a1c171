// The writer's thread: takes what has gathered in its port as one commit, answers it, then does what the commit left
// to do. All decisions are the store's (store.ts); here are only messages, timers and the system's tools. It imports
// nothing of the kernel: a thread that loads little starts fast.
import { randomBytes } from 'node:crypto';
import { parentPort, receiveMessageOnPort, workerData, type Transferable } from 'node:worker_threads';

import type { LedgerError } from '../errors.ts';
import { formatVerifierKey, parseVerifierKey } from '../format/note.ts';
import { textsPerDraft, type Place } from './commit.ts';
import type { SignedCheckpoint } from './cosigning.ts';
import { SystemBackground } from './disk/background-files.ts';
import { asLedgerError, tracked } from './disk/files.ts';
import { takeLock } from './disk/lock.ts';
import { messageCharactersMax, messageDraftsMax, type FoundReceipt, type FromWriter, type PlainError, type PublishedCheckpoint, type Requests, type ToWriter, type WriterData } from './protocol.ts';
import { Store } from './store.ts';

const port = parentPort!;
const data = workerData as WriterData;
const queue: ToWriter[] = [];
let isBusy = false;
let isClosing = false;
let isClosed = false;
const background = new SystemBackground();
const { files, closeAll } = tracked(background.files);
let publishTimer: NodeJS.Timeout | undefined;
/** The checkpoint that the main thread knows. */
let announced: SignedCheckpoint | undefined;

const store = open();
if (store !== undefined) {
  announced = store.published;
  post({ kind: 'ready', origin: store.identity.origin, size: store.size, published: plainCheckpoint(store.published) });
  port.on('message', (message: ToWriter) => take(store, message));
}

function open(): Store | undefined {
  try {
    return Store.open(data, { files, takeLock, randomBytes, tell: (what) => post({ kind: 'told', what }) });
  } catch (error) {
    closeAll();
    post({ kind: 'not-opened', error: plainError(error) });
    return undefined;
  }
}

// All that has come is taken out of the port at once: what gathers while a commit is synced is the next commit.
function take(store: Store, message: ToWriter): void {
  queue.push(message);
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) queue.push(next.message as ToWriter);
  if (!isBusy) void work(store);
}

// One commit a turn: timers and syncs in the background have theirs between.
async function work(store: Store): Promise<void> {
  isBusy = true;
  if (store.isShortOfRoom) await store.makeRoom();
  if (queue[0]?.kind === 'append') commit(store);
  else await answerFirst(store);
  if (isClosed) return;
  if (store.failure !== undefined) end(store, store.failure);
  else if (queue.length === 0) isBusy = false;
  else setImmediate(() => void work(store));
}

function commit(store: Store): void {
  const texts: string[] = [];
  let characters = 0;
  for (let next = queue[0]; next?.kind === 'append'; next = queue[0]) {
    if (characters >= messageCharactersMax || texts.length >= messageDraftsMax * textsPerDraft) break;
    for (const text of next.texts) texts.push(text);
    characters += next.characters;
    queue.shift();
  }
  try {
    const packed = store.append(texts);
    post({ kind: 'appended', ...packed }, [packed.indexes.buffer as ArrayBuffer, packed.hashes.buffer as ArrayBuffer]);
  } catch (error) {
    post({ kind: 'failed', count: texts.length / textsPerDraft, error: plainError(error) });
    return;
  }
  store.settle();
  publishSoon(store);
}

function publishSoon(store: Store): void {
  if (publishTimer !== undefined || store.size === store.published.size) return;
  publishTimer = setTimeout(() => void publishNow(store), data.publishEveryMs);
}

// What comes while this goes on has its own timer from then on: the interval is from start to start.
async function publishNow(store: Store): Promise<void> {
  publishTimer = undefined;
  try {
    await publish(store);
  } catch (error) {
    post({ kind: 'told', what: asLedgerError(error, 'publishing').message });
  }
  if (!isClosing) publishSoon(store);
}

async function publish(store: Store): Promise<PublishedCheckpoint> {
  const published = await store.publishLater();
  announce(store);
  return plainCheckpoint(published);
}

function announce(store: Store): void {
  if (store.published === announced) return;
  announced = store.published;
  post({ kind: 'published', published: plainCheckpoint(announced) });
}

// Only closing makes those wait that come after it.
async function answerFirst(store: Store): Promise<void> {
  const request = queue.shift();
  if (request?.kind !== 'ask') return;
  isClosing ||= request.what === 'close';
  const answered = answer(store, request);
  if (isClosing) await answered;
}

async function answer(store: Store, { id, what, argument }: ToWriter & { readonly kind: 'ask' }): Promise<void> {
  try {
    const value = await answers[what](store, argument as never);
    announce(store);
    post({ kind: 'answer', id, value });
    if (what !== 'close') return;
    isClosed = true;
    port.close();
  } catch (error) {
    post({ kind: 'refusal', id, error: plainError(error) });
  }
}

type Answers = { readonly [What in keyof Requests]: (store: Store, argument: Requests[What]['ask']) => Requests[What]['answer'] | Promise<Requests[What]['answer']> };

const answers: Answers = {
  publish,
  lastHash: (store, tenantId) => Buffer.from(store.lastHash(tenantId)).toString('hex'),
  find: (store, { tenantId, id }) => plainPlace(store.find(tenantId, id)),
  // Copied: the entry is part of a larger buffer.
  entry: (store, index) => store.entry(index)?.slice(),
  cosign: (store, note) => plainCheckpoint(store.cosign(note)),
  keys: (store) => store.keys.map(formatVerifierKey),
  rotateKey: (store, at) => formatVerifierKey(store.rotateKey(at)),
  retireKey(store, key) {
    store.retireKey(parseVerifierKey(key).id);
    return undefined;
  },
  prune: (store, { minimumIndex, at }) => store.prune(minimumIndex, at),
  stats: (store) => ({ size: store.size, publishedSize: store.published.size, journalBytes: store.journalBytes }),
  async close(store) {
    clearTimeout(publishTimer);
    await store.close();
    await background.close();
    return undefined;
  },
};

function end(store: Store, failure: LedgerError): void {
  const waiting = queue.reduce((sum, message) => sum + (message.kind === 'append' ? message.texts.length / textsPerDraft : 0), 0);
  if (waiting > 0) post({ kind: 'failed', count: waiting, error: plainError(failure) });
  post({ kind: 'ended', error: plainError(failure) });
  isClosing = true;
  clearTimeout(publishTimer);
  // Whoever opens the ledger next finds it unlocked, and nothing of this one still under way.
  void store.close().finally(async () => {
    await background.close();
    closeAll();
    port.close();
  });
}

function post(message: FromWriter, transfer: readonly Transferable[] = []): void {
  port.postMessage(message, transfer);
}

function plainCheckpoint({ size, note }: SignedCheckpoint): PublishedCheckpoint {
  return { size, note };
}

function plainPlace(place: Place | undefined): FoundReceipt | undefined {
  return place && { index: place.index, receiptHash: Buffer.from(place.receiptHash).toString('hex'), chainHash: Buffer.from(place.chainHash).toString('hex') };
}

function plainError(error: unknown): PlainError {
  const { code, message } = asLedgerError(error, 'the ledger');
  return { code, message };
}
