// No byte of a log can be changed unseen.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';
import { verifyLog } from '../../src/index.ts';
import { buildLog, entries, logVerifierKey, writeLog, type LogFiles } from '../../src/testing/log-builder.ts';
import { withFolder } from './tampering.ts';

type Place = { readonly path: string; readonly at: number; readonly mask: number };

/** How many of the tampered logs were taken for good, or not judged. */
async function unseen(files: LogFiles, places: Iterable<Place>): Promise<Place[]> {
  const found: Place[] = [];
  await withFolder(async (folder) => {
    writeLog(folder, files);
    for (const place of places) {
      const bytes = files.get(place.path)!;
      const tampered = Buffer.from(bytes);
      tampered[place.at]! ^= place.mask;
      writeFileSync(join(folder, place.path), tampered);
      const { verdict, findings } = await verifyLog({ target: folder, keys: [logVerifierKey], threads: 0 });
      if (verdict !== 'broken' || findings.length === 0) found.push(place);
      writeFileSync(join(folder, place.path), bytes);
    }
  });
  return found;
}

const isOfTree = (path: string) => path !== 'vkeys';

test('every byte of a log of four receipts, one bit turned at a time', async () => {
  const files = buildLog(entries(4, { tenants: 2 }));
  const places = [...files].filter(([path]) => isOfTree(path)).flatMap(([path, bytes]) => Array.from(bytes, (_, at) => ({ path, at, mask: 1 << (at % 8) })));
  assert.ok(places.length > 1_500);
  assert.deepEqual(await unseen(files, places), []);
});

test('every value of every byte of the checkpoint', async () => {
  const files = buildLog(entries(1));
  const bytes = files.get('checkpoint')!;
  const places = Array.from(bytes).flatMap((_, at) => [1, 2, 3, 4, 8, 16, 32, 64, 128, 255].map((mask) => ({ path: 'checkpoint', at, mask })));
  assert.deepEqual(await unseen(files, places), []);
});

test('bytes by chance of a log of a thousand receipts', async () => {
  const given = process.env['FLYBALL_SEED'];
  const seed = given === undefined ? freshSeed() : Number(given);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const files = buildLog(entries(1_000));
  const paths = [...files.keys()].filter(isOfTree);
  const places = Array.from({ length: 100 }, () => {
    const path = random.pick(paths);
    return { path, at: random.below(files.get(path)!.length), mask: 1 << random.below(8) };
  });
  assert.deepEqual(await unseen(files, places), [], `FLYBALL_SEED=${seed}`);
});
