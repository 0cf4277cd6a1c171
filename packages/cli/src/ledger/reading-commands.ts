/** The commands that read a log: they need no node, take no lock and change nothing. Pure. */
import { count, flag, JSON_LINES, JSON_OBJECT, list, TARGET, text, type LedgerCommand } from './ledger-command.ts';

const READ_EXITS = '0 done; 1 it cannot be read; 2 wrong command line.';

export const KEY = list('key', 'VKEY', 'verifier key of the log (name+id+base64), or a file of them; without, the log\'s own vkeys are believed');
export const SINCE = list('since', 'CHECKPOINT', 'a checkpoint file that the log signed before, which must be a beginning of it');

/** What chooses receipts, for query and tail. */
const CHOICE = {
  tenant: text('tenant', 'TENANT', 'only of this tenant'),
  kind: text('kind', 'KIND', 'only of this kind: transition, refusal, action …'),
  sku: text('sku', 'SKU', 'only of this SKU'),
} as const;

const RECEIPT_JSON = {
  index: 'its place in the log',
  receipt: 'the receipt as recorded',
  receiptHash: 'SHA-256 of its bytes, hex',
  chainHash: 'the hash of its tenant\'s chain up to it, hex',
} as const;

const PRUNED_NOTE = 'Of a log whose beginning was pruned it reads what is left, and says where that begins.';

const VERIFY: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'check signatures, tree, chains and order of a log; needs no node',
  options: {
    key: KEY,
    since: SINCE,
    origin: text('origin', 'NAME', 'the name that the log must have'),
    witness: list('witness', 'VKEY', 'verifier key of a witness, or a file of them'),
    witnessesMin: { name: 'witnesses-min', type: 'integer', fallback: 0, min: 0, max: 100, effect: 'how many of those witnesses must have cosigned' },
    minimumIndex: { name: 'minimum-index', type: 'integer', fallback: 0, min: 0, max: Number.MAX_SAFE_INTEGER, effect: 'receipts below may be missing: they were pruned' },
    json: JSON_OBJECT,
  },
  exitCodes: '0 good; 1 broken; 2 nothing can be said: unreadable, no log, or a wrong command line.',
  json: {
    verdict: '`good`, `broken` or `unusable`',
    exitCode: '0, 1 or 2',
    'reason?': 'why nothing can be said',
    'origin?': 'the log\'s name',
    'size?': 'receipts that the checkpoint speaks of',
    'root?': 'the tree\'s root, base64',
    receipts: 'receipts read',
    tenants: 'tenants among them',
    prunedBelow: 'receipts below are gone, as the log says itself',
    keysFrom: '`caller`, or `log`: its own vkeys were believed',
    signedBy: 'verifier keys of the log whose signatures hold',
    witnesses: 'name and time in seconds of each witness that cosigned',
    findings: 'what is wrong: code and message; path, index, foundAt, receiptId and tenantId where they are known',
    hasMoreFindings: 'whether there are more than those listed',
  },
};

const SHOW: LedgerCommand = {
  usage: `${TARGET} INDEX|ID`,
  takes: [2, 2],
  summary: 'print one receipt, by its place in the log or its id',
  options: {
    tenant: text('tenant', 'TENANT', 'whose id it is; ids are a tenant\'s own'),
    proof: text('proof', 'FILE', 'write its .tlog-proof there, which is checked with the log\'s key alone'),
    size: count('size', 'N', 'with --proof: in the tree of this size, if the log serves a checkpoint of it'),
    cosigned: flag('cosigned', 'with --proof: in the newest tree that witnesses cosigned'),
    checkpoint: text('checkpoint', 'FILE', 'with --proof: in the tree of this checkpoint, which was kept'),
    entry: text('entry', 'FILE', 'write its bytes there, as the log has them'),
    json: JSON_OBJECT,
  },
  exitCodes: '0 done; 1 there is no such receipt or checkpoint, or it cannot be read; 2 wrong command line.',
  notes: `A proof is of the newest checkpoint unless another is asked for. Of a receipt that was pruned, by its INDEX, the
proof is written all the same; then the exit code is 1.`,
  json: RECEIPT_JSON,
};

const TAIL: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'print the newest receipts, and with --follow those to come',
  options: {
    lines: { name: 'lines', type: 'integer', fallback: 10, min: 0, max: 1_000, effect: 'how many of those that are there' },
    follow: flag('follow', 'go on with what is published, until Ctrl-C'),
    pollMs: { name: 'poll-ms', type: 'integer', unit: 'ms', fallback: 500, min: 10, max: 3_600_000, effect: 'how often --follow looks for a new checkpoint' },
    ...CHOICE,
    json: JSON_LINES,
  },
  exitCodes: `${READ_EXITS} Ctrl-C ends --follow with 0.`,
  json: RECEIPT_JSON,
};

const QUERY: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'find receipts by tenant, kind, SKU, id and time, a page at a time',
  options: {
    ...CHOICE,
    id: text('id', 'ID', 'only with this id'),
    since: text('since', 'TIME', 'from this time of the authors\' clocks on, ISO 8601'),
    until: text('until', 'TIME', 'before this time'),
    newest: flag('newest', 'newest first'),
    limit: { name: 'limit', type: 'integer', fallback: 100, min: 1, max: 1_000, effect: 'receipts a page' },
    cursor: text('cursor', 'CURSOR', 'go on where the page before ended'),
    noIndex: flag('no-index', 'read the log itself, not the index beside it'),
    json: JSON_OBJECT,
  },
  exitCodes: '0 done, also if nothing was found; 1 it cannot be read or the query is none; 2 wrong command line.',
  notes: PRUNED_NOTE,
  json: {
    receipts: 'those of this page, each as `show` prints it',
    'cursor?': 'where the next page begins; missing on the last one',
    keptFrom: 'the first receipt that the log still has; 0 when nothing was pruned',
    source: '`index` or `log`: what was asked',
  },
};

const STATS: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'count receipts by tenant and kind; what the log weighs',
  options: { json: JSON_OBJECT },
  exitCodes: READ_EXITS,
  notes: PRUNED_NOTE,
  json: {
    origin: 'the log\'s name',
    size: 'receipts that the checkpoint speaks of',
    root: 'the tree\'s root, base64',
    keptFrom: 'the first receipt that is still there; all else is counted from there on',
    prunedBelow: 'receipts below may be gone, as a receipt of the log says itself',
    receipts: 'receipts counted',
    receiptBytes: 'of those, in all',
    receiptBytesMax: 'of the longest',
    'earliest?': 'by the authors\' clocks',
    'latest?': 'by the authors\' clocks',
    byKind: 'name and receipts of each kind, the most first',
    byTenant: 'name and receipts of each tenant, the most first',
  },
};

export const READING_COMMANDS = { verify: VERIFY, show: SHOW, tail: TAIL, query: QUERY, stats: STATS } as const satisfies Record<string, LedgerCommand>;
