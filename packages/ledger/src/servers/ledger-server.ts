// The process that owns a ledger's writer: its start fails, saying why, when the ledger cannot be opened, and it ends
// when the writer does, so that its supervisor opens the ledger again, which recovers it. While it lives its writer is
// this OS process's recorder, unless somebody else is (node/node-ledger.ts). Appends do not pass its mailbox: who
// appends often takes the writer by `ledgerWriter`.
import { closePort, genServer, noReply, openPort, Port, portTable, processOf, stop, telemetryEvent, useRecorder, type ChildSpec, type NoReply, type Self } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import type { ReceiptDraft } from '../format/receipt.ts';
import type { WriterOptions } from '../store/protocol.ts';
import { ledgerRecorder } from '../store/recorder.ts';
import { openWriter, type LedgerWriter } from '../store/writer.ts';

export const ledgerServerName = 'ledger_writer';

/** Appends are taken from now on, by the writer that `ledgerWriter` gives. */
export const ledgerOpened = telemetryEvent<{ folder: string; origin: string }>('ledger.opened');
export const ledgerNotOpened = telemetryEvent<{ folder: string; error: LedgerError }>('ledger.not-opened');

export type LedgerServerOptions = WriterOptions & {
  /** Whether its writer is what `recorder()` gives; true unless given. */
  readonly isRecorder?: boolean;
};

/** Writers of this OS process that are closing, by folder. */
const closing = new Map<string, Promise<unknown>>();
/** Folders whose ledger was open in this OS process: opened again it must be there, or its disk is gone. */
const openedBefore = new Set<string>();

/** A writer as a port: closed, with all that was appended durable and published, when its owner exits. */
export class WriterPort extends Port {
  readonly writer: LedgerWriter;
  readonly #takeOut: (() => void) | undefined;

  constructor(writer: LedgerWriter, { isRecorder }: { readonly isRecorder: boolean }) {
    super();
    this.writer = writer;
    if (isRecorder) this.#takeOut = useRecorder(ledgerRecorder(writer));
  }

  override close(): void {
    this.#takeOut?.();
    // Rejects only when the writer ended by itself, which ledgerEnded tells.
    this.writer.close().catch(() => {});
    const { folder, ended } = this.writer;
    const gone: Promise<unknown> = ended.then(() => closing.get(folder) === gone && closing.delete(folder));
    closing.set(folder, gone);
  }
}

type State = { readonly port: number; readonly folder: string };
type Message = { readonly type: 'writer-ended'; readonly code: string; readonly message: string };

export const ledgerServer = genServer({
  init: (options: LedgerServerOptions, self: Self): Promise<State> => start(options, self),
  calls: {
    /** Slower than the writer's own append by one message each way. */
    append: (state: State, draft: ReceiptDraft, self: Self) => later(self, writerOf(state).append(draft)),
    lastHash: (state: State, tenantId: string, self: Self) => later(self, writerOf(state).lastHash(tenantId)),
    publish: (state: State, _: undefined, self: Self) => later(self, writerOf(state).publish()),
    keys: (state: State, _: undefined, self: Self) => later(self, writerOf(state).keys()),
    rotateKey: (state: State, _: undefined, self: Self) => later(self, writerOf(state).rotateKey()),
    stats: (state: State, _: undefined, self: Self) => later(self, writerOf(state).stats()),
  },
  info: (state: State, message: Message) => (message.type === 'writer-ended' ? stop({ reason: `${message.code}: ${message.message}` }) : state),
  terminate: async (state: State) => {
    await portOf(state)?.writer.close();
  },
});

/** What was refused comes as a value with the ledger's code, so that it can be told from a dead server. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string; readonly message: string };

/** For a supervision tree; start it before whatever needs receipts. */
export function ledgerServerChild(options: LedgerServerOptions): ChildSpec {
  return { id: ledgerServerName, name: ledgerServerName, start: [ledgerServer, options], shutdown: 30_000 };
}

/** The writer of the ledger of this shard in `folder`, or of its only one; undefined while none is open. */
export function ledgerWriter(folder?: string): LedgerWriter | undefined {
  for (const port of portTable.values()) if (port instanceof WriterPort && (folder === undefined || port.writer.folder === folder)) return port.writer;
  return undefined;
}

async function start({ isRecorder = true, ...options }: LedgerServerOptions, self: Self): Promise<State> {
  self.trapExit(true);
  const writer = await opened(options);
  const port = openPort(new WriterPort(writer, { isRecorder }), processOf(self.pid));
  void writer.ended.then(({ code, message }) => {
    closePort(port);
    if (self.alive) self.send(self.pid, { type: 'writer-ended', code, message } satisfies Message);
  });
  ledgerOpened.emit({ folder: options.folder, origin: writer.origin });
  return { port, folder: options.folder };
}

async function opened(options: WriterOptions): Promise<LedgerWriter> {
  // Its owner was killed and is started anew: the lock is free once the writer it had is closed.
  await closing.get(options.folder);
  try {
    const writer = await openWriter({ ...options, mustExist: options.mustExist === true || openedBefore.has(options.folder) });
    openedBefore.add(options.folder);
    return writer;
  } catch (error) {
    if (error instanceof LedgerError) ledgerNotOpened.emit({ folder: options.folder, error });
    throw error;
  }
}

function portOf({ port }: State): WriterPort | undefined {
  return portTable.get(port) as WriterPort | undefined;
}

function writerOf(state: State): LedgerWriter {
  const port = portOf(state);
  if (port === undefined) throw new LedgerError('ledger-closed', `the ledger in ${state.folder} is closed`);
  return port.writer;
}

/** Answered when it is there; meanwhile the server takes the next call, so that appends commit together. */
export function later<T>(self: Self, result: Promise<T>): NoReply<never, Outcome<T>> {
  const { caller } = self;
  void outcomeOf(result).then((outcome) => self.alive && self.answer(caller, outcome));
  return noReply<Outcome<T>>();
}

export async function outcomeOf<T>(result: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await result };
  } catch (error) {
    const { code = 'ledger-closed', message } = error as Partial<LedgerError> & Error;
    return { ok: false, code, message };
  }
}
