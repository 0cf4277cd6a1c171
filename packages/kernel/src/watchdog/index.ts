// The watchdog: says which function blocks the main thread, from a thread that is not blocked.
export { blockedAfterMsDefault, eventLoopBlocked, startWatchdog, watchdogFailed, type BlockReport, type WatchdogOptions } from './watchdog.ts';
