// The figures of the governors: what they decide, beside what their peers' policies would have decided.
import { comparisonTable } from './governors/comparison.ts';
import { costFigures } from './governors/cost.ts';
import { decisionFigures } from './governors/decisions.ts';
import { rollbackFigures } from './governors/rollback.ts';
import { valveFigures } from './governors/valve.ts';
import type { Suite } from './harness/figure.ts';

const suite: Suite = {
  name: 'governors',
  about: 'Four governors simulated beside their peers\' policies, on seeds that nothing was tuned on.',
  figures: [...costFigures, ...rollbackFigures, ...valveFigures, ...decisionFigures],
  closing: comparisonTable,
};

export default suite;
