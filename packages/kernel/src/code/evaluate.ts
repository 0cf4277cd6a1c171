// Runs the top levels of new bodies, importers after what they import, and binds each body's facade
// as soon as it has run, so that the importers find their imports there.
import { aborted, pause, type Build } from './build.ts';
import { importedPaths, namespaceOf, type CodeModule } from './code-module.ts';
import { CodeError, messageOf } from './errors.ts';
import { bindFacade, bindHoisted } from './facade.ts';
import { collectUpgradables } from './slot-table.ts';
import { thrownPlace } from './syntax-place.ts';

export async function evaluateAll(build: Build, components: readonly (readonly string[])[]): Promise<void> {
  const fresh = new Set(build.fresh);
  const { signal } = build.options;
  for (const members of components) {
    const modules = members.map((path) => build.image.modules.get(path)!);
    if (modules.length > 1) for (const module of modules) if (fresh.has(module)) bindHoisted(module.facade, namespaceOf(module));
    for (const module of modules) {
      // What is kept may still be in a top-level await of its own.
      const done = fresh.has(module) ? evaluate(build, module) : module.evaluated.promise;
      await (signal === undefined ? done : orAborted(done, signal));
      if (fresh.has(module)) await pause(build);
    }
  }
}

async function evaluate(build: Build, module: CodeModule): Promise<void> {
  await othersEvaluated(build, module);
  const { directory } = build.image.application;
  const timeout = build.options.evaluateTimeoutMs ?? 0;
  try {
    await module.body.evaluate(timeout > 0 ? { timeout } : {});
  } catch (error) {
    const what = (error as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? `the top level ran longer than ${timeout} ms` : `the top level threw: ${messageOf(error)}`;
    const file = `${directory}/${module.path}`;
    throw new CodeError('code-evaluate', what, { file, ...thrownPlace(error, directory), cause: error });
  }
  const namespace = namespaceOf(module);
  const lost = module.names.find((name) => !(name in namespace));
  if (lost !== undefined) {
    throw new CodeError('code-link', `"${lost}" comes from two modules by export *; export it by name`, { file: `${directory}/${module.path}` });
  }
  bindFacade(module.facade, namespace);
  module.upgradables = collectUpgradables(module.id, module.names, namespace);
  module.ready = true;
  module.evaluated.resolve();
}

/** Modules that were there before this build: one may still be in its top-level await. */
async function othersEvaluated(build: Build, module: CodeModule): Promise<void> {
  for (const path of importedPaths(module.requests)) {
    if (!build.drafts.has(path)) await build.image.modules.get(path)?.evaluated.promise;
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(aborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
