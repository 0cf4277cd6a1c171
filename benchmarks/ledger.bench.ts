// The figures of the ledger: appending, publishing, verifying, and what it costs on disk.
import type { Suite } from './harness/figure.ts';
import { appendFigures } from './ledger/append-figures.ts';
import { logFigures } from './ledger/log-figures.ts';

const suite: Suite = {
  name: 'ledger',
  about: 'Receipts of 512 B on the disk of the checkout, published at the default interval.',
  figures: [...appendFigures, ...logFigures],
};

export default suite;
