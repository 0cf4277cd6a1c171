// Requests that are answered at once, by whoever got them, in both eras.
import type { Exchange } from '@flyball/listener';
import { invalidParams, type RpcRequest } from '../protocol/json-rpc.ts';
import { readEmpty, readList } from '../protocol/params.ts';
import { toolsListJson } from '../protocol/tools.ts';
import type { Era } from '../protocol/versions.ts';
import { sendError, sendResult } from './reply-channel.ts';
import { preparedOf, type ServerSlot } from './served.ts';

/** A request without params of its own, whose result does not depend on it. */
export function answerConstant(exchange: Exchange, request: RpcRequest, resultJson: () => string, era: Era): void {
  const read = readEmpty(request.params);
  if (read.ok) sendResult(exchange, request.id, resultJson());
  else sendError(exchange, request.id, invalidParams(read.message), era);
}

export function answerToolsList(exchange: Exchange, request: RpcRequest, slot: ServerSlot, era: Era): void {
  const read = readList(request.params);
  if (!read.ok) return sendError(exchange, request.id, invalidParams(read.message), era);
  const listed = toolsListJson(preparedOf(slot), era, read.cursor);
  if (listed.ok) sendResult(exchange, request.id, listed.json);
  else sendError(exchange, request.id, listed.error, era);
}
