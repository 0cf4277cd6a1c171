// The node's ledger in this shard: how it is composed, and what operators ask of it.
import { readFile, stat } from 'node:fs/promises';

import { clock, describeReason, identity, type ChildSpec, type ExitReason, type LogLine } from '@flyball/kernel';
import { ledgerClockWentBack, LedgerError, ledgerProblem, ledgerServerName, ledgerStoreName, ledgerTold, nodeLedger, nodeLedgerChild, originOf, type LedgerProblem, type NodeLedger, type OwnedLedgerStatus, type OwnerRequests } from '@flyball/ledger';
import type { ChangeRecorded, ChangeToRecord } from '@flyball/release';
import type { ShardConfiguration } from '../shard-configuration.ts';
import type { LedgerRoutes } from './ledger-routes.ts';
import { notAgain } from './not-again.ts';
import { isDraining, others, type Place } from './peers.ts';

export { addLedgerRoutes } from './ledger-routes.ts';

/** The tenant whose receipts are the platform's own: what operators do to the node. No application records for it. */
export const platformTenantId = 'flyball-node';
/** Verifiers are given the port's address with this behind it. */
const LEDGER_PATH = '/ledger/';

const OPERATOR_TIMEOUT_MS = 100_000;
const TOLD_AGAIN_MS = 30_000;
/** A hundred signatures have some 20 KB. */
const NOTE_BYTES_MAX = 1_048_576;

/** Whether this OS process has been the owner: its ledger process opens it again then when it is restarted itself. */
let owns = false;

export function ledgerChildren(self: Place, { name, hostName, ledger }: ShardConfiguration): ChildSpec[] {
  if (ledger === undefined) return [];
  const { folder, origin, mustExist, witnesses, publishEveryMs } = ledger;
  return [
    nodeLedgerChild({
      writer: { folder, ...(origin !== undefined && { origin }), mustExist, witnesses, publishEveryMs },
      originDefault: originOf({ host: hostName, node: name }),
      ownTenantId: platformTenantId,
      owns: () => owns,
      isDraining: () => isDraining(self),
      hasSiblings: () => hasSiblings(self),
      shards: () => [...new Set(others(self).map(({ shard }) => shard))].filter((shard) => shard !== self.shard),
    }),
  ];
}

let takingOver: Promise<void> | undefined;

/** Shard 0 owns it. Rejects with why it cannot be opened, in a hand-over too: then the predecessor keeps it. */
export function takeOverLedger({ shard }: Place): Promise<void> {
  if (shard !== 0) return Promise.resolve();
  takingOver ??= takeOver();
  return takingOver;
}

async function takeOver(): Promise<void> {
  await ledgerHere().takeOver();
  owns = true;
}

/** In a hand-over the predecessor may die while this process starts, and what its applications record would find nobody. */
export function takeOverIfOrphaned(self: Place): void {
  if (self.shard !== 0 || hasSiblings(self) || nodeLedger() === undefined) return;
  // Whoever starts this process learns of it: it takes over too, and gets the same answer.
  takeOverLedger(self).catch(() => {});
}

function hasSiblings(self: Place): boolean {
  return others(self).some(({ shard }) => shard === self.shard);
}

/** Why receipts cannot be recorded from here; undefined if they can. */
export function ledgerProblemHere(): LedgerProblem | undefined {
  return nodeLedger()?.problem;
}

/** All that was recorded is durable and published when it resolves. */
export async function closeLedger(): Promise<void> {
  await nodeLedger()?.shutDown();
}

export function logLedger(log: LogLine): void {
  const logged = notAgain(TOLD_AGAIN_MS);
  ledgerTold.subscribe(({ what }) => {
    const found = logged(what, clock().nowMs());
    if (found !== undefined) log('WARNING', `ledger: ${what}${found.more === 0 ? '' : ` (told ${found.more} times more since the last line)`}`);
  });
  ledgerClockWentBack.subscribe(({ from, to }) => {
    if (logged('clock', clock().nowMs()) !== undefined) log('WARNING', `ledger: the time of receipts went back from ${from} to ${to}: this machine's clock was set, or an author's is wrong; they are recorded, in the order in which they came`);
  });
  ledgerProblem.subscribe(({ problem }) => (problem === undefined ? log('INFO', 'ledger: open again, receipts are recorded') : log('ERROR', `ledger: ${problem.message} (${problem.code}); tried again until it works`)));
}

