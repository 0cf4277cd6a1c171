/**
 * The `flyball` command: finds the subcommand and runs it. Each one is imported only when it is asked for,
 * because `start` is measured from here.
 */
import type { Output } from './ctl.ts';
import { readEnvironment } from './environment.ts';
import { EXIT_OK, EXIT_USAGE, UsageError } from './errors.ts';

const COMMANDS = ['start', 'ctl', 'simulate', 'ledger'];

const output: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

async function run([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'start':
      return start(rest);
    case 'ctl':
      return (await import('./ctl.ts')).runCtl(rest, readEnvironment(), output);
    case 'simulate':
      return (await import('./simulate.ts')).runSimulate(rest, readEnvironment(), output);
    case 'ledger':
      return (await import('./ledger/ledger.ts')).runLedger(rest, readEnvironment(), output);
    case '--version':
    case '-v':
    case 'version':
      output.out(`${(await import('./version.ts')).version()}\n`);
      return EXIT_OK;
    case undefined:
    case '--help':
    case '-h':
    case 'help':
      output.out((await import('./help.ts')).TOP_HELP);
      return command === undefined ? EXIT_USAGE : EXIT_OK;
    default: {
      const { nearestName } = await import('./nearest-name.ts');
      const near = nearestName(command, COMMANDS);
      throw new UsageError('', [`There is no command "${command}"; ${near === undefined ? `there are ${COMMANDS.join(', ')}.` : `did you mean "${near}"?`}`]);
    }
  }
}

async function start(args: readonly string[]): Promise<number> {
  const { parseStart } = await import('./options.ts');
  const { values, help } = parseStart(args);
  if (help) {
    output.out((await import('./help.ts')).startHelp());
    return EXIT_OK;
  }
  return (await import('./start.ts')).runStart(values, readEnvironment(), output);
}

function usage(error: unknown): number {
  if (!(error instanceof UsageError)) throw error;
  for (const problem of error.problems) output.err(`flyball: ${problem}\n`);
  output.err(`See: flyball ${`${error.command} --help`.trim()}\n`);
  return EXIT_USAGE;
}

// A reader that went away (`flyball ctl tree | head`) is no reason to crash.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2)).catch(usage);
