export { nodeConfiguration, START_OPTIONS, type NodeConfiguration, type OptionSchema, type StartValues } from './config.ts';
export { allowed, dashes } from './options.ts';
export { LEDGER_COMMANDS } from './ledger/ledger-options.ts';
export type { LedgerCommand } from './ledger/ledger-command.ts';
export { ledgerProblemCodes } from './ledger/problem.ts';
