// What heart adds to the operator's options before it hands them to the shards.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeConfiguration } from './config.ts';

export interface ShardConfiguration extends NodeConfiguration {
  /** Signs what stateless clients carry between rounds; base64url. All shards and generations share it, and it is written nowhere. */
  readonly stateKey: string;
  /** Where compiled application code is kept between starts. */
  readonly cacheDirectory: string;
  /** Of this run of the node: makes the ids of its receipts its own. */
  readonly runId: string;
  /** Of this machine: names a ledger that begins. */
  readonly hostName: string;
  /** The checkout or release that this program runs from. */
  readonly projectDirectory: string;
}

const STATE_KEY_BYTES = 32;
const RUN_ID_BYTES = 8;

export function shardConfiguration(config: NodeConfiguration, hostName: string): ShardConfiguration {
  const projectDirectory = fileURLToPath(new URL('../../../', import.meta.url));
  return {
    ...config,
    hostName,
    runId: randomBytes(RUN_ID_BYTES).toString('hex'),
    stateKey: randomBytes(STATE_KEY_BYTES).toString('base64url'),
    cacheDirectory: join(projectDirectory, 'node_modules', '.cache', 'flyball', 'code'),
    projectDirectory,
  };
}
