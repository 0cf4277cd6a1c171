// The code server: application modules that are upgraded while they run.
export { createCodeServer, evaluateTimeoutMsDefault, type CodeServer, type CodeServerOptions, type LoadedApplication, type ModuleStatus, type PrepareOptions } from './code-server.ts';
export type { PreparedSwap, ModuleChange, ModuleChangeKind } from './prepared-swap.ts';
export type { SlotChange, SlotRemoval } from './slot-table.ts';
export type { ApplicationSource } from './source.ts';
export type { BodyInfo } from './lingering.ts';
export type { Namespace } from './facade.ts';
export { CodeError, codeErrorCodes, type CodeErrorCode, type CodePlace } from './errors.ts';
export { Slot, slotKey, slotOf, upgradable, type ModuleExport } from './slot.ts';
