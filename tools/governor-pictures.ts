// Writes docs/explanation/governors/pictures: one simulated run of each governor beside its peers.
// tests/governor-pictures.test.ts tells when they are old.
//   node --conditions=flyball-source tools/governor-pictures.ts
import { mkdirSync, writeFileSync } from 'node:fs';

import { governorPictures, picturesFolder } from './governor-plans.ts';

mkdirSync(picturesFolder, { recursive: true });
for (const [file, draw] of Object.entries(governorPictures)) {
  writeFileSync(new URL(file, picturesFolder), draw());
  process.stdout.write(`docs/explanation/governors/pictures/${file}\n`);
}
