/** The commands that keep a log: its keys, witnesses, size, soundness and copies. Pure. */
import { count, flag, JSON_OBJECT, list, TARGET, text, type LedgerCommand } from './ledger-command.ts';
import { KEY, SINCE } from './reading-commands.ts';

const WRITER_NOTE = 'A ledger that a node has open is changed by that node: see flyball ctl ledger --help.';

const KEYS: LedgerCommand = {
  usage: TARGET,
  takes: [1, 1],
  summary: 'list the verifier keys of a log; rotate or retire a key of a ledger that no node has open',
  options: {
    rotate: flag('rotate', 'make a new key, recorded in the log; the old ones sign on until they are retired'),
    retire: text('retire', 'VKEY', 'destroy the secret of this old key for ever'),
    json: JSON_OBJECT,
  },
  exitCodes: '0 done; 1 it could not be done; 2 wrong command line.',
  notes: WRITER_NOTE,
  json: { keys: 'each key as `key` (name+id+base64) and `signs`: whether it signed the newest checkpoint' },
};

const COSIGN: LedgerCommand = {
  usage: 'FOLDER NOTE',
  takes: [2, 2],
  summary: 'take a witness\'s cosignature of a checkpoint, and serve it with that',
  options: { witness: list('witness', 'VKEY', 'verifier key of a witness whose cosignatures count, or a file of them'), json: JSON_OBJECT },
  exitCodes: '0 taken; 1 refused; 2 wrong command line.',
  notes: `NOTE is a file, or - for standard input: the checkpoint with the witness's signature line, or the lines alone as
witnesses answer them (C2SP tlog-witness). It must be of the newest checkpoint; a running node takes older ones, too.
${WRITER_NOTE}`,
  json: {
    origin: 'the log\'s name',
    size: 'receipts of the checkpoint that was cosigned',
    witnesses: 'name and time in seconds of each witness on it',
    isNewest: 'whether it is the newest checkpoint; else it is served as cosigned-checkpoint only',
  },
};

const PRUNE: LedgerCommand = {
  usage: 'FOLDER',
  takes: [1, 1],
  summary: 'remove the oldest receipts of a ledger that no node has open, once a copy has them',
  options: {
    minimumIndex: count('minimum-index', 'N', 'keep receipts from this place on'),
    before: text('before', 'TIME', 'remove what is older, by the authors\' clocks, up to the first receipt that is not; ISO 8601'),
    keepDays: count('keep-days', 'N', 'the same, for so many days before now'),
    exportedTo: text('exported-to', 'PLACE', 'a copy (as export\'s PLACE, or the log in it) that must hold every receipt to be removed'),
    withoutExport: flag('without-export', 'remove them although no copy is checked: they are then gone for ever'),
    dryRun: flag('dry-run', 'say what would be removed, and change nothing; a node may have the ledger open'),
    json: JSON_OBJECT,
  },
  exitCodes: '0 done, also if nothing was to be removed; 1 refused or failed, nothing was removed; 2 wrong command line.',
  notes: `Receipts go by whole bundles of 256. A receipt of the log says so first; hashes, proofs and the chains of those left stay.
${WRITER_NOTE}`,
  json: {
    origin: 'the log\'s name',
    size: 'receipts that the checkpoint spoke of',
    keptFrom: 'the first receipt that was there before',
    minimumIndex: 'the first receipt that is kept',
    receipts: 'receipts removed',
    files: 'files removed',
    bytes: 'bytes of those',
    isDryRun: 'whether nothing was done',
    'exportedTo?': 'the copy that was checked',
  },
};

const FSCK: LedgerCommand = {
  usage: 'FOLDER',
  takes: [1, 1],
  summary: 'check everything in a ledger\'s folder that no node has open, and repair what can be',
  options: {
    repair: flag('repair', 'make good what the rest of the ledger proves; nothing is invented'),
    newKey: flag('new-key', 'with --repair: a new signing key if none is left; all who verify must then be told'),
    json: JSON_OBJECT,
  },
  exitCodes: '0 sound, or all repaired; 1 damaged; 2 it cannot be checked: no ledger, in use, or a wrong command line.',
  json: {
    folder: 'the ledger\'s folder',
    size: 'receipts that the ledger has',
    findings: 'what is wrong: code, path, message, and state: `repairable`, `repaired` or `unrepairable`',
    isSound: 'whether a node can open it',
  },
};

const BUCKETS = `A bucket's credentials come from the environment: for s3:// from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION and, for stores that are not Amazon's, AWS_ENDPOINT_URL_S3; for gs:// from wherever
Google's client looks, such as GOOGLE_APPLICATION_CREDENTIALS.`;

const EXPORT: LedgerCommand = {
  usage: `${TARGET} PLACE`,
  takes: [2, 2],
  summary: 'copy what is new of a log to a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX; the node may run',
  options: {
    minimumIndex: count('minimum-index', 'N', 'receipts below may be missing: they were pruned; a ledger\'s own folder says so itself'),
    json: JSON_OBJECT,
  },
  notes: BUCKETS,
  exitCodes: '0 the copy is whole; 1 it is not: run it again; 2 wrong command line.',
  json: {
    origin: 'the log\'s name',
    place: 'where the copy is: what verify and import take',
    size: 'receipts of the copy',
    sizeBefore: 'receipts that it had before',
    filesWritten: 'files written now',
    bytesWritten: 'bytes of those',
  },
};

const IMPORT: LedgerCommand = {
  usage: 'PLACE FOLDER',
  takes: [2, 2],
  summary: 'verify a copy (folder, archive, address, s3://, gs://) and make a ledger of it in an empty folder',
  notes: BUCKETS,
  options: { key: KEY, since: SINCE, signingKeys: text('signing-keys', 'FOLDER', 'a copy of the lost ledger\'s folder keys, so that a node can go on writing'), json: JSON_OBJECT },
  exitCodes: '0 done; 1 refused or failed; 2 wrong command line.',
  json: {
    origin: 'the log\'s name',
    folder: 'where it is now',
    size: 'receipts',
    tenants: 'tenants',
    filesWritten: 'files written now',
    isWritable: 'whether a node can go on writing it',
  },
};

export const KEEPING_COMMANDS = { keys: KEYS, cosign: COSIGN, prune: PRUNE, fsck: FSCK, export: EXPORT, import: IMPORT } as const satisfies Record<string, LedgerCommand>;
