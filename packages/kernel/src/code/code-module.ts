// A module of an application as it was evaluated once: the body, what it asked for, its facade.
// Versions of the application share the modules that did not change between them.
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { clock } from '../timing/clock.ts';
import { CodeError, messageOf } from './errors.ts';
import type { Facade, Namespace } from './facade.ts';
import { isJson, resolveSpecifier, starredSpecifiers, type Resolution } from './resolve.ts';
import type { Slot } from './slot.ts';
import type { ApplicationSource, SourceFile } from './source.ts';
import { syntaxError } from './syntax-place.ts';

export interface Request {
  readonly specifier: string;
  readonly attributes: ImportAttributes;
  readonly target: Resolution;
  /** Asked for with `*`: the importer depends on the whole set of export names. */
  readonly starred: boolean;
}

export interface Upgradable {
  /** All names that it is exported under; the first one names it. */
  readonly names: readonly string[];
  /** The slot that the value was made with. */
  readonly slot: Slot;
}

/** One version of an application: grows by what is imported dynamically, otherwise fixed. */
export interface Image {
  readonly application: ApplicationSource;
  readonly modules: Map<string, CodeModule>;
  /** Linking takes turns, so that two dynamic imports do not both make the same module. */
  linking: Promise<unknown>;
  /** Dynamic imports under way, by path. */
  readonly importing: Map<string, Promise<unknown>>;
}

export interface CodeModule {
  readonly id: string;
  readonly path: string;
  readonly hash: string;
  /** Of the application, when the body was made. */
  readonly version: string;
  readonly generation: number;
  readonly loadedAtMs: number;
  readonly requests: readonly Request[];
  readonly body: vm.Module;
  readonly names: readonly string[];
  readonly facade: Facade;
  readonly hooks: BodyHooks;
  /** Settles when the top level has run. */
  readonly evaluated: PromiseWithResolvers<void>;
  started: boolean;
  /** Its top level has run without fault: its exports can be read. */
  ready: boolean;
  upgradables: readonly Upgradable[];
}

/** What a body reaches outside of its source. Lives as long as the body's code does. */
export interface BodyHooks {
  readonly path: string;
  /** The version that the body belongs to until it is in force; afterwards, that in force counts. */
  image: Image | undefined;
  meta: ImportMeta | undefined;
  importDynamically(hooks: BodyHooks, specifier: string, attributes: ImportAttributes): Promise<Namespace>;
}

export interface Compiled {
  readonly body: vm.Module;
  readonly requests: readonly Request[];
}

/** Throws 'code-syntax' and 'code-link'. */
export function compile(source: SourceFile, text: string, directory: string, hooks: BodyHooks): Compiled {
  if (isJson(source.path)) return { body: jsonModule(source), requests: [] };
  const body = sourceModule(source, text, directory, hooks);
  const starred = new Set(starredSpecifiers(text));
  const requests = body.moduleRequests.map(({ specifier, attributes }) => ({
    specifier,
    attributes: attributes as ImportAttributes,
    target: resolveSpecifier(specifier, source.path, directory),
    starred: starred.has(specifier),
  }));
  return { body, requests };
}

function sourceModule(source: SourceFile, text: string, directory: string, hooks: BodyHooks): vm.SourceTextModule {
  try {
    return new vm.SourceTextModule(text, {
      identifier: pathToFileURL(source.file).href,
      initializeImportMeta(meta) {
        hooks.meta = meta as ImportMeta;
        pointMeta(hooks, directory);
      },
      // Given the hooks alone: a closure over more would keep all of it for as long as any of the body's code.
      importModuleDynamically: ((specifier: string, _referrer: vm.Module, attributes: ImportAttributes) =>
        hooks.importDynamically(hooks, specifier, attributes)) as never,
    });
  } catch (error) {
    throw syntaxError(source.file, text, error);
  }
}

function jsonModule(source: SourceFile): vm.SyntheticModule {
  let value: unknown;
  try {
    value = JSON.parse(source.source);
  } catch (error) {
    throw new CodeError('code-syntax', messageOf(error), { file: source.file, cause: error });
  }
  return new vm.SyntheticModule(['default'], function setDefault() {
    this.setExport('default', value);
  }, { identifier: pathToFileURL(source.file).href });
}

/** A module that stays over a swap reads its own files from the new version's directory. */
export function pointMeta({ path, meta }: BodyHooks, directory: string): void {
  if (meta === undefined) return;
  const file = join(directory, path);
  const now = { url: pathToFileURL(file).href, filename: file, dirname: dirname(file) };
  // Not assigned: that throws if the module froze it, and a commit must not fail.
  for (const [key, value] of Object.entries(now)) Reflect.set(meta, key, value);
}

export interface ModuleParts {
  readonly source: SourceFile;
  readonly compiled: Compiled;
  readonly application: ApplicationSource;
  readonly generation: number;
  readonly facade: Facade;
  readonly hooks: BodyHooks;
}

export function codeModule({ source, compiled, application, generation, facade, hooks }: ModuleParts): CodeModule {
  const evaluated = Promise.withResolvers<void>();
  // Whoever waits for it gets the failure; nobody has to.
  evaluated.promise.catch(() => {});
  return {
    id: `${application.name}/${source.path}`,
    path: source.path,
    hash: source.hash,
    version: application.version,
    generation,
    loadedAtMs: clock().wallMs(),
    requests: compiled.requests,
    body: compiled.body,
    names: facade.names,
    facade,
    hooks,
    evaluated,
    started: false,
    ready: false,
    upgradables: [],
  };
}

/** The modules of the application that it imports. */
export function importedPaths(requests: readonly Request[]): string[] {
  return requests.flatMap(({ target }) => (target.kind === 'module' ? [target.path] : []));
}

export const namespaceOf = (module: CodeModule): Namespace => module.body.namespace as Namespace;
export const sameNames = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((name, at) => name === b[at]);
