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
  /** The checkout or release that this program runs from. */
  readonly projectDirectory: string;
}

const STATE_KEY_BYTES = 32;

export function shardConfiguration(config: NodeConfiguration): ShardConfiguration {
  const projectDirectory = fileURLToPath(new URL('../../../', import.meta.url));
  return {
    ...config,
    stateKey: randomBytes(STATE_KEY_BYTES).toString('base64url'),
    cacheDirectory: join(projectDirectory, 'node_modules', '.cache', 'flyball', 'code'),
    projectDirectory,
  };
}
