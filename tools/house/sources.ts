// Reads a checkout for the rules: thin shell around the disk, so that the rules themselves are pure.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of the checkout; `path` is relative to its root, with `/`. */
export type Source = { readonly path: string; readonly text: string };

/** A broken rule: what, where, and in the message what to do instead. */
export type Problem = { readonly rule: string; readonly path: string; readonly line: number; readonly message: string };

const folders = ['packages', 'examples', 'tests', 'tools', 'benchmarks', 'docs', '.ci'];
const textFile = /(?:\.(?:ts|tsx|cjs|mjs|js|json|md|ya?ml|sh|html|css|config|args|appup)|(?:^|\/)(?:Makefile|run|\.npmrc|\.gitignore))$/;
/** Built, installed or deliberately bad: not subject to the rules. */
const left = ['**/node_modules/**', '**/dist/**', 'tests/fixtures/**', '**/.cache/**'];

/** Every text file that belongs to the checkout at `root`, sorted by path. */
export function readSources(root: string): Source[] {
  const patterns = ['*', ...folders.map((folder) => `${folder}/**/*`), ...folders.map((folder) => `${folder}/**/.*`)];
  const paths = globSync(patterns, { cwd: root, exclude: left }).map((path) => path.replaceAll('\\', '/'));
  return paths
    .filter((path) => textFile.test(path))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export function isCode(source: Source): boolean {
  return /\.(?:ts|tsx|cjs|mjs|js)$/.test(source.path);
}

/** One problem a line, in the form that editors and terminals link: `path:line: message (rule)`. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ rule, path, line, message }) => `${path}:${line}: ${message} (${rule})`).join('\n');
}
