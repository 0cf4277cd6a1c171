// Links the new bodies of a version to facades: their own for new modules, the present ones for
// those that stay. Which names a body exports is read from V8 once the body is linked; only where
// modules import each other, copies that never run are linked to one another to find out.
import vm from 'node:vm';
import { pathToFileURL } from 'node:url';
import { compileDraft, pause, requestsOf, textOf, type Build, type Draft } from './build.ts';
import { codeModule, importedPaths, sameNames, type CodeModule, type Request } from './code-module.ts';
import { CodeError, messageOf } from './errors.ts';
import { makeFacade, type Facade } from './facade.ts';
import { isJson } from './resolve.ts';
import { importLine } from './syntax-place.ts';

export async function linkAll(build: Build, components: readonly (readonly string[])[]): Promise<void> {
  for (const members of components) {
    const drafts = members.map((path) => build.drafts.get(path)!);
    for (const draft of drafts) if (mustEvaluateAgain(build, draft)) await compileDraft(build, draft);
    const [only] = drafts;
    const alone = drafts.length === 1 && !importedPaths(requestsOf(build, only!.source.path)).includes(only!.source.path);
    if (alone) await linkAlone(build, only!);
    else await linkCircle(build, drafts);
  }
}

/** Of what it imports, everything outside of its circle is linked already. */
function mustEvaluateAgain(build: Build, { kept, compiled }: Draft): boolean {
  if (kept === undefined || compiled !== undefined) return compiled !== undefined;
  const all = build.options.reevaluate === 'importers';
  return kept.requests.some(({ target, starred }) => target.kind === 'module' && (all ? isFresh(build, target.path) : starred && namesChanged(build, target.path)));
}

function isFresh({ image, base }: Build, path: string): boolean {
  const now = image.modules.get(path);
  return now !== undefined && now !== base?.modules.get(path);
}

function namesChanged({ image, base }: Build, path: string): boolean {
  const now = image.modules.get(path);
  const before = base?.modules.get(path);
  return now !== undefined && before !== undefined && now !== before && !sameNames(now.names, before.names);
}

async function linkAlone(build: Build, draft: Draft): Promise<void> {
  if (draft.compiled === undefined) {
    await keep(build, draft);
    return;
  }
  const { body, requests } = draft.compiled;
  await link(build, draft, body, requests);
  await pause(build.options);
  admit(build, draft, await makeFacade(urlOf(draft), namesOf(body)));
}

async function linkCircle(build: Build, drafts: readonly Draft[]): Promise<void> {
  if (drafts.every((draft) => draft.compiled === undefined)) {
    for (const draft of drafts) await keep(build, draft);
    return;
  }
  const copies = await linkCopies(build, drafts);
  const all = build.options.reevaluate === 'importers';
  const changed = new Set(drafts.filter(({ source, kept }) => !sameNames(kept?.names ?? [], namesOf(copies.get(source.path)!))).map(({ source }) => source.path));
  for (const draft of drafts) {
    const starred = draft.kept?.requests.some((request) => request.starred && request.target.kind === 'module' && changed.has(request.target.path));
    if (all || starred === true) await compileDraft(build, draft);
  }
  for (const draft of drafts) {
    if (draft.compiled === undefined) build.image.modules.set(draft.source.path, draft.kept!);
    else admit(build, draft, await makeFacade(urlOf(draft), namesOf(copies.get(draft.source.path)!)));
  }
  for (const draft of drafts) {
    if (draft.compiled === undefined) continue;
    await link(build, draft, draft.compiled.body, draft.compiled.requests);
    await pause(build.options);
  }
}

/** Copies of the members of a circle, linked to one another and never evaluated. */
async function linkCopies(build: Build, drafts: readonly Draft[]): Promise<Map<string, vm.SourceTextModule>> {
  const copies = new Map<string, vm.SourceTextModule>();
  for (const draft of drafts) {
    copies.set(draft.source.path, new vm.SourceTextModule(await textOf(build, draft), { identifier: urlOf(draft) }));
    await pause(build.options);
  }
  for (const draft of drafts) {
    const requests = requestsOf(build, draft.source.path);
    copies.get(draft.source.path)!.linkRequests(await targetsOf(build, draft, requests, copies));
  }
  // They all import each other: the first takes the others along.
  instantiate(drafts, copies.get(drafts[0]!.source.path)!);
  return copies;
}

/** Checked all the same where it may import what is exported no more: it could not be started again. */
async function keep(build: Build, draft: Draft): Promise<void> {
  const { path } = draft.source;
  const kept = draft.kept!;
  if (importedPaths(kept.requests).some((target) => namesChanged(build, target))) {
    const copy = new vm.SourceTextModule(await textOf(build, draft), { identifier: urlOf(draft) });
    await link(build, draft, copy, kept.requests);
    await pause(build.options);
  }
  build.image.modules.set(path, kept);
}

async function link(build: Build, draft: Draft, body: vm.Module, requests: readonly Request[]): Promise<void> {
  if (body instanceof vm.SourceTextModule) {
    body.linkRequests(await targetsOf(build, draft, requests, new Map()));
    instantiate([draft], body);
  } else await body.link(() => body);
}

function instantiate(drafts: readonly Draft[], body: vm.SourceTextModule): void {
  try {
    body.instantiate();
  } catch (error) {
    const message = messageOf(error);
    const places = drafts.map((draft) => ({ file: draft.source.file, line: importLine(draft.text ?? '', message) }));
    const place = places.find(({ line }) => line !== undefined) ?? places[0]!;
    throw new CodeError('code-link', message, { ...place, cause: error });
  }
}

async function targetsOf(build: Build, draft: Draft, requests: readonly Request[], copies: ReadonlyMap<string, vm.Module>): Promise<vm.Module[]> {
  const targets: vm.Module[] = [];
  for (const request of requests) {
    if (request.target.kind === 'module') {
      checkAttributes(request, request.target.path, draft);
      targets.push(copies.get(request.target.path) ?? build.image.modules.get(request.target.path)!.facade.module);
    } else {
      const { natives } = build.workshop;
      targets.push(await natives.wrap(await natives.load(request.target.specifier, request.attributes, draft.source.file)));
    }
  }
  return targets;
}

function checkAttributes({ specifier, attributes }: Request, path: string, draft: Draft): void {
  if (isJson(path) === (attributes['type'] === 'json')) return;
  const message = isJson(path) ? `import "${specifier}" with { type: 'json' }` : `"${specifier}" is no JSON; import it without a type`;
  throw new CodeError('code-link', message, { file: draft.source.file });
}

function admit(build: Build, draft: Draft, facade: Facade): CodeModule {
  const { image, workshop } = build;
  const generation = workshop.nextGeneration(draft.source.path);
  const module = codeModule({ source: draft.source, compiled: draft.compiled!, application: image.application, generation, facade, hooks: draft.hooks! });
  image.modules.set(module.path, module);
  build.fresh.push(module);
  workshop.made(module);
  return module;
}

/** In V8's order, by code units. */
function namesOf(body: vm.Module): string[] {
  return body instanceof vm.SyntheticModule ? ['default'] : Object.getOwnPropertyNames(body.namespace);
}

const urlOf = (draft: Draft): string => pathToFileURL(draft.source.file).href;
