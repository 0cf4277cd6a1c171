// Makes a version of an application from its files beside the one in force, touching nothing of it:
// read and compile (crawl.ts), link (link.ts), evaluate (evaluate.ts). Gives the event loop a turn
// between modules.
import { setImmediate } from 'node:timers/promises';
import { compile, importedPaths, type BodyHooks, type CodeModule, type Compiled, type Image, type Request } from './code-module.ts';
import { componentsOf } from './components.ts';
import { crawl } from './crawl.ts';
import { CodeError } from './errors.ts';
import { evaluateAll } from './evaluate.ts';
import { linkAll } from './link.ts';
import type { NativeModules } from './native.ts';
import { javaScriptOf, type SourceFile } from './source.ts';
import type { Stripper } from './stripper.ts';
import type { TextCache } from './text-cache.ts';

export interface BuildOptions {
  /**
   * `changed`: only modules whose text changed are evaluated anew. `importers`: also all that import
   * them, directly or not, as after a start: for applications that compute values from imports at top level.
   */
  reevaluate?: 'changed' | 'importers';
  /** Gives the preparation up, between modules and during a top-level await. */
  signal?: AbortSignal;
  /** How long the synchronous part of one module's top level may run; 0 for any time. */
  evaluateTimeoutMs?: number;
}

/** What all builds of an application use. */
export interface Workshop {
  readonly cache: TextCache;
  readonly natives: NativeModules;
  nextGeneration(path: string): number;
  made(module: CodeModule): void;
  readonly importDynamically: BodyHooks['importDynamically'];
}

export interface Build {
  readonly image: Image;
  /** The version in force, whose unchanged modules are kept. */
  readonly base: Image | undefined;
  readonly workshop: Workshop;
  readonly stripper: Stripper;
  readonly options: BuildOptions;
  readonly drafts: Map<string, Draft>;
  /** Made by this build, in the order of evaluation. */
  readonly fresh: CodeModule[];
}

export interface Draft {
  readonly source: SourceFile;
  /** The module of the version in force, if its text is the same. */
  readonly kept: CodeModule | undefined;
  text: string | undefined;
  compiled: Compiled | undefined;
  hooks: BodyHooks | undefined;
}

export interface BuildParts extends Pick<Build, 'image' | 'base' | 'workshop' | 'stripper'> {
  readonly options?: BuildOptions;
}

/** Roots that do not exist are left out where `optional` says so: what was imported dynamically may be gone. */
export async function build(parts: BuildParts, roots: readonly string[], optional: readonly string[] = []): Promise<Build> {
  const { image } = parts;
  const build: Build = { ...parts, options: parts.options ?? {}, drafts: new Map(), fresh: [] };
  try {
    await inTurn(image, async () => {
      const found = await crawl(build, roots, optional);
      await linkAll(build, componentsOf(found, (path) => importedPaths(requestsOf(build, path)).filter((target) => build.drafts.has(target))));
    });
    await evaluateAll(image, [...roots, ...optional].filter((path) => image.modules.has(path)), build.options);
    return build;
  } catch (error) {
    // Not kept as failed, unlike in Node: the next import may find the file repaired.
    for (const module of build.fresh) {
      if (image.modules.get(module.path) === module) image.modules.delete(module.path);
      module.evaluated.reject(error);
    }
    throw error;
  } finally {
    parts.stripper.close();
  }
}

function inTurn<T>(image: Image, work: () => Promise<T>): Promise<T> {
  const done = image.linking.then(work);
  image.linking = done.catch(() => {});
  return done;
}

export function requestsOf(build: Build, path: string): readonly Request[] {
  const draft = build.drafts.get(path);
  return draft?.compiled?.requests ?? draft?.kept?.requests ?? [];
}

/** Compiles a body for a draft: the module will be evaluated. */
export async function compileDraft(build: Build, draft: Draft): Promise<void> {
  if (draft.compiled !== undefined) return;
  const { image, workshop } = build;
  const hooks: BodyHooks = { path: draft.source.path, image, meta: undefined, importDynamically: workshop.importDynamically };
  const text = await textOf(build, draft);
  await pause(build.options);
  draft.hooks = hooks;
  draft.compiled = compile(draft.source, text, image.application.directory, hooks);
}

export async function textOf(build: Build, draft: Draft): Promise<string> {
  return (draft.text ??= await javaScriptOf(draft.source, build.workshop.cache, build.stripper));
}

/** Between two modules: whoever else has to run does. */
export async function pause({ signal }: BuildOptions): Promise<void> {
  await setImmediate();
  if (signal?.aborted === true) throw aborted(signal);
}

export function aborted(signal: AbortSignal): CodeError {
  return new CodeError('code-aborted', 'the preparation was given up', { cause: signal.reason });
}
