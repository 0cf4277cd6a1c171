// What others may call. Formats first: pure, for who writes, reads or verifies a log.
export { LedgerError, ledgerErrorCodes } from './errors.ts';
export type { LedgerErrorCode } from './errors.ts';

export { canonicalJson } from './format/canonical-json.ts';
export { decodeReceipt, encodeDraft, receiptKinds, recordDraft } from './format/receipt.ts';
export type { EncodedDraft, Receipt, ReceiptDraft, ReceiptKind } from './format/receipt.ts';
export { chainGenesis, chainHash, receiptHash } from './format/chain.ts';
export { consistencyParts, emptyRoot, inclusionParts, leafHash, nodeHash, verifyConsistency, verifyInclusion } from './format/merkle.ts';
export type { ProofPart, Subtree } from './format/merkle.ts';
export { checkpointPath, cosignedCheckpointPath, parseTilePath, tilePath, tileWidth, verifierKeysPath } from './format/layout.ts';
export type { TileId } from './format/layout.ts';
export { consistencyProof, decodeBundle, encodeBundle, inclusionProof, rootFromTiles } from './format/tile.ts';
export type { TileReader } from './format/tile.ts';
export { checkNote, cosignatureTimeS, cosignNote, formatNote, formatSignature, formatSigningKey, formatVerifierKey, parseNote, parseSignature, parseSigningKey, parseVerifierKey, signatureTypes, signingKey, signNote, verifierKeyOf } from './format/note.ts';
export type { CheckedNote, Note, NoteSignature, SignatureType, SigningKey, VerifierKey } from './format/note.ts';
export { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './format/checkpoint.ts';
export type { Checkpoint, OpenedCheckpoint } from './format/checkpoint.ts';
export { addCheckpointRequest, formatProof, parseProof, verifyProof } from './format/proof.ts';
export type { ProofVerdict, TlogProof } from './format/proof.ts';
export { followRotation, keyRotation, prunedBelow, pruning, statementEvents } from './format/statement.ts';
export { ledgerTenantId } from './format/receipt.ts';

export { verifyLog } from './verify/verify.ts';
export type { VerifyOptions } from './verify/verify.ts';
export { findingCodes } from './verify/report.ts';
export type { Finding, FindingCode, Progress, VerifyReport, Witnessed } from './verify/report.ts';

// Writing: one process a ledger, its files in a thread of their own.
export { ledgerClockWentBack, ledgerEnded, ledgerPublished, ledgerTold, LedgerWriter, openWriter, publishEveryMsDefault } from './store/writer.ts';
export type { Appended } from './store/writer.ts';
export type { FoundReceipt, PublishedCheckpoint, WriterOptions, WriterStats } from './store/protocol.ts';
export { ledgerNotOpened, ledgerOpened, ledgerServer, ledgerServerChild, ledgerServerName, ledgerWriter } from './servers/ledger-server.ts';
export type { LedgerServerOptions, Outcome } from './servers/ledger-server.ts';
export { fsckLedger } from './store/repair/fsck.ts';
export type { FsckFinding, FsckOptions, FsckReport } from './store/repair/fsck.ts';
export { ledgerRecorder } from './store/recorder.ts';

// Asking: what a log has published, read without its writer.
export { loggedReceipt, PublishedLog } from './index-db/published-log.ts';
export type { LoggedEntry, LoggedReceipt, PublishedTree } from './index-db/published-log.ts';
export { pageReceiptsMax } from './index-db/receipt-query.ts';
export type { ReceiptPage, ReceiptQuery } from './index-db/receipt-query.ts';
export { ReceiptIndex, receiptIndexPath } from './index-db/receipt-index.ts';
export type { ChainVerdict } from './index-db/receipt-index.ts';
export type { TenantHead } from './index-db/index-table.ts';
export { scanReceipts } from './index-db/scan.ts';
export { followLog, polledGrowth } from './index-db/follow.ts';
export type { Growth } from './index-db/follow.ts';

// The whole ledger: writer and index, a thread each.
export { ledgerOver, openLedger } from './ledger.ts';
export type { Ledger, ReceiptName } from './ledger.ts';
export { ledgerIndexServer, ledgerIndexServerChild, ledgerIndexServerName, ledgerSupervisor, openedLedger } from './servers/index-server.ts';

// One ledger for a node of several OS processes.
export { ledgerProblem, nodeLedger, nodeLedgerName, recordTimeoutMsDefault } from './node/node-ledger.ts';
export type { LedgerProblem, NodeLedger, NodeLedgerOptions } from './node/node-ledger.ts';
export { nodeLedgerChild, nodeLedgerServer, nodeLedgerSupervisor } from './node/node-ledger-server.ts';
export { ledgerStoreName } from './node/owned-store.ts';
export { originOf } from './node/origin.ts';
export type { OwnedLedgerStatus, OwnerRequests } from './node/protocol.ts';

// Keeping: copies elsewhere, and back.
export { exportLedger } from './export/export-ledger.ts';
export type { ExportOptions, ExportReport } from './export/export-ledger.ts';
export { importLedger } from './export/import-ledger.ts';
export type { ImportOptions, ImportReport } from './export/import-ledger.ts';
export { checkExported } from './export/check-exported.ts';
export type { CheckExportedOptions } from './export/check-exported.ts';
export { isBucket } from './export/open-store.ts';
export { logFolder } from './export/object-store.ts';
export type { StoreOptions } from './export/open-store.ts';
export type { GcsOptions } from './export/gcs-store.ts';
export type { S3Options } from './export/s3-store.ts';

// Serving: the log over HTTP as data, for whoever has a port.
export { answerFor, openLogFile, serveLogFile } from './serve/log-files.ts';
export type { AnswerHeaders, FileAnswer, HttpAnswer, OpenFileAnswer } from './serve/log-files.ts';