/** A ledger that does not open: told by `ledgerProblem`, or as the reason why this process cannot start. */
export function isLedgerFailure({ title, reason }: { readonly title: string; readonly reason: ExitReason }): boolean {
  return (title === ledgerServerName || title === ledgerStoreName) && / init failed: LedgerError: |^LedgerError: /.test(describeReason(reason).replace(/^KernelError:/, ''));
}

export function ledgerRoutes({ ledger }: ShardConfiguration): LedgerRoutes | undefined {
  return ledger && { folder: ledger.folder, prefix: LEDGER_PATH, audience: ledger.isPublic ? 'anyone' : 'local' };
}

/** For `status`: of the owner, or why it cannot be opened; nothing elsewhere. */
export async function ledgerStatus(): Promise<OwnedLedgerStatus | { readonly problem: string } | undefined> {
  const ledger = nodeLedger();
  const { problem } = ledger ?? {};
  return problem === undefined ? ledger?.ownStatus() : { problem: `${problem.message} (${problem.code})` };
}

/** Resolves once it is durable. */
export async function recordChange({ number, event, kind, action, decision, reason }: ChangeToRecord, runId: string): Promise<ChangeRecorded> {
  const id = `${identity.node}-${runId}-${number}${decision === undefined ? '' : '-result'}`;
  await ledgerHere().recordOwn({
    id, kind, event, tenantId: platformTenantId, at: new Date(clock().wallMs()).toISOString(),
    ...(action !== undefined && { action }), ...(decision !== undefined && { decision }), ...(reason !== undefined && { reason }),
    details: { node: identity.node },
  });
  return { id };
}

/** What operators may ask, and the type of its argument. Not `append`: what they do is recorded, they record nothing. */
const OPERATORS_MAY: ReadonlyMap<unknown, 'undefined' | 'string' | 'number'> = new Map<keyof OwnerRequests, 'undefined' | 'string' | 'number'>([
  ['status', 'undefined'], ['publish', 'undefined'], ['keys', 'undefined'], ['rotateKey', 'undefined'], ['retireKey', 'string'], ['prune', 'number'], ['cosign', 'string'],
]);

/** `what` and its argument, as `flyball ctl ledger` sends them. */
export async function askLedger({ what, argument, file }: { readonly what?: unknown; readonly argument?: unknown; readonly file?: unknown }): Promise<unknown> {
  const type = OPERATORS_MAY.get(what);
  if (type === undefined) throw new LedgerError('bad-query', `operators ask a ledger for ${[...OPERATORS_MAY.keys()].join(', ')}; not for ${JSON.stringify(what)}`);
  const given = typeof file === 'string' ? await noteIn(file) : argument;
  if (typeof given !== type) throw new LedgerError('bad-query', `${String(what)} takes ${type === 'undefined' ? 'no argument' : `a ${type}`}, not ${JSON.stringify(given)}`);
  const result = await ledgerHere().ask(what as keyof OwnerRequests, given as never, OPERATOR_TIMEOUT_MS);
  return result ?? null;
}

async function noteIn(file: string): Promise<string> {
  try {
    const stats = await stat(file);
    // A pipe may never end, and a shard that reads it would hang or run out of memory.
    if (!stats.isFile()) throw new LedgerError('bad-note', `${file} is no file; a cosigned checkpoint is read from one`);
    if (stats.size > NOTE_BYTES_MAX) throw new LedgerError('bad-note', `${file} has ${stats.size} bytes: a cosigned checkpoint has ${NOTE_BYTES_MAX} at most; give the file that the witness answered with`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof LedgerError) throw cause;
    throw new LedgerError('bad-note', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function ledgerHere(): NodeLedger {
  const ledger = nodeLedger();
  if (ledger !== undefined) return ledger;
  throw new LedgerError('ledger-unavailable', 'the ledger process of this shard has ended and is being started again');
}
