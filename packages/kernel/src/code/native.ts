// What an application imports by package name or from Node is loaded by Node itself and wrapped for
// linking: packages are not upgraded live, and the platform's must be the ones that the node runs.
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { CodeError, messageOf } from './errors.ts';
import type { Namespace } from './facade.ts';
import { slotOf, type Slot } from './slot.ts';

/** A second copy of the platform beside the application would know none of the node's processes. */
const platformScope = '@flyball/';

type Import = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>;

export interface NativeModules {
  /** Rejects with 'code-not-found', or 'code-evaluate' if the package itself fails. */
  load(specifier: string, attributes: ImportAttributes, importer: string): Promise<Namespace>;
  wrap(namespace: Namespace): Promise<vm.SyntheticModule>;
}

const platformSlots = new WeakSet<Slot>();

/** True for the slots of values that packages export: an application that passes them on does not own them. */
export const isPlatformSlot = (slot: Slot): boolean => platformSlots.has(slot);

/** `platformUrl` is the module from which the platform's own packages are found. */
export function nativeModules(platformUrl: string): NativeModules {
  const fromPlatform = importFrom(fileURLToPath(platformUrl));
  const wrapped = new WeakMap<Namespace, Promise<vm.SyntheticModule>>();
  return {
    async load(specifier, attributes, importer) {
      const options = { with: { ...attributes } };
      if (isBuiltin(specifier)) return fromPlatform(specifier, options);
      if (specifier.startsWith(platformScope)) {
        const found = await fromPlatform(specifier, options).catch((error: unknown) => {
          if (!isMissing(error, fileURLToPath(platformUrl))) throw failed(specifier, importer, error);
        });
        if (found !== undefined) return found;
      }
      return importFrom(importer)(specifier, options).catch((error: unknown) => {
        throw failed(specifier, importer, error);
      });
    },
    wrap(namespace) {
      let module = wrapped.get(namespace);
      if (module === undefined) wrapped.set(namespace, (module = wrap(namespace)));
      return module;
    },
  };
}

/** Node's own import as a file at that path would do it: with its conditions, from its place. */
function importFrom(file: string): Import {
  const script = new vm.Script('(specifier, options) => import(specifier, options)', {
    filename: file,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext() as Import;
}

async function wrap(namespace: Namespace): Promise<vm.SyntheticModule> {
  const names = Object.keys(namespace);
  const module = new vm.SyntheticModule(names, () => {});
  for (const name of names) {
    module.setExport(name, namespace[name]);
    const slot = slotOf(namespace[name]);
    if (slot !== undefined) platformSlots.add(slot);
  }
  await module.link(() => {
    throw new Error('a wrapped module imports nothing');
  });
  await module.evaluate();
  return module;
}

const resolutionErrors: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_PACKAGE_IMPORT_NOT_DEFINED', 'ERR_UNSUPPORTED_DIR_IMPORT', 'ERR_INVALID_MODULE_SPECIFIER', 'ERR_UNKNOWN_BUILTIN_MODULE',
]);

/** True if the specifier itself was not found, and not something that the package imports in turn. */
function isMissing(error: unknown, importer: string): boolean {
  return resolutionErrors.has((error as { code?: unknown }).code) && messageOf(error).includes(`imported from ${importer}`);
}

function failed(specifier: string, importer: string, error: unknown): CodeError {
  const code = isMissing(error, importer) ? 'code-not-found' : 'code-evaluate';
  return new CodeError(code, `cannot import "${specifier}": ${messageOf(error)}`, { file: importer, cause: error });
}
