// Finds the lines of errors. V8 tells where a syntax error is only when it prints it, so that the
// line has to be found by other means; and link errors name modules, not lines.
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { CodeError, messageOf } from './errors.ts';

/** The error for a module that does not parse; `found` is V8's, if the stripper let it pass. */
export function syntaxError(file: string, text: string, found: unknown): CodeError {
  const stripped = stripperError(file, text);
  const cause = stripped ?? found;
  const line = stripped === undefined ? scriptErrorLine(file, text, messageOf(found)) : firstLine(stripped);
  const hint = /strip-only/.test(messageOf(cause)) ? '; types are erased and not compiled: use plain objects, classes and functions' : '';
  return new CodeError('code-syntax', messageOf(cause) + hint, { file, line, cause });
}

/** The stripper parses too, and begins the stack with `url:line`. */
function stripperError(file: string, text: string): unknown {
  try {
    stripTypeScriptTypes(text, { mode: 'strip', sourceUrl: pathToFileURL(file).href });
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * What only V8 refuses, such as a name declared twice. Its errors of scripts, unlike those of
 * modules, carry the line: so the text is compiled as a script, with what only modules may have
 * blanked. Counts only if the script fails in the same way.
 */
function scriptErrorLine(file: string, text: string, message: string): number | undefined {
  const blanked = text
    .replace(/^[ \t]*(?:import\b(?!\s*[(.])|export\s*[*{])[^;'"]*(?:(["'])[^'"\n]*\1)?(?:\s*with\s*\{[^}]*\})?/gm, (found) => found.replace(/[^\n]/g, ' '))
    .replace(/\bexport[ \t]+default\b/g, (found) => 'void'.padEnd(found.length))
    .replace(/\bexport\b/g, '      ');
  try {
    new vm.Script(`'use strict';async()=>{${blanked}\n}`, { filename: file });
    return undefined;
  } catch (error) {
    return messageOf(error) === message ? firstLine(error) : undefined;
  }
}

function firstLine(error: unknown): number | undefined {
  const line = error instanceof Error ? /^[^\n]*?:(\d+)\n/.exec(error.stack ?? '')?.[1] : undefined;
  return line === undefined ? undefined : Number(line);
}

/** Where an error that a module's top level threw comes from: the first frame inside the directory. */
export function thrownPlace(error: unknown, directory: string): { file?: string; line?: number } {
  const stack = error instanceof Error ? error.stack ?? '' : '';
  const inside = `${pathToFileURL(directory).href}/`;
  for (const [, url, line] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+)(?::\d+)?/g)) {
    if (url!.startsWith(inside)) return { file: fileURLToPath(url!), line: Number(line) };
  }
  return {};
}

/** The line of the import or re-export that V8 refused with this message. */
export function importLine(text: string, message: string): number | undefined {
  const parts = /requested module '(.+?)' (?:does not provide an export|contains conflicting star exports).*?(?:named|for name) '(.+?)'/.exec(message);
  if (parts === null) return undefined;
  const [, specifier, name] = parts as unknown as [string, string, string];
  for (const found of text.matchAll(/\bfrom\s*(["'])(.*?)\1/g)) {
    if (found[2] !== specifier) continue;
    const start = Math.max(text.lastIndexOf('import', found.index), text.lastIndexOf('export', found.index));
    const clause = text.slice(start, found.index);
    const place = name === 'default' ? 0 : clause.search(new RegExp(String.raw`(?<![\w$])${RegExp.escape(name)}(?![\w$])`));
    if (start >= 0 && place >= 0) return text.slice(0, start + place).split('\n').length;
  }
  return undefined;
}
