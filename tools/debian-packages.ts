// Programs that come from Debian packages and that benchmarks or tests want. Where root and apt are
// there, a missing one is installed; elsewhere who wants it is told its name and skips.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

export type DebianPackage = {
  readonly package: string;
  /** The program whose presence on the PATH, or the file at a path of its own, shows that nothing needs installing. */
  readonly command: string;
  readonly wantedBy: 'benchmarks' | 'tests';
};

export const debianPackages: readonly DebianPackage[] = [
  { package: 'erlang-base', command: 'erl', wantedBy: 'benchmarks' },
  { package: 'golang-1.19-go', command: '/usr/lib/go-1.19/bin/go', wantedBy: 'tests' },
  { package: 'golang-golang-x-mod-dev', command: '/usr/share/gocode/src/golang.org/x/mod/sumdb/note/note.go', wantedBy: 'tests' },
];

const installTimeoutMs = 300_000;

export function isOnPath(command: string): boolean {
  if (isAbsolute(command)) return existsSync(command);
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => isExecutable(join(folder, command)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs what `wantedBy` lacks, if this machine lets us; returns what is still missing. */
export function provideDebianPackages(wantedBy: DebianPackage['wantedBy']): readonly DebianPackage[] {
  const missing = () => debianPackages.filter((entry) => entry.wantedBy === wantedBy && !isOnPath(entry.command));
  const names = missing().map((entry) => entry.package);
  if (names.length === 0 || process.getuid?.() !== 0 || !isOnPath('apt-get')) return missing();
  process.stderr.write(`flyball: installing ${names.join(', ')} with apt-get …\n`);
  if (!aptGet(['install', ...names])) {
    // A fresh container has no package lists yet.
    aptGet(['update']);
    aptGet(['install', ...names]);
  }
  return missing();
}

function aptGet(args: readonly string[]): boolean {
  const options = ['-qq', '-y', '--no-install-recommends'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const done = spawnSync('apt-get', [...options, ...args], { env, stdio: ['ignore', 2, 2], timeout: installTimeoutMs });
  return done.status === 0;
}

/**
 * For the `skip` option of a test that runs `command`: false when it is there, else the reason, which
 * `npm test` prints with the test's name.
 */
export function skipWithout(command: string): string | false {
  if (isOnPath(command)) return false;
  const entry = debianPackages.find((one) => one.command === command);
  return `needs ${command}${entry ? `, of the Debian package ${entry.package}` : ''}`;
}
