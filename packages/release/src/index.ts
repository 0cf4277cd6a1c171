export { HEART_ERROR_CODES, HeartError } from './errors.ts';
export type { HeartErrorCode } from './errors.ts';
export { connectControl } from './control/control-client.ts';
export type { ControlClient } from './control/control-client.ts';
export { CONTROL_METHODS } from './control/control-methods.ts';
export { claimControlSocket } from './control/control-server.ts';
export type { ControlSocket } from './control/control-server.ts';
export type { LoadResult, ShardLoad } from './control/load.ts';
export { checkPrivate, controlSocketPath, prepareRuntimeDirectory, removeStaleSockets, runtimeDirectoryPath } from './runtime-directory.ts';
export type { RuntimeDirectoryOptions } from './runtime-directory.ts';
export { systemClock, wallTime } from './heart/clock.ts';
export type { HeartClock } from './heart/clock.ts';
export { createHeart } from './heart/heart.ts';
export type { Heart, HeartDescriptors, HeartFinish, HeartOptions, HeartStatus, ShardReference, ShardStatus } from './heart/heart.ts';
export { DEFAULT_LIMITS } from './heart/heart-state.ts';
export type { HandOverResult, HandOverStep, HeartLimits } from './heart/heart-state.ts';
export type { ShardCommand } from './heart/shard-process.ts';
export { SHARD_METHODS } from './heart/protocol.ts';
export type {
  BeatMessage,
  BootMessage,
  ChangeRecorded,
  ChangeToRecord,
  DescriptorReply,
  DescriptorRequest,
  DrainedMessage,
  FailedMessage,
  HandOverMessage,
  HeartMessage,
  Listening,
  LivePeer,
  LoadedApplication,
  Peer,
  PeerRole,
  PeersMessage,
  ReadyMessage,
  RemoteError,
  RequestMessage,
  ResponseMessage,
  ShardMessage,
  ShardMethod,
  StopMessage,
} from './heart/protocol.ts';
