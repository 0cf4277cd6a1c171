// Brings the index of a ledger up to its log, as a node does, so that it counts among the bytes on disk.
import { openLedger } from '@flyball/ledger';
import { programOptions } from './program.ts';

const ledger = await openLedger({ folder: programOptions<{ readonly folder: string }>().folder });
// Answers once the index has what was published before.
const { receipts } = await ledger.query({ limit: 1 });
await ledger.close();
console.log(JSON.stringify({ newest: receipts.length }));
