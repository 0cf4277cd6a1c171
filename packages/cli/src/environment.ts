/** The only place that reads the process's environment: what the rest of cli needs of it, as plain values. */
import { hostname, tmpdir } from 'node:os';
import { dirname } from 'node:path';

export interface Environment {
  /** XDG_RUNTIME_DIR. */
  readonly runtimeRoot: string | undefined;
  readonly temporaryRoot: string;
  readonly userId: number;
  readonly hostName: string;
  /** Relative paths on the command line start here. */
  readonly directory: string;
  /** Passed on to the shards. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export function readEnvironment(): Environment {
  const { env } = process;
  return {
    runtimeRoot: env['XDG_RUNTIME_DIR'],
    temporaryRoot: tmpdir(),
    // Without user ids (Windows) there are no Unix sockets with a mode either.
    userId: process.getuid?.() ?? 0,
    hostName: hostname(),
    directory: callersDirectory(env['npm_package_json'], env['INIT_CWD']),
    variables: env,
  };
}

/** npm runs scripts in the package's folder; INIT_CWD is where its user stood. */
function callersDirectory(packageJson: string | undefined, initial: string | undefined): string {
  const here = process.cwd();
  const runByNpm = packageJson !== undefined && dirname(packageJson) === here;
  return runByNpm && initial !== undefined ? initial : here;
}
