// Writes the pages of docs/reference that are made from the code's own tables; a test tells when they are old.
//   node --conditions=flyball-source tools/reference.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { referencePages } from './reference-pages.ts';

mkdirSync(new URL('../docs/reference/', import.meta.url), { recursive: true });
for (const [name, text] of Object.entries(referencePages())) {
  writeFileSync(new URL(`../docs/reference/${name}`, import.meta.url), text);
  process.stdout.write(`docs/reference/${name}\n`);
}
