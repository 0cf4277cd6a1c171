/** `flyball ledger show`: one receipt in full, and its proof as a file. */
import { LedgerError, loggedReceipt, type LoggedEntry, type PublishedLog } from '@flyball/ledger';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK, UsageError } from '../errors.ts';
import { answer, keptFromText } from './answer.ts';
import { askReceipts } from './choose.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { LedgerProblem } from './problem.ts';
import { chosenTree } from './proof-tree.ts';
import { receiptInFull } from './receipt-text.ts';
import { withLog, writeFileOf } from './target.ts';

export function runShow(parsed: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const { values, positionals: [target = '', which = ''] } = parsed;
  const proof = String(values['proof']);
  if (proof === '' && (values['size'] !== '' || values['checkpoint'] !== '' || values['cosigned'] === true)) throw new UsageError('ledger show', ['--size, --cosigned and --checkpoint choose the tree of a proof: say where that goes, --proof FILE.']);
  return withLog(target, directory, async (log) => {
    const place = placeNamed(which, String(values['tenant']));
    // Its hash may be there when the receipt is not.
    if (proof !== '' && place !== undefined) await writeProof(log, place, { parsed, directory });
    const entry = await find(log, { place, which, tenant: String(values['tenant']) }).catch((error) => rethrown(error, proof));
    if (proof !== '' && place === undefined) await writeProof(log, entry.index, { parsed, directory });
    if (values['entry'] !== '') writeFileOf(String(values['entry']), directory, entry.entry);
    const result = loggedReceipt(entry);
    answer(output, parsed, { result, text: receiptInFull(result) });
    return EXIT_OK;
  });
}

/** A whole number is a place; anything else, and any number with --tenant, is an id. */
function placeNamed(which: string, tenant: string): number | undefined {
  return tenant === '' && /^(?:0|[1-9]\d{0,15})$/.test(which) ? Number(which) : undefined;
}

type Wanted = { readonly place: number | undefined; readonly which: string; readonly tenant: string };

async function find(log: PublishedLog, { place, which, tenant }: Wanted): Promise<LoggedEntry> {
  const { size } = await log.checkpoint();
  if (place !== undefined) {
    const entry = await log.entry(place, size);
    if (entry === undefined) throw new LedgerProblem('no-such-receipt', `the log has no receipt ${place}: it has ${size}`);
    return entry;
  }
  const { receipts } = await askReceipts(log, { id: which, ...(tenant === '' ? {} : { tenantId: tenant }), limit: 2 }, { mayUseIndex: true, onProgress: () => {} });
  const [found, other] = receipts;
  if (found === undefined) throw new LedgerProblem('no-such-receipt', `the log has no receipt ${which}${tenant === '' ? '' : ` of ${tenant}`}${aside(await log.keptFrom(size))}`);
  if (other !== undefined) throw new LedgerProblem('ambiguous-id', `several tenants have a receipt ${which}: say which with --tenant`);
  return (await log.entry(found.index, size))!;
}

function aside(keptFrom: number): string {
  return keptFrom === 0 ? '' : `; ${keptFromText(keptFrom).trimEnd()}`;
}

function rethrown(error: unknown, proof: string): never {
  if (error instanceof LedgerError && error.code === 'receipt-pruned' && proof !== '') throw new LedgerError('receipt-pruned', `${error.message}; the proof of its place was written to ${proof}`);
  throw error;
}

async function writeProof(log: PublishedLog, index: number, { parsed: { values }, directory }: { readonly parsed: ParsedLedger; readonly directory: string }): Promise<void> {
  const tree = await chosenTree(log, values, directory);
  const proof = await log.proofFile(index, tree);
  if (proof === undefined) throw new LedgerProblem('no-such-receipt', `the tree of ${tree.size} receipts does not have receipt ${index}`);
  writeFileOf(String(values['proof']), directory, proof);
}
