// What one process of the node is to the ledger at the moment, and how a request is answered from that. Pure but for
// the writer that is asked.
import { formatPid, identity, type Pid } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import type { ReceiptDraft } from '../format/receipt.ts';
import { outcomeOf } from '../servers/ledger-server.ts';
import type { LedgerWriter } from '../store/writer.ts';
import { repeatable, type OwnerAnswer, type OwnerRequest, type OwnerRequests } from './protocol.ts';
import { isPassing } from './record-queue.ts';

export type Phase =
  /** Another process owns it. */
  | { readonly kind: 'elsewhere' }
  /** Being opened, opened again, or closed for a successor: what is asked waits. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly writer: LedgerWriter }
  /** Handed over to the ledger process of the successor. */
  | { readonly kind: 'released'; readonly to: Pid }
  /** Could not be opened; tried again now and then. */
  | { readonly kind: 'failed'; readonly error: LedgerError };

export function describePhase(phase: Phase): string {
  switch (phase.kind) {
    case 'released': return `handed over to ${formatPid(phase.to)}`;
    case 'failed': return `${phase.error.message} (${phase.error.code})`;
    default: return phase.kind;
  }
}

type Perform = { readonly [What in keyof OwnerRequests]: (writer: LedgerWriter, argument: OwnerRequests[What]['ask']) => Promise<OwnerRequests[What]['answer']> };

const perform: Perform = {
  append: (writer, drafts) => Promise.all(drafts.map((draft: ReceiptDraft) => outcomeOf(writer.append(draft)))),
  lastHash: (writer, tenantId) => writer.lastHash(tenantId),
  status: async (writer) => ({ folder: writer.folder, origin: writer.origin, ...(await writer.stats()), shard: identity.shard, generation: identity.creation }),
  publish: (writer) => writer.publish(),
  keys: (writer) => writer.keys(),
  rotateKey: (writer) => writer.rotateKey(),
  retireKey: (writer, key) => writer.retireKey(key),
  prune: (writer, minimumIndex) => writer.prune(minimumIndex),
  cosign: (writer, note) => writer.cosign(note),
};

/** undefined: not yet, ask again when the phase has changed. */
export async function answerIn(phase: Phase, { what, argument }: OwnerRequest): Promise<OwnerAnswer | undefined> {
  switch (phase.kind) {
    case 'elsewhere': return phase;
    case 'opening': return undefined;
    case 'released': return { kind: 'moved', to: phase.to };
    case 'failed': return refused(unavailable(phase.error));
    case 'open':
      try {
        if (!Object.hasOwn(perform, what)) throw new LedgerError('bad-query', `a node's ledger has no request ${JSON.stringify(what)}; there are ${Object.keys(perform).join(', ')}`);
        return { kind: 'done', value: await perform[what](phase.writer, argument as never) };
      } catch (error) {
        return isPassing((error as Partial<LedgerError>).code) && repeatable.has(what) ? undefined : refused(error as Error);
      }
  }
}

export function unavailable(cause: LedgerError): LedgerError {
  return new LedgerError('ledger-unavailable', `the node's ledger cannot be opened: ${cause.message} (${cause.code})`, { cause });
}

function refused(error: Error & { readonly code?: string }): OwnerAnswer {
  return { kind: 'refused', code: error.code ?? 'ledger-unavailable', message: error.message };
}
