// Finds the modules of a version: reads from the roots along the imports, compares each text with
// that in force, compiles what is new.
import { compileDraft, requestsOf, textOf, type Build, type Draft } from './build.ts';
import { importedPaths } from './code-module.ts';
import { CodeError } from './errors.ts';
import { readSource, type SourceFile } from './source.ts';

interface Wanted {
  readonly path: string;
  readonly importer: string | undefined;
}

/** Fills `build.drafts`; answers the roots that there are. */
export async function crawl(build: Build, roots: readonly string[], optional: readonly string[]): Promise<string[]> {
  let wave: Wanted[] = [...new Set([...roots, ...optional])].filter((path) => !build.image.modules.has(path)).map((path) => ({ path, importer: undefined }));
  while (wave.length > 0) {
    const drafts = await Promise.all(wave.map((wanted) => readDraft(build, wanted, optional)));
    wave = await follow(build, drafts.filter((draft) => draft !== undefined));
  }
  return [...roots, ...optional].filter((path) => build.drafts.has(path));
}

async function readDraft(build: Build, wanted: Wanted, optional: readonly string[]): Promise<Draft | undefined> {
  const { image, base } = build;
  let source: SourceFile;
  try {
    source = await readSource(image.application.directory, wanted.path, wanted.importer);
  } catch (error) {
    if (wanted.importer !== undefined || !optional.includes(wanted.path) || !isAbsent(error)) throw error;
    return undefined;
  }
  const before = base?.modules.get(wanted.path);
  const kept = before?.hash === source.hash ? before : undefined;
  const draft: Draft = { source, kept, text: undefined, compiled: undefined, hooks: undefined };
  build.drafts.set(wanted.path, draft);
  return draft;
}

const isAbsent = (error: unknown): boolean => error instanceof CodeError && (error.cause as { code?: unknown } | undefined)?.code === 'ENOENT';

/** Compiles what is new among them; answers what they import and nobody asked for yet. */
async function follow(build: Build, drafts: readonly Draft[]): Promise<Wanted[]> {
  const fresh = drafts.filter((draft) => draft.kept === undefined);
  // All at once, as the stripper works in another thread.
  await Promise.all(fresh.map((draft) => textOf(build, draft)));
  for (const draft of fresh) await compileDraft(build, draft);
  const next = new Map<string, Wanted>();
  for (const { source } of drafts) {
    for (const path of importedPaths(requestsOf(build, source.path))) {
      if (!build.drafts.has(path) && !build.image.modules.has(path)) next.set(path, { path, importer: source.path });
    }
  }
  return [...next.values()];
}
