// Reads the files of an application's modules and makes of each the JavaScript that V8 compiles.
import { hash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, posix } from 'node:path';
import { CodeError, messageOf } from './errors.ts';
import { isTypeScript } from './resolve.ts';
import type { Stripper } from './stripper.ts';
import { syntaxError } from './syntax-place.ts';
import type { TextCache } from './text-cache.ts';

/** One version of an application: a directory of modules. */
export interface ApplicationSource {
  /** Begins the ids of its modules; letters, digits, `.`, `_`, `-`, and `@scope/` before. */
  readonly name: string;
  readonly version: string;
  readonly directory: string;
  /** Path of the first module, relative to the directory: `application.ts`. */
  readonly entry: string;
}

export interface SourceFile {
  /** Inside the application, with forward slashes; with its name before, the module's id. */
  readonly path: string;
  readonly file: string;
  readonly hash: string;
  readonly source: string;
}

/** Checked, with the directory's real path: stack traces then name files that exist. */
export async function checkApplication(application: ApplicationSource): Promise<ApplicationSource> {
  const { name, version, directory, entry } = application;
  const bad = (what: string): CodeError => new CodeError('code-bad-application', `application "${name}": ${what}`);
  if (!/^(?:@[\w.-]+\/)?[\w.-]+$/.test(name)) throw bad('its name may hold letters, digits, ".", "_" and "-"');
  if (typeof version !== 'string' || version === '') throw bad('its version is empty');
  const path = posix.normalize(entry);
  if (entry === '' || isAbsolute(entry) || path.startsWith('..')) throw bad(`its entry "${entry}" is not a path inside its directory`);
  const real = await realpath(directory).catch(() => {
    throw bad(`its directory ${directory} does not exist`);
  });
  return { name, version, directory: real, entry: path };
}

export async function readSource(directory: string, path: string, importer: string | undefined): Promise<SourceFile> {
  const file = join(directory, path);
  try {
    const source = await readFile(file, 'utf8');
    return { path, file, hash: hash('sha256', source), source };
  } catch (error) {
    const asked = importer === undefined ? '' : `, which ${importer} imports`;
    throw new CodeError('code-not-found', `cannot read the module ${path}${asked}: ${messageOf(error)}`, { file, cause: error });
  }
}

/** The JavaScript of a module; the types are blanked, so that lines and columns stay. */
export async function javaScriptOf({ path, file, hash, source }: SourceFile, cache: TextCache, stripper: Stripper): Promise<string> {
  if (!isTypeScript(path)) return source;
  const cached = await cache.get(hash);
  if (cached !== undefined) return cached;
  const text = await stripper.strip(source);
  if (text === undefined) throw syntaxError(file, source, undefined);
  await cache.put(hash, text);
  return text;
}

