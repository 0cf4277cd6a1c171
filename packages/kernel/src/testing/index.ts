// @flyball/kernel/testing: what tests of processes need in place of sleeping. Never imported by
// code that runs in production.
export { createVirtualClock, settle, type VirtualClock } from './virtual-clock.ts';
export { events, type EventRecorder } from './events.ts';
export { exited, resetKernel } from './kernel.ts';
