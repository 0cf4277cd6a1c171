// Where the writer keeps what is its own, below the ledger's folder. The rest (checkpoint, tile/, vkeys) is laid out
// by format/layout.ts and may be served as it is; keys/ and state/ must not be.
import { join } from 'node:path';

import { cosignedCheckpointPath } from '../format/layout.ts';

export type Places = {
  readonly folder: string;
  readonly state: string;
  readonly identity: string;
  readonly lock: string;
  readonly journal: string;
  readonly idRuns: string;
  readonly snapshot: string;
  readonly pruned: string;
  readonly keys: string;
  readonly cosigned: string;
};

export function placesOf(folder: string): Places {
  const state = join(folder, 'state');
  return {
    folder,
    state,
    identity: join(state, 'ledger.json'),
    lock: join(state, 'lock'),
    journal: join(state, 'journal'),
    idRuns: join(state, 'ids'),
    snapshot: join(state, 'snapshot'),
    pruned: join(state, 'pruned'),
    keys: join(folder, 'keys'),
    cosigned: join(folder, cosignedCheckpointPath),
  };
}
