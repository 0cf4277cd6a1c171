// Finds an application in a folder: its name, its version and the module that exports it.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

export interface ApplicationFolder {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
  /** Relative to the directory. */
  readonly entry: string;
}

export class ApplicationFolderError extends Error {
  readonly code = 'application-not-found';
}

/** Tried in this order where package.json names none under `flyball.application`. */
export const ENTRY_NAMES = ['application.ts', 'application.js', 'src/application.ts', 'src/application.js', 'server.ts', 'server.js', 'src/server.ts', 'src/server.js'] as const;

interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly flyball?: { readonly name?: string; readonly application?: string };
}

/** Throws ApplicationFolderError with what is missing and where. */
export function findApplication(directory: string, given: { name?: string | undefined; version?: string | undefined } = {}): ApplicationFolder {
  const file = readPackage(directory);
  const entry = file.flyball?.application ?? ENTRY_NAMES.find((name) => existsSync(join(directory, name)));
  if (entry === undefined) {
    throw new ApplicationFolderError(`${directory} holds no application: it needs a module that exports one (${ENTRY_NAMES.slice(0, 3).join(', ')}, …), or "flyball": { "application": "./path.ts" } in its package.json`);
  }
  if (!existsSync(join(directory, entry))) throw new ApplicationFolderError(`${join(directory, 'package.json')}: flyball.application names ${entry}, which does not exist`);
  const name = given.name ?? file.flyball?.name ?? file.name?.split('/').at(-1) ?? basename(directory);
  return { name, version: given.version ?? file.version ?? '0.0.0', directory, entry: relative(directory, join(directory, entry)) };
}

function readPackage(directory: string): PackageFile {
  const path = join(directory, 'package.json');
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PackageFile;
  } catch (cause) {
    throw new ApplicationFolderError(`${path} is not JSON: ${(cause as Error).message}`);
  }
}
