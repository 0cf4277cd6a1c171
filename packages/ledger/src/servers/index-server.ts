// The process that owns a ledger's index: its start fails when there is no open writer or the index cannot be read, and
// it ends when the index's thread does. Started after ledgerServer under rest_for_one, so that a writer that is opened
// again gets a new one. Callers ask it by call, or take the ledger itself by `openedLedger`.
import { closePort, genServer, openPort, Port, portTable, processOf, stop, supervisor, type ChildSpec, type Self } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import type { ReceiptQuery } from '../index-db/receipt-query.ts';
import { ledgerOver, type Ledger, type ReceiptName } from '../ledger.ts';
import { later, ledgerServerChild, ledgerWriter, type LedgerServerOptions } from './ledger-server.ts';

export const ledgerIndexServerName = 'ledger_index';

class LedgerPort extends Port {
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    super();
    this.ledger = ledger;
  }

  override close(): void {
    // Never rejects: it leaves the writer alone.
    void this.ledger.close();
  }
}

type State = { readonly port: number; readonly folder: string };
type Message = { readonly type: 'index-ended'; readonly code: string; readonly message: string };

export const ledgerIndexServer = genServer({
  init: (folder: string, self: Self): Promise<State> => start(folder, self),
  calls: {
    get: (state: State, name: ReceiptName, self: Self) => later(self, ledgerOf(state).get(name)),
    query: (state: State, query: ReceiptQuery, self: Self) => later(self, ledgerOf(state).query(query)),
    tenants: (state: State, page: { readonly after?: string; readonly limit?: number }, self: Self) => later(self, ledgerOf(state).tenants(page)),
    verifyChain: (state: State, tenantId: string, self: Self) => later(self, ledgerOf(state).verifyChain(tenantId)),
    inclusionProof: (state: State, claim: { readonly index: number; readonly size?: number }, self: Self) => later(self, ledgerOf(state).inclusionProof(claim)),
    consistencyProof: (state: State, claim: { readonly oldSize: number; readonly newSize?: number }, self: Self) => later(self, ledgerOf(state).consistencyProof(claim)),
    proofFile: (state: State, index: number, self: Self) => later(self, ledgerOf(state).proofFile(index)),
  },
  info: (state: State, message: Message) => (message.type === 'index-ended' ? stop({ reason: `${message.code}: ${message.message}` }) : state),
  terminate: (state: State) => portOf(state)?.ledger.close(),
});

export function ledgerIndexServerChild({ folder }: { readonly folder: string }): ChildSpec {
  return { id: ledgerIndexServerName, name: ledgerIndexServerName, start: [ledgerIndexServer, folder], shutdown: 30_000 };
}

/** A whole ledger for a supervision tree: the writer, then the index. Start it before whatever needs receipts. */
export const ledgerSupervisor = supervisor((options: LedgerServerOptions) => ({
  strategy: 'rest_for_one',
  children: [ledgerServerChild(options), ledgerIndexServerChild(options)],
}));

/** The ledger of this shard in `folder`, or its only one; undefined while none is open. */
export function openedLedger(folder?: string): Ledger | undefined {
  for (const port of portTable.values()) if (port instanceof LedgerPort && (folder === undefined || port.ledger.writer.folder === folder)) return port.ledger;
  return undefined;
}

async function start(folder: string, self: Self): Promise<State> {
  const writer = ledgerWriter(folder);
  if (writer === undefined) throw new LedgerError('ledger-closed', `no ledger is open in ${folder}: start ledgerServer before its index`);
  self.trapExit(true);
  const ledger = await ledgerOver(writer);
  const port = openPort(new LedgerPort(ledger), processOf(self.pid));
  void ledger.ended.then(({ code, message }) => {
    closePort(port);
    if (self.alive) self.send(self.pid, { type: 'index-ended', code, message } satisfies Message);
  });
  return { port, folder };
}

function portOf({ port }: State): LedgerPort | undefined {
  return portTable.get(port) as LedgerPort | undefined;
}

function ledgerOf(state: State): Ledger {
  const port = portOf(state);
  if (port === undefined) throw new LedgerError('ledger-closed', `the index of the ledger in ${state.folder} is closed`);
  return port.ledger;
}
