// Which receipts differ between the tree that was signed (the lowest tiles) and the entries as they are: changed,
// dropped, added or reordered. Two sequences of hashes are walked side by side, with a look ahead on both.
import { findingsMax, type Finding } from './report.ts';
import type { ReadEntry } from './entry-stream.ts';

/** A receipt moved further than this is reported as dropped here and added there. */
export const lookAheadMax = 2_048;

type Leaf = { readonly index: number; readonly leaf: string };

export async function diagnoseEntries({ signed, found }: { readonly signed: AsyncIterable<Leaf>; readonly found: AsyncIterable<ReadEntry> }): Promise<Finding[]> {
  const findings: Finding[] = [];
  const [wanted, actual] = [window(signed), window(found)];
  while (findings.length <= findingsMax) {
    await Promise.all([fill(wanted), fill(actual)]);
    const [leaf, entry] = [wanted.items.values().next().value, actual.items.values().next().value];
    if (!leaf && !entry) break;
    if (leaf && entry && leaf.leaf === entry.leaf) {
      take(wanted, leaf);
      take(actual, entry);
    } else {
      findings.push(step(wanted, actual, leaf, entry));
    }
  }
  return findings;
}

/** Consumes what explains the difference at the head of both. */
function step(wanted: Window<Leaf>, actual: Window<ReadEntry>, leaf: Leaf | undefined, entry: ReadEntry | undefined): Finding {
  const moved = leaf && actual.byLeaf.get(leaf.leaf);
  const origin = entry && wanted.byLeaf.get(entry.leaf);
  if (leaf && entry && !moved && !origin) return changed(take(wanted, leaf), take(actual, entry));
  if (leaf && !moved) return dropped(take(wanted, leaf));
  if (entry && !origin) return added(take(actual, entry));
  // Both are elsewhere too: the one that went the longer way is the one that was moved.
  const isLeafMoved = moved!.index - entry!.index >= origin!.index - leaf!.index;
  return isLeafMoved ? reordered(take(wanted, leaf!), take(actual, moved!)) : reordered(take(wanted, origin!), take(actual, entry!));
}

function changed({ index }: Leaf, entry: ReadEntry): Finding {
  return { code: 'receipt-changed', index, ...who(entry), message: `receipt ${index}${named(entry)} was changed: it is not what the signed tree has in its place` };
}

function dropped({ index }: Leaf): Finding {
  return { code: 'receipt-dropped', index, message: `receipt ${index} was dropped: the signed tree has it, the entries do not` };
}

function added(entry: ReadEntry): Finding {
  return { code: 'receipt-added', foundAt: entry.index, ...who(entry), message: `the receipt at ${entry.index}${named(entry)} was added: the signed tree has it not` };
}

function reordered({ index }: Leaf, entry: ReadEntry): Finding {
  return { code: 'receipt-reordered', index, foundAt: entry.index, ...who(entry), message: `receipt ${index}${named(entry)} was moved: it stands at ${entry.index}` };
}

function who({ receipt }: ReadEntry): Pick<Finding, 'receiptId' | 'tenantId'> {
  return receipt ? { receiptId: receipt.id, tenantId: receipt.tenantId } : {};
}

function named({ receipt }: ReadEntry): string {
  return receipt ? ` (${receipt.id} of ${receipt.tenantId})` : '';
}

/** The next items of a sequence in their order; `byLeaf` finds one by its hash. */
type Window<Item extends Leaf> = { readonly source: AsyncIterator<Item>; readonly items: Set<Item>; readonly byLeaf: Map<string, Item> };

function window<Item extends Leaf>(source: AsyncIterable<Item>): Window<Item> {
  return { source: source[Symbol.asyncIterator](), items: new Set(), byLeaf: new Map() };
}

async function fill<Item extends Leaf>({ source, items, byLeaf }: Window<Item>): Promise<void> {
  while (items.size < lookAheadMax) {
    const next = await source.next();
    if (next.done) return;
    items.add(next.value);
    if (!byLeaf.has(next.value.leaf)) byLeaf.set(next.value.leaf, next.value);
  }
}

function take<Item extends Leaf>({ items, byLeaf }: Window<Item>, item: Item): Item {
  items.delete(item);
  if (byLeaf.get(item.leaf) === item) byLeaf.delete(item.leaf);
  return item;
}
