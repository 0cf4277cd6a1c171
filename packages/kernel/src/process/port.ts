// Ports: what a process owns of the outside world (sockets, timers, OS children). A process
// keeps the id in its state; the driver behind it is platform code that is not swapped and only
// sends messages. Ports of a process are closed when it exits.
import type { ExitReason } from './exit-reason.ts';
import type { Process } from './process.ts';
import { telemetryEvent } from '../telemetry.ts';

export type PortId = number;

export const portCloseFailed = telemetryEvent<{ port: PortId; error: unknown }>('port.close.failed');

let lastPortId = 0;
export const portTable = new Map<PortId, Port>();

export abstract class Port {
  readonly id: PortId;
  owner: Process | undefined = undefined;
  previousOwned: Port | undefined = undefined;
  nextOwned: Port | undefined = undefined;

  constructor() {
    lastPortId += 1;
    this.id = lastPortId;
  }

  /** Releases what stands behind the port; called once, `reason` being the owner's exit reason. */
  abstract close(reason: ExitReason): void;
}

/**
 * Enters a port into the table, owned by `owner` (a port without one is closed by its driver). An
 * owner that died while the driver opened it gets nothing: the port is closed at once.
 */
export function openPort(port: Port, owner: Process | undefined): PortId {
  if (owner?.exitReason !== undefined) {
    closeSafely(port, owner.exitReason);
    return port.id;
  }
  portTable.set(port.id, port);
  if (owner !== undefined) adopt(port, owner);
  return port.id;
}

/** Closes a port; false if it was closed before. */
export function closePort(id: PortId, reason: ExitReason = 'normal'): boolean {
  const port = portTable.get(id);
  if (port === undefined) return false;
  forgetPort(port);
  closeSafely(port, reason);
  return true;
}

// One driver that fails must not keep the other ports of a dead process open, nor its links untold.
function closeSafely(port: Port, reason: ExitReason): void {
  try {
    port.close(reason);
  } catch (error) {
    portCloseFailed.emit({ port: port.id, error });
  }
}

/** Takes a port out of the table without closing it: its driver is done with it. */
export function forgetPort(port: Port): void {
  portTable.delete(port.id);
  disown(port);
}

/** Makes another process the owner, as `gen_tcp:controlling_process/2`. False if it is closed. */
export function givePort(id: PortId, owner: Process): boolean {
  const port = portTable.get(id);
  if (port === undefined) return false;
  disown(port);
  adopt(port, owner);
  return true;
}

export function closeOwnedPorts(owner: Process, reason: ExitReason): void {
  for (let port = owner.ports; port !== undefined; port = owner.ports) closePort(port.id, reason);
}

function adopt(port: Port, owner: Process): void {
  port.owner = owner;
  port.previousOwned = undefined;
  port.nextOwned = owner.ports;
  if (owner.ports !== undefined) owner.ports.previousOwned = port;
  owner.ports = port;
}

function disown(port: Port): void {
  const { owner } = port;
  if (owner === undefined) return;
  if (port.previousOwned === undefined) owner.ports = port.nextOwned;
  else port.previousOwned.nextOwned = port.nextOwned;
  if (port.nextOwned !== undefined) port.nextOwned.previousOwned = port.previousOwned;
  port.owner = undefined;
  port.previousOwned = undefined;
  port.nextOwned = undefined;
}
