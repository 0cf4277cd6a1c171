// Verifies a log offline, as `flyball ledger verify` does. A process of its own; prints a VerifySample.
import { verifyLog } from '@flyball/ledger';
import { programOptions } from './program.ts';

export interface VerifySample {
  readonly verdict: string;
  readonly receipts: number;
  readonly maxRssMb: number;
}

const { target } = programOptions<{ readonly target: string }>();
const { verdict, receipts } = await verifyLog({ target });
console.log(JSON.stringify({ verdict, receipts, maxRssMb: (process.resourceUsage().maxRSS * 1024) / 1e6 } satisfies VerifySample));
