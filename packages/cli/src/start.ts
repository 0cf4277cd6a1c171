/**
 * `flyball start`: joins heart and the listener's descriptors, runs until stopped. This process is heart.
 * Until the shards are spawned nothing is done that can wait: their start is what the user waits for.
 */
import { statSync, type Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  claimControlSocket,
  createHeart,
  prepareRuntimeDirectory,
  removeStaleSockets,
  runtimeDirectoryPath,
  systemClock,
  wallTime,
  type Heart,
  type HeartDescriptors,
  type HeartLimits,
  type Listening,
  type ShardCommand,
} from '@flyball/release';
import type { LedgerFacts } from './commands/banner.ts';
import { ledgerProblems, nodeConfiguration, type NodeConfiguration, type StartValues } from './config.ts';
import type { Output } from './ctl.ts';
import type { Environment } from './environment.ts';
import { EXIT_FAILED, EXIT_KILLED, UsageError } from './errors.ts';
import { shardConfiguration } from './shard-configuration.ts';

const runsFromSource = import.meta.url.endsWith('.ts');

/** A terminal and npm may both deliver one Ctrl-C. */
const SECOND_SIGNAL_MS = 300;

/**
 * Resolves to the exit code once the node has stopped; throws UsageError. `shardMain` is the module that each
 * shard runs.
 */
export async function runStart(given: StartValues, environment: Environment, output: Output, shardMain: string = defaultShardMain()): Promise<number> {
  const values = withPaths(given, environment.directory);
  await checkWitnesses(values);
  const config = nodeConfiguration(values);
  try {
    const runtimeDirectory = runtimeDirectoryPath({ ...environment, name: config.name });
    prepareRuntimeDirectory(runtimeDirectory, environment.userId);
    const control = await claimControlSocket(runtimeDirectory);
    removeStaleSockets(runtimeDirectory);
    const heart = createHeart({
      node: config.name,
      shards: values.shards,
      config: shardConfiguration(config, environment.hostName),
      runtimeDirectory,
      command: shardCommand(environment, shardMain),
      descriptors: lazyDescriptors(),
      limits: heartLimits(values),
      recordsChanges: config.ledger !== undefined,
      log: (severity, text) => output.err(`${wallTime()} ${severity.toUpperCase()} heart: ${text}\n`),
      onReady: (listening) => void printBanner(values, listening, output),
    });
    heart.start();
    control.serve(heart);
    const killed = onSignals(heart);
    const { exitCode, reason } = await heart.finished;
    control.close();
    // The reason itself is in the log already.
    if (reason !== undefined) output.err(await advice(reason.code, config));
    return killed() ? EXIT_KILLED : exitCode;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === undefined) throw error;
    output.err(`flyball: ${message}\n`);
    return EXIT_FAILED;
  }
}

/** Throws UsageError. */
async function checkWitnesses({ ledger: folder, ledgerWitness: witnesses }: StartValues): Promise<void> {
  if (witnesses.length === 0) return;
  const { witnessProblems } = await import('./witness-problems.ts');
  const problems = witnessProblems({ witnesses, folder });
  if (problems.length > 0) throw new UsageError('start', problems);
}

/** Absolute paths, checked to exist; the default application is the first example of the checkout. */
export function withPaths(values: StartValues, directory: string): StartValues {
  const problems: string[] = [];
  const absolute = (option: string, paths: readonly string[], kind: 'a folder' | 'a file or folder', mayBeMissing = false): string[] =>
    paths.map((path) => {
      const found = resolve(directory, path);
      const stats = statsOf(found);
      if (stats === undefined && mayBeMissing) return found;
      if (stats === undefined) problems.push(`--${option} ${path}: there is no ${found}.`);
      else if (kind === 'a folder' && !stats.isDirectory()) problems.push(`--${option} ${path} must be ${kind}; ${found} is none.`);
      return found;
    });
  const applications = values.application.length > 0 ? values.application : [fileURLToPath(new URL('../../../examples/01-documents', import.meta.url))];
  const [ledger = ''] = values.ledger === '' ? [] : absolute('ledger', [values.ledger], 'a folder', true);
  const paths = { application: absolute('application', applications, 'a folder'), documents: absolute('documents', values.documents, 'a file or folder'), ledger };
  problems.push(...ledgerProblems(values));
  if (values.port !== 0 && values.port + values.portOffset > 65_535) problems.push(`--port ${values.port} with --port-offset ${values.portOffset} is above 65535.`);
  if (problems.length > 0) throw new UsageError('start', problems);
  return { ...values, ...paths };
}

