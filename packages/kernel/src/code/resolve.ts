// Decides for each import of an application module whether it names another module of the
// application, which the code server loads, or something that Node loads natively. Pure.
import { isBuiltin } from 'node:module';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CodeError } from './errors.ts';

export type Resolution = { readonly kind: 'module'; readonly path: string } | { readonly kind: 'native'; readonly specifier: string };

/** Kinds of files that the code server evaluates itself; CommonJS, WebAssembly and add-ons are Node's. */
const managed: ReadonlySet<string> = new Set(['.ts', '.mts', '.js', '.mjs', '.json']);

export const isTypeScript = (path: string): boolean => /\.m?ts$/.test(path);
export const isJson = (path: string): boolean => path.endsWith('.json');

/** `importer` is a path inside `directory` with forward slashes, as module ids have them. */
export function resolveSpecifier(specifier: string, importer: string, directory: string): Resolution {
  const isPath = /^(?:\.{0,2}\/|\.{1,2}$|file:)/.test(specifier);
  if (!isPath || isBuiltin(specifier)) return { kind: 'native', specifier };
  const url = new URL(specifier, pathToFileURL(join(directory, importer)));
  const path = relative(directory, fileURLToPath(url)).split(sep).join('/');
  const inside = !path.startsWith('../') && !path.includes(':');
  if (!inside && specifier.startsWith('.')) {
    throw new CodeError('code-link', `imports "${specifier}", which is outside of the application's directory ${directory}; move it inside or make it a package`, { file: join(directory, importer) });
  }
  const native = !inside || path.split('/').includes('node_modules') || !managed.has(extname(path));
  return native ? { kind: 'native', specifier: url.href } : { kind: 'module', path };
}

// `import * as x from`, `export * from`, `export * as x from`; blanks and comments anywhere between.
// A hit inside a string or a comment only makes a module be evaluated again without need.
const blank = String.raw`(?:\s|/\*[^]*?\*/|//[^\n]*\n)*`;
const starImport = new RegExp(String.raw`\*${blank}(?:as\b${blank}(?:[\p{ID_Continue}$]+|"[^"]*"|'[^']*')${blank})?from${blank}(["'])(.*?)\1`, 'gu');

/** The specifiers whose whole set of export names the module depends on. */
export function starredSpecifiers(text: string): string[] {
  return text.includes('*') ? [...text.matchAll(starImport)].map((match) => match[2]!) : [];
}
