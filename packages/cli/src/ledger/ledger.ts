/** `flyball ledger`: finds the command and runs it. Each one is imported only when it is asked for. */
import { LedgerError } from '@flyball/ledger';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_FAILED, EXIT_KILLED, EXIT_OK, EXIT_USAGE } from '../errors.ts';
import { harmless } from './harmless-output.ts';
import { parseLedger, type LedgerCommandName, type ParsedLedger } from './ledger-options.ts';
import { LedgerProblem } from './problem.ts';

/** Resolves to the exit code. */
type Run = (parsed: ParsedLedger, environment: Environment, output: Output) => Promise<number>;

const COMMANDS: Readonly<Record<LedgerCommandName, () => Promise<Run>>> = {
  verify: async () => (await import('./verify.ts')).runVerify,
  show: async () => (await import('./show.ts')).runShow,
  tail: async () => (await import('./tail.ts')).runTail,
  query: async () => (await import('./query.ts')).runQuery,
  stats: async () => (await import('./stats.ts')).runStats,
  keys: async () => (await import('./keys.ts')).runKeys,
  cosign: async () => (await import('./cosign.ts')).runCosign,
  prune: async () => (await import('./prune.ts')).runPrune,
  fsck: async () => (await import('./fsck.ts')).runFsck,
  export: async () => (await import('./export.ts')).runExport,
  import: async () => (await import('./import.ts')).runImport,
};

/** Resolves to the exit code; throws UsageError. */
export async function runLedger(args: readonly string[], environment: Environment, output: Output): Promise<number> {
  const parsed = parseLedger(args);
  if (typeof parsed === 'string') {
    output.out(parsed);
    return EXIT_OK;
  }
  // Killed, it would leave behind what it unpacked.
  if (parsed.values['follow'] !== true && isPacked(parsed)) process.once('SIGINT', () => process.exit(EXIT_KILLED));
  try {
    const run = await COMMANDS[parsed.name]();
    return await run(parsed, environment, { ...output, out: (text) => output.out(harmless(text)) });
  } catch (error) {
    // Anything else is a bug, which must not look like a mistake of the user's.
    if (!(error instanceof LedgerError || error instanceof LedgerProblem)) throw error;
    const { code } = error;
    const message = harmless(`${error.message}${adviceFor(parsed.name, code)}`);
    output.err(parsed.values['json'] === true ? `${JSON.stringify({ error: { code, message } })}\n` : `flyball ledger ${parsed.name}: ${message} (${code})\n`);
    // For those that judge, 1 is a verdict: that nothing could be said is 2.
    return parsed.name === 'verify' || parsed.name === 'fsck' ? EXIT_USAGE : EXIT_FAILED;
  }
}

function isPacked({ positionals: [target = ''] }: ParsedLedger): boolean {
  return /\.t?gz$/.test(target);
}

/** How a node is asked for what this command cannot do while the node has the ledger open. */
const ASK_NODE: Partial<Readonly<Record<LedgerCommandName, string>>> = {
  keys: 'flyball ctl ledger rotate-key, or retire-key VKEY',
  cosign: 'flyball ctl ledger cosign FILE',
  prune: 'flyball ctl ledger prune INDEX (with --dry-run this command tells INDEX and checks the copy)',
};

/** What the library cannot know: how a user of this command gets on. */
function adviceFor(name: LedgerCommandName, code: string): string {
  const how = ASK_NODE[name];
  return code === 'ledger-locked' && how !== undefined ? `; if that is a node, ask it: ${how}` : '';
}