/** A file where a folder should be on the way there is as good as nothing there. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function defaultShardMain(): string {
  return fileURLToPath(new URL(runsFromSource ? './shard-main.ts' : './shard-main.js', import.meta.url));
}

function shardCommand(environment: Environment, shardMain: string): ShardCommand {
  // The code server's modules (decision 2): vm modules, and versions that can be collected.
  const flags = ['--experimental-vm-modules', '--no-compilation-cache', '--disable-warning=ExperimentalWarning'];
  return { execPath: process.execPath, args: [...(runsFromSource ? ['--conditions=flyball-source'] : []), ...flags, shardMain], env: environment.variables };
}

/**
 * The keeper, loaded while the shards start: the listener brings the kernel along, which heart would otherwise
 * read before it spawns anything.
 */
function lazyDescriptors(): HeartDescriptors {
  const keeper = Promise.withResolvers<HeartDescriptors>();
  setImmediate(() => void import('@flyball/listener').then(({ createDescriptorKeeper }) => keeper.resolve(createDescriptorKeeper()), keeper.reject));
  // A module that does not load is reported to whoever asks; nobody asking is no second error.
  keeper.promise.catch(() => undefined);
  return {
    open: async (name, host, port) => (await keeper.promise).open(name, host, port),
    close: () => void keeper.promise.then((loaded) => loaded.close(), () => undefined),
  };
}

function heartLimits(values: StartValues): Partial<HeartLimits> {
  return {
    beatTimeoutMs: values.beatTimeout,
    startTimeoutMs: values.startTimeout,
    drainDeadlineMs: values.drainDeadline,
    stopDeadlineMs: values.stopDeadline,
    restartsMax: values.restarts,
    restartPeriodMs: values.restartPeriod,
  };
}

/** SIGINT, SIGTERM, SIGHUP stop; a second one kills. The function returned says whether that happened. */
function onSignals(heart: Heart): () => boolean {
  let firstAtMs: number | undefined;
  let killed = false;
  const stop = (): void => {
    const nowMs = systemClock.nowMs();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      return void heart.stop();
    }
    if (nowMs - firstAtMs < SECOND_SIGNAL_MS) return;
    killed = true;
    void heart.kill();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  return () => killed;
}

async function printBanner(values: StartValues, listening: readonly Listening[], output: Output): Promise<void> {
  const [{ formatBanner }, { version }] = await Promise.all([import('./commands/banner.ts'), import('./version.ts')]);
  const ledger = values.ledger === '' ? undefined : await ledgerFacts(values.ledger);
  output.out(formatBanner({ version: version(), name: values.name, pid: process.pid, shards: values.shards, nodeVersion: process.versions.node, listening, ...(ledger !== undefined && { ledger }) }));
}

/** As its checkpoint has it (C2SP tlog-checkpoint): the first line names the log, the second says its size. */
async function ledgerFacts(folder: string): Promise<LedgerFacts> {
  const checkpoint = await readFile(join(folder, 'checkpoint'), 'utf8').catch(() => '');
  const [origin = '', size = ''] = checkpoint.split('\n', 2);
  return { folder, origin, size: Number(size) };
}

async function advice(code: string, { httpPort, ledger }: NodeConfiguration): Promise<string> {
  const { startAdvice } = await import('./commands/banner.ts');
  return startAdvice(code, httpPort, ledger?.folder);
}
