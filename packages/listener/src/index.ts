export { DescriptorError, descriptorErrorCodes, type DescriptorErrorCode } from './errors.ts';
export { bindDescriptor, borrowDescriptor, createDescriptorKeeper, parentLink } from './descriptors.ts';
export type {
  BoundDescriptor,
  DescriptorKeeper,
  DescriptorLink,
  DescriptorReply,
  DescriptorRequest,
  DescriptorSpec,
  ListenHandle,
} from './descriptors.ts';
export type { BodyOutcome } from './http/body.ts';
export { Exchange, exchangeOf, STREAM_BYTES_MAX, whenAllAnswered, type RawHeaders } from './http/exchange.ts';
export { addRoute, findRoute, routePaths, type Audience, type RouteEntry, type RouteHandler } from './http/routes.ts';
export { connectionRefused, requestFailed, type HttpServerOptions } from './http/http-server.ts';
export { drainListener, httpListener, listenerAddress, listenerConnections, listening, type HttpListenerOptions } from './http/http-listener.ts';
export { endForwardedStreams, forwardExchange, hopsOf, HOPS_HEADER, whenNoneForwarded } from './http/forward.ts';
export { http } from './http/node-http.ts';
