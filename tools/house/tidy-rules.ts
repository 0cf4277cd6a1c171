// The house's rules of style that no linter knows. Pure: sources in, problems out. tests/tidy.test.ts runs
// them over this checkout, and over tests/fixtures/tidy-bad, which breaks each of them.
import { isCode, type Problem, type Source } from './sources.ts';
import { tokensOf, type Token } from './tokens.ts';
import { mutableState } from './upgradable-state.ts';

export const fileLinesMax = 400;

type Found = { readonly line: number; readonly message: string };
type Rule = {
  readonly rule: string;
  /** Whether the rule looks at this file at all. */
  readonly covers: (path: string) => boolean;
  readonly find: (source: Source) => readonly Found[];
};

/** Fixtures act faults, and benchmarks measure: both may need real time. */
const isTest = (path: string) => /(?:^|\/)tests?\//.test(path) && !path.includes('/fixtures/') && !path.startsWith('benchmarks/');
const isShipped = (path: string) => /^packages\/[^/]+\/src\//.test(path);
const isExampleSource = (path: string) => /^examples\/[^/]+\/src\//.test(path);
const isSource = (path: string) => isCode({ path, text: '' });

const rules: readonly Rule[] = [
  { rule: 'file-length', covers: isSource, find: longFile },
  { rule: 'kebab-case', covers: () => true, find: ({ path }) => nameProblems(path) },
  { rule: 'empty-name', covers: () => true, find: ({ path }) => emptyNames(path) },
  { rule: 'sleep-in-test', covers: (path) => isSource(path) && isTest(path), find: inCode(sleeps) },
  {
    rule: 'time-and-chance',
    covers: (path) => isSource(path) && isShipped(path) && !/\/(?:clock|random)\.ts$/.test(path),
    find: inCode(timeAndChance),
  },
  { rule: 'upgradable-state', covers: (path) => isSource(path) && isExampleSource(path), find: topLevelState },
  { rule: 'machine-path', covers: () => true, find: byLine(/(?:^|[^\w.\-/])\/(?:work|root|farm|home\/\w+|Users\/\w+)\//, 'a path of one machine') },
  {
    rule: 'registry-host',
    covers: () => true,
    find: byLine(/\bregistry\.(?:npmjs|yarnpkg|npmmirror)\b|\b(?:artifactory|verdaccio|nexus)[\w-]*\.[a-z]|\bnpm\.pkg\.github\b/i, 'a package registry: which one is the machine\'s business'),
  },
  { rule: 'unfinished', covers: isSource, find: byLine(/\b(?:TO[D]O|FIX[M]E|XX[X])\b/, 'an open end: finish it or file an issue') },
  { rule: 'lock-address', covers: (path) => path.endsWith('package-lock.json'), find: byLine(/"resolved": "\w+:/, 'a download address in the lock file: .npmrc keeps them out, remove it') },
];

export function tidyProblems(sources: readonly Source[]): Problem[] {
  return sources.flatMap((source) =>
    rules
      .filter(({ covers }) => covers(source.path))
      .flatMap(({ rule, find }) => find(source).map((found) => ({ rule, path: source.path, ...found }))),
  );
}

/** The names of all rules, for the test that each has a known-bad fixture. */
export const tidyRules: readonly string[] = rules.map(({ rule }) => rule);

function longFile({ text }: Source): Found[] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return lines > fileLinesMax ? [{ line: fileLinesMax + 1, message: `${lines} lines, ${fileLinesMax} at most: it is two rooms with better names` }] : [];
}

const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
/** Names that others prescribe: README.md, LICENSE, Makefile, .oxlintrc.json, package.json, tsconfig.json. */
const prescribed = /^(?:[A-Z]+(?:-[A-Z]+)*(?:\.md)?|Makefile|\..*)$/;

function nameProblems(path: string): Found[] {
  return path
    .split('/')
    .filter((name) => !prescribed.test(name) && !name.split('.').every((part) => kebab.test(part)))
    .map((name) => ({ line: 1, message: `${name}: files and folders are kebab-case` }));
}

const emptyWords = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'manager', 'misc']);

function emptyNames(path: string): Found[] {
  return path
    .split(/[/.-]/)
    .filter((word) => emptyWords.has(word))
    .map((word) => ({ line: 1, message: `"${word}" says nothing: name what it does` }));
}

/** Asks `rule` at each name and string of the code; its answer is the message. */
function inCode(rule: (tokens: readonly Token[], at: number) => string | undefined): Rule['find'] {
  return ({ text }) => {
    const tokens = tokensOf(text);
    return tokens.flatMap(({ kind, line }, at) => {
      const message = kind === 'word' || kind === 'string' ? rule(tokens, at) : undefined;
      return message === undefined ? [] : [{ line, message }];
    });
  };
}

function byLine(pattern: RegExp, message: string): Rule['find'] {
  return ({ text }) => text.split('\n').flatMap((line, at) => (pattern.test(line) ? [{ line: at + 1, message }] : []));
}

/** `clock.setTimeout(…)` and other methods are virtual time and welcome; the global ones wait for the real one. */
function sleeps(tokens: readonly Token[], at: number): string | undefined {
  const { kind, text } = tokens[at]!;
  const instead = 'wait for an event, or advance the virtual clock';
  if (kind === 'string') return /^(?:node:)?timers(?:\/promises)?$/.test(text) ? `${text}: ${instead}` : undefined;
  const isMethod = tokens[at - 1]?.text === '.' && tokens[at - 2]?.text !== 'globalThis';
  const isCall = tokens[at + 1]?.text === '(' && !isMethod && tokens[at - 1]?.text !== 'function';
  const waits = text === 'setTimeout' || text === 'setInterval' || ((text === 'sleep' || text === 'delay') && tokens[at - 1]?.text === 'await');
  return isCall && waits ? `${text}: ${instead}` : undefined;
}

const clocks = new Set(['Date.now', 'performance.now', 'process.hrtime', 'Math.random']);

function timeAndChance(tokens: readonly Token[], at: number): string | undefined {
  const [text, dot, name] = [tokens[at]!.text, tokens[at + 1]?.text, tokens[at + 2]?.text];
  if (tokens[at]!.kind !== 'word') return undefined;
  const instead = 'only clock.ts and random.ts touch time and chance';
  if (dot === '.' && clocks.has(`${text}.${name}`)) return `${text}.${name}: ${instead}`;
  const isNow = text === 'Date' && dot === '(' && name === ')' && tokens[at - 1]?.text === 'new';
  return isNow ? `new Date(): ${instead}` : undefined;
}

function topLevelState({ text: source }: Source): Found[] {
  return mutableState(tokensOf(source)).map(({ line, text }) => ({
    line,
    message: `state at the top level of an upgradable module (${text}): keep it in a process or a table`,
  }));
}
