// The offline verifier: reads a log from a folder, an archive or an address, needs no node, no database and nobody's
// word but the log's key. What is wrong becomes findings in a report; it throws only for bugs. The shell around it
// (`flyball ledger verify`) prints the report and exits with its code.
import { inPlace, LedgerError } from '../errors.ts';
import { openCheckpoint, type OpenedCheckpoint } from '../format/checkpoint.ts';
import { checkpointPath, tileAt, tilePath, tileWidth, verifierKeysPath } from '../format/layout.ts';
import { parseVerifierKey, type VerifierKey } from '../format/note.ts';
import { bundlesOf, hasEntries, missingAtStart } from './bundle-table.ts';
import { diagnoseChains } from './chain-diagnosis.ts';
import { diagnoseEntries } from './entry-diagnosis.ts';
import { readEntries, readLeaves } from './entry-stream.ts';
import type { LogReader } from './log-reader.ts';
import { readLog, type ReadLog } from './read-log.ts';
import { findingsMax, type Finding, type Progress, type VerifyReport } from './report.ts';
import { readTile } from './segment.ts';
import { judgeSignatures, type SignatureVerdict, type Trust } from './signatures.ts';
import { compareSince } from './since.ts';
import { openReader, openSource, type SourceDescription } from './source.ts';
import { judgeTree, type TreeVerdict } from './tree-verdict.ts';

export type VerifyOptions = {
  /** A folder, a `.tar`, `.tar.gz` or `.tgz`, or the http(s) address of a log. */
  readonly target: string;
  /** Verifier keys of the log (`name+id+base64`). Without any, the log's own file `vkeys` is believed, and the report says so. */
  readonly keys?: readonly string[];
  readonly origin?: string;
  /** Verifier keys of witnesses, and how many of them must have cosigned (default 0). */
  readonly witnesses?: readonly string[];
  readonly witnessesMin?: number;
  /** Checkpoints that the log signed before, as files' contents. */
  readonly since?: readonly (Uint8Array | string)[];
  /** Entries below may be missing: the caller knows that the log was pruned. */
  readonly minimumIndex?: number;
  /** Threads; 0 does all in the caller's. Default: 2 for a log worth it, if the machine runs as many at once. */
  readonly threads?: number;
  /** Of one file over HTTP; default 30,000. */
  readonly requestTimeoutMs?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Aborting rejects with the signal's reason. */
  readonly signal?: AbortSignal;
};

/** Resolves also for what cannot be verified (`unusable`): callers look at `verdict` or pass on `exitCode`. */
export async function verifyLog(options: VerifyOptions): Promise<VerifyReport> {
  try {
    const source = await openSource(options.target, options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs });
    const reader = openReader(source.description);
    try {
      return await verifySource(options, source.description, reader);
    } finally {
      reader.close();
      source.close();
    }
  } catch (error) {
    if (error instanceof LedgerError) return { ...emptyReport, verdict: 'unusable', exitCode: 2, reason: error.message };
    throw error;
  }
}

const emptyReport: VerifyReport = {
  verdict: 'good', exitCode: 0, receipts: 0, tenants: 0, prunedBelow: 0, keysFrom: 'caller', signedBy: [], witnesses: [], findings: [], hasMoreFindings: false,
};

