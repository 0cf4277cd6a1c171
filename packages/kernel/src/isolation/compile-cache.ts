// Hands the node's compile cache on to its threads and runners. They do not take it over by
// themselves, and with it the stripped sources are found there: each would otherwise load the
// type stripper for itself (18 MB).
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/** Environment of a thread of the platform, which needs nothing else of it. */
export function compileCacheEnvironment(): Record<string, string> {
  const directory = cacheDirectory();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory };
}

/** Options of node for a child; no environment variable, which its own children would inherit. */
export function compileCacheArguments(): string[] {
  const directory = cacheDirectory();
  if (directory === undefined) return [];
  const source = `import { enableCompileCache } from 'node:module'; enableCompileCache(${JSON.stringify(directory)});`;
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}

// What node names is the folder of its own version in the one that was configured.
function cacheDirectory(): string | undefined {
  const directory = getCompileCacheDir();
  return directory === undefined ? undefined : dirname(directory);
}
