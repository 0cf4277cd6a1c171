// Starts the process of one call, below the session or the calls-server that it belongs to.
import { KernelError, processOf, spawnTask, type Process, type Self } from '@flyball/kernel';
import type { Exchange } from '@flyball/listener';
import { internalError } from '../protocol/json-rpc.ts';
import type { CallRequest } from './call-request.ts';
import { runCall } from './call.ts';
import { sendError } from './reply-channel.ts';
import type { ServerSlot } from './served.ts';

/** Undefined, and the client is told, if the shard has no room for one more process: that is no fault of the caller's. */
export function startCallProcess(slot: ServerSlot, exchange: Exchange, call: CallRequest, self: Self): Process | undefined {
  try {
    return spawnTask(slot, (context) => runCall(slot, exchange, call, context), { parent: processOf(self.pid)!, linked: true });
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== 'process-limit') throw error;
    sendError(exchange, call.request.id, internalError('The server runs as many calls as it can; try again later'), call.era);
    return undefined;
  }
}