async function verifySource(options: VerifyOptions, source: SourceDescription, reader: LogReader): Promise<VerifyReport> {
  const bytes = await reader.read(checkpointPath);
  if (!bytes) throw new LedgerError('bad-source', `${options.target}: no log there, it has no file named ${checkpointPath}`);
  const { trust, keysFrom } = await readTrust(options, reader);
  const base: VerifyReport = { ...emptyReport, keysFrom };
  const checkpoint = tryOpen(bytes);
  if ('code' in checkpoint) return broken(base, [checkpoint]);
  const known: VerifyReport = { ...base, origin: checkpoint.origin, size: checkpoint.size, root: Buffer.from(checkpoint.root).toString('base64') };
  const atFirst = judgeSignatures(checkpoint, trust, checkpointPath);
  // A size that nobody vouches for may be any number: it is not worth reading on unless the log has such an end.
  if (atFirst.signedBy.length === 0 && !(await reachesEnd(checkpoint, reader))) return broken(known, atFirst.findings);
  const read = await readLog(options, { source, checkpoint, reader, keys: trust.keys });
  const prunedBelow = Math.max(options.minimumIndex ?? 0, read.prunedBelow);
  const { keys } = read;
  if (read.isCutShort) return broken({ ...known, receipts: read.receipts, tenants: read.chains.ends.tenants, signedBy: atFirst.signedBy }, read.findings);
  const signatures = judgeSignatures(checkpoint, { ...trust, keys }, checkpointPath);
  const findings = await findAll({ options, checkpoint, read, prunedBelow, signatures }, reader);
  const report: VerifyReport = {
    ...known, receipts: read.receipts, tenants: read.chains.ends.tenants, prunedBelow: Math.min(prunedBelow, missingAtStart(read.table)), signedBy: signatures.signedBy, witnesses: signatures.witnessed,
  };
  return findings.length === 0 ? report : broken(report, findings);
}

function tryOpen(bytes: Uint8Array): OpenedCheckpoint | Finding {
  try {
    return openCheckpoint(bytes, []);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { code: 'bad-checkpoint', path: checkpointPath, message: `${checkpointPath} is no signed checkpoint: ${error.message}` };
  }
}

/** Each costs memory; a log that rotates its key every month has as many in 80 years. */
const keysMax = 1_000;

async function readTrust(options: VerifyOptions, reader: LogReader): Promise<{ readonly trust: Trust; readonly keysFrom: VerifyReport['keysFrom'] }> {
  const given = options.keys ?? [];
  const file = given.length > 0 ? undefined : await reader.read(verifierKeysPath);
  const lines = file ? Buffer.from(file).toString().split('\n') : given;
  if (lines.length > keysMax) throw new LedgerError('bad-source', `${verifierKeysPath} names more than ${keysMax} keys`);
  const keys: VerifierKey[] = inPlace(file ? verifierKeysPath : 'the key', () => lines.map((line) => line.trim()).filter((line) => line !== '').map(parseVerifierKey));
  if (keys.length === 0) throw new LedgerError('bad-source', `no key to check signatures with: pass the log's verifier key, the log has no file ${verifierKeysPath}`);
  const witnesses = inPlace('the witness', () => (options.witnesses ?? []).map(parseVerifierKey));
  const trust: Trust = { keys, witnesses, witnessesMin: options.witnessesMin ?? 0, ...(options.origin === undefined ? {} : { origin: options.origin }) };
  return { trust, keysFrom: file ? 'log' : 'caller' };
}

async function reachesEnd({ size }: OpenedCheckpoint, reader: LogReader): Promise<boolean> {
  return size === 0 || (await readTile(reader, tileAt({ level: 0, at: size - 1, size }))) !== undefined;
}

type Known = {
  readonly options: VerifyOptions;
  readonly checkpoint: OpenedCheckpoint;
  readonly read: ReadLog;
  readonly prunedBelow: number;
  readonly signatures: SignatureVerdict;
};

async function findAll({ options, checkpoint, read, prunedBelow, signatures }: Known, reader: LogReader): Promise<Finding[]> {
  const tree = await judgeTree({ table: read.table, checkpoint, prunedBelow }, reader);
  const missing = missingBundles({ read, size: checkpoint.size, prunedBelow });
  const receipts = await receiptFindings({ tree, read, checkpoint, isComplete: missing.length === 0 }, reader);
  const since = (options.since ?? []).map((bytes) => openSince(bytes, { checkpoint, keys: read.keys }));
  return [
    ...signatures.findings,
    ...(await compareSince({ checkpoints: since, size: checkpoint.size, rows: tree.rows }, reader)),
    ...receipts,
    ...missing,
    // What a reader found odd in a bundle or an entry is explained by a receipt that was changed there.
    ...read.findings.filter(({ code, index }) => receipts.length === 0 || (code !== 'bad-bundle' && !(code === 'not-a-receipt' && receipts.some((one) => one.index === index)))),
    ...tree.findings.filter((one) => !read.findings.some(({ path }) => path !== undefined && path === one.path)),
  ];
}

