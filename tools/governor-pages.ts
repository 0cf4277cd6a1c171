// Writes what the pages of docs/explanation/governors take from the code: the picture of each machine and the
// reference of each policy. tests/governor-pages.test.ts tells when they are old.
//   node --conditions=flyball-source tools/governor-pages.ts
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { madePage, governorPages } from './governor-blocks.ts';

for (const [file, governor] of Object.entries(governorPages)) {
  const page = new URL(`../docs/explanation/governors/${file}`, import.meta.url);
  if (!existsSync(page)) {
    process.exitCode = 1;
    process.stderr.write(`docs/explanation/governors/${file} is not written yet\n`);
    continue;
  }
  writeFileSync(page, madePage(readFileSync(page, 'utf8'), governor));
  process.stdout.write(`docs/explanation/governors/${file}\n`);
}
