/** The report of `flyball ledger verify` for people. Pure. */
import type { VerifyReport } from '@flyball/ledger';
import { plural } from '../commands/text.ts';

export function verifyText(report: VerifyReport, target: string): string {
  if (report.verdict === 'unusable') return `unusable: ${report.reason ?? target}\n`;
  const lines = [headline(report, target), ...facts(report)];
  for (const { code, message } of report.findings) lines.push(`  ${code}: ${message}`);
  if (report.hasMoreFindings) lines.push(`  … and more than the ${report.findings.length} listed`);
  return `${lines.join('\n')}\n`;
}

function headline({ verdict, receipts, tenants, findings, hasMoreFindings }: VerifyReport, target: string): string {
  const counted = `${plural(receipts, 'receipt')} of ${plural(tenants, 'tenant')}`;
  if (verdict === 'good') return `good: ${target}, ${counted}`;
  return `BROKEN: ${target}, ${counted}; ${hasMoreFindings ? 'more than ' : ''}${plural(findings.length, 'finding')}`;
}

function facts({ origin, size, root, signedBy, witnesses, keysFrom, prunedBelow }: VerifyReport): string[] {
  const rows: [string, string][] = [];
  if (origin !== undefined) rows.push(['log', origin]);
  if (size !== undefined) rows.push(['checkpoint', `${size}, root ${root}`]);
  rows.push(['signed by', signedBy.length === 0 ? 'nobody known' : signedBy.join(', ')]);
  for (const { name, timeS } of witnesses) rows.push(['witness', `${name} at ${new Date(timeS * 1_000).toISOString()}`]);
  if (prunedBelow > 0) rows.push(['pruned', `receipts below ${prunedBelow}`]);
  if (keysFrom === 'log') rows.push(['keys', 'the log\'s own vkeys: this proves that the log holds together, not whose it is; pass --key']);
  return rows.map(([name, value]) => `  ${`${name}:`.padEnd(12)}${value}`);
}