function missingBundles({ read, size, prunedBelow }: { readonly read: ReadLog; readonly size: number; readonly prunedBelow: number }): Finding[] {
  const isBad = new Set(read.findings.filter(({ code }) => code === 'bad-bundle').map(({ path }) => path));
  const found: Finding[] = [];
  // Stops with the first hundred: a log may claim any size.
  for (let bundle = Math.floor(prunedBelow / tileWidth); bundle < read.table.count && found.length <= findingsMax; bundle += 1) {
    const id = tileAt({ level: 'entries', at: bundle * tileWidth, size });
    const path = tilePath(id);
    if (hasEntries(read.table, bundle) || isBad.has(path)) continue;
    const [first, last] = [bundle * tileWidth, bundle * tileWidth + id.width - 1];
    found.push({ code: 'missing-bundle', path, index: first, message: `${path} is missing: receipts ${first} to ${last} were dropped, and the log does not say that it was pruned` });
  }
  return found;
}

type Suspicion = { readonly tree: TreeVerdict; readonly read: ReadLog; readonly checkpoint: OpenedCheckpoint; readonly isComplete: boolean };

/** Names receipts: by the signed tree where it has their leaves, else by their chains. */
async function receiptFindings({ tree, read, checkpoint: { size }, isComplete }: Suspicion, reader: LogReader): Promise<Finding[]> {
  const bad = new Set(read.findings.filter(({ code }) => code === 'bad-bundle').map(({ path }) => path));
  const isBad = (bundle: number) => bad.has(tilePath(tileAt({ level: 'entries', at: bundle * tileWidth, size })));
  const isAbsent = (bundle: number) => !hasEntries(read.table, bundle) && !isBad(bundle);
  const all = [...bundlesOf(read.table, read.table.count)];
  const suspects = tree.truth ? all.filter((bundle) => isBad(bundle) || tree.wrongEntries.includes(bundle)) : [];
  const isAsked = (bundle: number) => bundle >= (suspects[0] ?? 0) && !tree.wrongTiles.has(bundle) && !isAbsent(bundle);
  const range = { size, bundles: () => all.filter(isAsked) };
  const byTree = suspects.length > 0 ? await diagnoseEntries({ signed: readLeaves(reader, range), found: readEntries(reader, range) }) : [];
  if (byTree.length > 0 || !isComplete) return [...byTree, ...unnamed({ tree, size })];
  const byChain = read.chains.isBroken ? await diagnoseChains(readEntries(reader, { size, bundles: () => all }), { isWhole: hasEntries(read.table, 0) }) : [];
  return byChain.length > 0 ? byChain : unnamed({ tree, size });
}

/** Bundles of which neither entries nor leaves are as signed, and no chain tells which receipt it is. */
function unnamed({ tree, size }: { readonly tree: TreeVerdict; readonly size: number }): Finding[] {
  return tree.wrongEntries.filter((bundle) => tree.wrongTiles.has(bundle)).map((bundle) => {
    const id = tileAt({ level: 'entries', at: bundle * tileWidth, size });
    return { code: 'receipt-changed', path: tilePath(id), message: `one or more of the receipts ${bundle * tileWidth} to ${bundle * tileWidth + id.width - 1} were changed, and the tile of their hashes with them` };
  });
}

function openSince(bytes: Uint8Array | string, { checkpoint, keys }: { readonly checkpoint: OpenedCheckpoint; readonly keys: readonly VerifierKey[] }): OpenedCheckpoint {
  const old = openCheckpoint(bytes, keys);
  if (old.origin !== checkpoint.origin) throw new LedgerError('bad-checkpoint', `the checkpoint to compare with is of ${old.origin}, not of ${checkpoint.origin}`);
  const { verified, failed } = old.checked;
  if (verified.length === 0 || failed.length > 0) throw new LedgerError('bad-checkpoint', 'the checkpoint to compare with has no valid signature of a known key of the log: it proves nothing');
  return old;
}

function broken(report: VerifyReport, findings: readonly Finding[]): VerifyReport {
  return { ...report, verdict: 'broken', exitCode: 1, findings: findings.slice(0, findingsMax), hasMoreFindings: findings.length > findingsMax };
}
