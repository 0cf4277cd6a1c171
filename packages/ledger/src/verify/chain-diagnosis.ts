// Which receipt breaks its tenant's chain, when no signed tree tells: each receipt says how many come before it and
// what the chain's hash is there, so a gap, a second receipt for one place, a late one and a changed one differ.
import { isStart } from './chain-joiner.ts';
import type { ReadEntry, ReadReceipt } from './entry-stream.ts';
import { findingsMax, type Finding, type FindingCode } from './report.ts';

type Place = { readonly index: number; readonly id: string; readonly count: number; readonly chain: string };
type Tenant = {
  last: Place | undefined;
  /** A receipt that its successor does not follow from; who of the two is to blame shows the one after. */
  suspect: { readonly before: Place; readonly after: Place } | undefined;
  /** Places passed over. */
  readonly missing: Set<number>;
};

/** `isWhole`: the log has its beginning, where chains start with none before. */
export async function diagnoseChains(entries: AsyncIterable<ReadEntry>, { isWhole }: { readonly isWhole: boolean }): Promise<Finding[]> {
  const findings: Finding[] = [];
  const tenants = new Map<string, Tenant>();
  for await (const { index, receipt, chain } of entries) {
    if (findings.length > findingsMax) return findings;
    if (!receipt || chain === undefined) continue;
    const tenant = tenants.get(receipt.tenantId) ?? { last: undefined, suspect: undefined, missing: new Set<number>() };
    tenants.set(receipt.tenantId, tenant);
    findings.push(...follow(tenant, receipt, { index, id: receipt.id, count: receipt.prevReceiptCount, chain }, isWhole));
  }
  for (const [tenantId, tenant] of tenants) if (findings.length <= findingsMax) findings.push(...atEnd(tenantId, tenant));
  return findings;
}

function follow(tenant: Tenant, receipt: ReadReceipt, here: Place, isWhole: boolean): Finding[] {
  const { last } = tenant;
  const { tenantId, prevReceiptHash: previous } = receipt;
  if (!last) {
    tenant.last = here;
    if (!isWhole || isStart({ count: here.count, previous })) return [];
    return [finding('chain-broken', tenantId, here, `is the first of its tenant in the log, but says that ${here.count} come before it`)];
  }
  if (here.count <= last.count) return [outOfPlace(tenant, tenantId, here)];
  const found = settle(tenant, tenantId, { isBrokenAgain: previous !== last.chain && here.count === last.count + 1 });
  if (here.count > last.count + 1) {
    for (let count = last.count + 1; count < here.count && tenant.missing.size < findingsMax; count += 1) tenant.missing.add(count);
  } else if (previous !== last.chain && !found.some(({ index }) => index === last.index)) {
    tenant.suspect = { before: last, after: here };
  }
  tenant.last = here;
  return found;
}

/** The next receipt of the tenant tells: if it does not follow either, the one in the middle is to blame. */
function settle(tenant: Tenant, tenantId: string, { isBrokenAgain }: { readonly isBrokenAgain: boolean }): Finding[] {
  const { suspect } = tenant;
  if (!suspect) return [];
  tenant.suspect = undefined;
  const { before, after } = suspect;
  return [isBrokenAgain
    ? finding('receipt-changed', tenantId, after, `was changed: it does not follow from ${before.index}, nor does its successor follow from it`)
    : finding('receipt-changed', tenantId, before, `was changed: its successor ${after.index} does not follow from it, and the rest of the chain follows from that one`)];
}

function outOfPlace(tenant: Tenant, tenantId: string, here: Place): Finding {
  if (tenant.missing.delete(here.count)) return finding('receipt-reordered', tenantId, here, `stands later than receipts that follow from it (it is number ${here.count} of its tenant)`);
  return finding('receipt-added', tenantId, here, `was added: number ${here.count} of its tenant is in the log before it`);
}

function atEnd(tenantId: string, { suspect, missing }: Tenant): Finding[] {
  const found = [...missing].map((count): Finding => ({ code: 'receipt-dropped', tenantId, message: `receipt number ${count} of tenant ${tenantId} was dropped: its successors are there` }));
  if (!suspect) return found;
  const { before, after } = suspect;
  return [...found, finding('receipt-changed', tenantId, after, `was changed, or ${before.index} before it: it does not follow from that one, and none comes after to tell`)];
}

function finding(code: FindingCode, tenantId: string, { index, id }: Place, what: string): Finding {
  return { code, index, receiptId: id, tenantId, message: `receipt ${index} (${id} of ${tenantId}) ${what}` };
}
