// Runs the top levels of new bodies, importers after what they import, and binds each body's facade
// as soon as it has run, so that the importers find their imports there.
import { aborted, pause, type BuildOptions } from './build.ts';
import { importedPaths, namespaceOf, type CodeModule, type Image } from './code-module.ts';
import { componentsOf } from './components.ts';
import { CodeError, messageOf } from './errors.ts';
import { bindFacade, bindHoisted } from './facade.ts';
import { collectUpgradables } from './slot-table.ts';
import { thrownPlace } from './syntax-place.ts';

/** Everything that the roots need and that has not run yet; what runs by another's doing is waited for. */
export async function evaluateAll(image: Image, roots: readonly string[], options: BuildOptions): Promise<void> {
  const components = componentsOf(roots, (path) => importedPaths(image.modules.get(path)!.requests));
  for (const members of components) {
    const modules = members.map((path) => image.modules.get(path)!);
    if (modules.length > 1) for (const module of modules) if (!module.started) bindHoisted(module.facade, namespaceOf(module));
    for (const module of modules) {
      if (module.ready) continue;
      const done = module.started ? module.evaluated.promise : evaluate(image, module, options);
      await (options.signal === undefined ? done : orAborted(done, options.signal));
      await pause(options);
    }
  }
}

async function evaluate(image: Image, module: CodeModule, options: BuildOptions): Promise<void> {
  module.started = true;
  try {
    await run(image, module, options);
    module.ready = true;
    module.evaluated.resolve();
  } catch (error) {
    module.evaluated.reject(error);
    throw error;
  }
}

async function run(image: Image, module: CodeModule, options: BuildOptions): Promise<void> {
  const { directory } = image.application;
  const timeout = options.evaluateTimeoutMs ?? 0;
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
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(aborted(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
