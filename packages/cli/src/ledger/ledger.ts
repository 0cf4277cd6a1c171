/** `flyball ledger`: finds the command and runs it. Each one is imported only when it is asked for. */
import { LedgerError } from '@flyball/ledger';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../errors.ts';
import { parseLedger, type ParsedLedger } from './ledger-options.ts';
import { FileProblem } from './target.ts';

/** Resolves to the exit code; throws UsageError. */
export async function runLedger(args: readonly string[], environment: Environment, output: Output): Promise<number> {
  const parsed = parseLedger(args);
  if (typeof parsed === 'string') {
    output.out(parsed);
    return EXIT_OK;
  }
  try {
    return await runCommand(parsed, environment, output);
  } catch (error) {
    // Anything else is a bug, which must not look like a mistake of the user's.
    if (!(error instanceof LedgerError || error instanceof FileProblem)) throw error;
    const { code, message } = error;
    output.err(parsed.values['json'] === true ? `${JSON.stringify({ error: { code, message } })}\n` : `flyball ledger ${parsed.name}: ${message} (${code})\n`);
    // For those that judge, 1 is a verdict: that nothing could be said is 2.
    return parsed.name === 'verify' || parsed.name === 'fsck' ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function runCommand(parsed: ParsedLedger, environment: Environment, output: Output): Promise<number> {
  switch (parsed.name) {
    case 'verify':
      return (await import('./verify.ts')).runVerify(parsed, environment, output);
    case 'show':
      return (await import('./show.ts')).runShow(parsed, environment, output);
    case 'tail':
      return (await import('./tail.ts')).runTail(parsed, environment, output);
    case 'query':
      return (await import('./query.ts')).runQuery(parsed, environment, output);
    case 'stats':
      return (await import('./stats.ts')).runStats(parsed, environment, output);
    case 'keys':
      return (await import('./keys.ts')).runKeys(parsed, environment, output);
    case 'fsck':
      return (await import('./fsck.ts')).runFsck(parsed, environment, output);
    case 'export':
      return (await import('./export.ts')).runExport(parsed, environment, output);
    case 'import':
      return (await import('./export.ts')).runImport(parsed, environment, output);
    default:
      throw new Error(`ledger ${parsed.name} is in the table and has no code`);
  }
}
