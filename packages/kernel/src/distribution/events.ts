// What the distribution tells: telemetry events. Counting and logging are their subscribers'.
import { telemetryEvent } from '../telemetry.ts';
import type { PeerId } from './wire.ts';

/** Both sides know each other. */
export const peerUp = telemetryEvent<PeerId>('distribution.peer.up');
/** A peer that was up is not connected any more; the next use connects again. */
export const peerDown = telemetryEvent<PeerId & { reason: string }>('distribution.peer.down');
/** A connection to a peer came to nothing. */
export const connectFailed = telemetryEvent<PeerId & { path: string; reason: string }>('distribution.connect.failed');
/** Whoever connected here was no shard of this node; the connection is closed. */
export const helloRefused = telemetryEvent<{ reason: string; shard: number | undefined; creation: number | undefined }>('distribution.hello.refused');
/** A peer does not keep to the protocol; the connection is closed. */
export const frameBad = telemetryEvent<PeerId & { error: Error }>('distribution.frame.bad');
/** A cast or message was not sent; `dropped` counts those of this connection. */
export const messageDropped = telemetryEvent<PeerId & { name: string; reason: 'overloaded' | 'bad-message'; dropped: number }>('distribution.message.dropped');
