/** `flyball ctl`: connects to a node's control socket, sends one request, prints the answer. */
import { dirname } from 'node:path';
import { checkPrivate, connectControl, runtimeDirectoryPath } from '@flyball/release';
import { CTL_COMMANDS, CTL_OPTIONS, type CtlCommand } from './commands/ctl-commands.ts';
import type { CtlRequest } from './commands/ctl-request.ts';
import type { Environment } from './environment.ts';
import { EXIT_FAILED, EXIT_NOT_RUNNING, EXIT_OK, UsageError } from './errors.ts';
import { ctlCommandHelp, ctlHelp } from './help.ts';
import { nearestName } from './nearest-name.ts';
import { parseOptions } from './options.ts';

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

interface Parsed {
  readonly command: CtlCommand;
  readonly values: Readonly<Record<string, unknown>>;
  /** Behind the command. */
  readonly positionals: readonly string[];
  readonly request: CtlRequest;
}

/** Resolves to the exit code; throws UsageError. */
export async function runCtl(args: readonly string[], environment: Environment, output: Output): Promise<number> {
  const parsed = parseCtl(args, environment.directory);
  if (typeof parsed === 'string') {
    output.out(parsed);
    return EXIT_OK;
  }
  const json = parsed.values['json'] === true;
  try {
    const result = await ask(parsed.request, String(parsed.values['name']), environment);
    output.out(json ? `${JSON.stringify(result, null, 2)}\n` : parsed.command.format(result, parsed.values, parsed.positionals));
    return EXIT_OK;
  } catch (error) {
    const { code = 'internal', message } = error as { code?: string; message: string };
    output.err(json ? `${JSON.stringify({ error: { code, message } })}\n` : `flyball ctl: ${message} (${code})\n`);
    return code === 'not-running' ? EXIT_NOT_RUNNING : EXIT_FAILED;
  }
}

/** A text when help is asked for. Options may stand before the command and after it. */
export function parseCtl(args: readonly string[], directory: string): Parsed | string {
  const all = Object.assign({}, CTL_OPTIONS, ...Object.values(CTL_COMMANDS).map(({ options }) => options ?? {}));
  const name = parseOptions('ctl', all, args.filter((argument) => argument !== '--help' && argument !== '-h')).positionals[0];
  if (name === undefined) {
    if (args.includes('--help') || args.includes('-h')) return ctlHelp();
    throw new UsageError('ctl', [`ctl needs a command: ${Object.keys(CTL_COMMANDS).join(', ')}.`]);
  }
  if (!Object.hasOwn(CTL_COMMANDS, name)) throw new UsageError('ctl', [unknownCommand(name)]);
  const command = CTL_COMMANDS[name] as CtlCommand;
  const { values, positionals, help } = parseOptions(`ctl ${name}`, { ...CTL_OPTIONS, ...command.options }, args);
  if (help) return ctlCommandHelp(name);
  const [least, most] = command.arity;
  const given = positionals.length - 1;
  if (given < least || given > most) throw new UsageError(`ctl ${name}`, [`ctl ${name} takes ${command.usage === '' ? 'no arguments' : command.usage}; it got ${given}.`]);
  const request = command.request(positionals.slice(1), values, directory);
  if (typeof request === 'string') throw new UsageError(`ctl ${name}`, [request]);
  return { command, values, positionals: positionals.slice(1), request };
}

function unknownCommand(name: string): string {
  const known = Object.keys(CTL_COMMANDS);
  const near = nearestName(name, known);
  return `There is no command "ctl ${name}"; ${near === undefined ? `there are ${known.join(', ')}.` : `did you mean "ctl ${near}"?`}`;
}

async function ask(request: CtlRequest, name: string, environment: Environment): Promise<unknown> {
  const directory = runtimeDirectoryPath({ ...environment, name });
  trustDirectory(directory, environment.userId);
  const client = await connectControl(directory);
  try {
    const result = await client.request(request.method, request.params);
    if (request.untilClosed === true) await client.closed;
    return result;
  } finally {
    client.close();
  }
}

/** Another user could have put a socket of his own at a shared place; a missing directory is "not running". */
function trustDirectory(directory: string, userId: number): void {
  for (const level of [dirname(directory), directory]) {
    try {
      checkPrivate(level, userId);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
  }
}
