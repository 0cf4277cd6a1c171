// The process `ledger` that each shard of a node has: what it records goes to the one that owns the ledger, and what
// others ask of the owner comes in here. In the shard that owns it, writer and index are its younger siblings.
import { genServer, noReply, openPort, processOf, reply, supervisor, type ChildSpec, type Pid, type Self } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import { later, type Outcome } from '../servers/ledger-server.ts';
import { NodeLedger, nodeLedger, nodeLedgerName, type LedgerProblem, type NodeLedgerOptions } from './node-ledger.ts';
import { nodeLedgerSupervisorName } from './owned-store.ts';
import type { OwnerAnswer, OwnerRequest, OwnerRequests } from './protocol.ts';

interface State {
  readonly port: number;
}

export const nodeLedgerServer = genServer({
  init: (options: NodeLedgerOptions, self: Self): State => ({ port: openPort(NodeLedger.start(options, self.pid), processOf(self.pid)) }),
  calls: {
    /** Between the node's processes: answered here, or said who would. */
    ask: (_: State, request: OwnerRequest, self: Self) => {
      const { caller } = self;
      void driver().answer(request).then((answer) => self.alive && self.answer(caller, answer));
      return noReply<OwnerAnswer>();
    },
    /** Of the successor in a hand-over. */
    release: (_: State, to: Pid, self: Self) => later(self, driver().release(to)),
    problem: () => reply(driver().problem ?? null),
    /** For whoever is no driver: any question, wherever the owner is. Not `append`: by recorder() it is seen in whose name that is. */
    request: (_: State, { what, argument }: OwnerRequest, self: Self) => {
      if (what === 'append') return reply({ ok: false, code: 'bad-query', message: 'receipts are recorded by recorder().record, not by a request' } satisfies Outcome<never>);
      return later(self, driver().ask(what, argument as OwnerRequests[typeof what]['ask']));
    },
  },
  casts: {
    problem: (_: State, problem: LedgerProblem | null) => driver().tell(problem ?? undefined),
  },
});

/** For a supervision tree; start it before whatever needs receipts. Nothing is opened until `nodeLedger().takeOver()`. */
export const nodeLedgerSupervisor = supervisor((options: NodeLedgerOptions) => ({
  // Writer and index go with their keeper, which opens them again.
  strategy: 'rest_for_one',
  intensity: { restarts: 5, periodMs: 10_000 },
  children: [{ id: nodeLedgerName, name: nodeLedgerName, start: [nodeLedgerServer, options] }],
}));

export function nodeLedgerChild(options: NodeLedgerOptions): ChildSpec {
  return { id: nodeLedgerSupervisorName, name: nodeLedgerSupervisorName, start: [nodeLedgerSupervisor, options] };
}

function driver(): NodeLedger {
  const found = nodeLedger();
  if (found === undefined) throw new LedgerError('ledger-unavailable', 'the ledger process of this shard has ended');
  return found;
}
