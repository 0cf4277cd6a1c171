// The directions between the boxes of the design, as code. Pure: sources in, problems out.
// tests/architecture.test.ts runs it over this checkout and over a checkout made wrong on purpose.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';

import { importsOf, type Import } from './imports.ts';
import { isCode, type Problem, type Source } from './sources.ts';
import { tokensOf } from './tokens.ts';

const libraries: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  listener: ['kernel'],
  ledger: ['kernel'],
  release: ['kernel'],
  cluster: ['kernel'],
  observability: ['kernel'],
  mcp: ['kernel', 'listener'],
  autonomics: ['kernel', 'ledger'],
  deploy: ['release'],
  dashboard: ['kernel', 'listener'],
};

/** Box → the boxes it may import; `cli` joins them all. The picture in ARCHITECTURE.md shows the same. */
export const layers: Readonly<Record<string, readonly string[]>> = { ...libraries, cli: Object.keys(libraries) };

type Manifest = {
  readonly name?: string;
  readonly version?: string;
  readonly exports?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

type Box = { readonly box: string; readonly path: string; readonly manifest: Manifest };
type Place = { readonly path: string; readonly line: number };

const scope = '@flyball/';
/** Runs before `npm ci` has linked the packages, so it can only reach the launcher by its path. */
const beforeInstall = 'tools/bootstrap.cjs';
const builtins = new Set(builtinModules);

export function architectureProblems(sources: readonly Source[]): Problem[] {
  const boxes = boxesOf(sources);
  const lockstep = manifestIn(sources, 'package.json').version ?? '';
  return [
    ...boxes.flatMap((box) => manifestProblems(box, lockstep)),
    ...boxes.flatMap((box) => unusedDependencies(box, sources)),
    ...sources.filter(isCode).flatMap((source) => fileProblems(source, boxes)),
  ];
}

function boxesOf(sources: readonly Source[]): Box[] {
  return sources.flatMap(({ path }) => {
    const box = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1];
    return box === undefined ? [] : [{ box, path, manifest: manifestIn(sources, path) }];
  });
}

function manifestIn(sources: readonly Source[], path: string): Manifest {
  return JSON.parse(sources.find((source) => source.path === path)?.text ?? '{}') as Manifest;
}

function problem(rule: string, { path, line }: Place, message: string): Problem {
  return { rule, path, line, message };
}

function manifestProblems({ box, path, manifest }: Box, lockstep: string): Problem[] {
  const found: Problem[] = [];
  const at = { path, line: 1 };
  if (!layers[box]) found.push(problem('unknown-box', at, `packages/${box} is no box of the design: add it to the table of layers with its reason`));
  if (manifest.name !== scope + box) found.push(problem('package-name', at, `name must be ${scope}${box}`));
  if (manifest.version !== lockstep) found.push(problem('lockstep', at, `version must be the root's ${lockstep}`));
  for (const [name, range] of Object.entries(dependenciesOf(manifest))) {
    if (name.startsWith(scope) && range !== lockstep) found.push(problem('lockstep', at, `${name} must be asked for as ${lockstep}`));
    if (name.startsWith(scope) && !(layers[box] ?? []).includes(name.slice(scope.length))) {
      found.push(problem('direction', at, `${box} must not depend on ${name}`));
    }
    if (box === 'kernel' && !name.startsWith(scope)) found.push(problem('kernel-builtins-only', at, `kernel takes nothing from npm: ${name}`));
  }
  return found;
}

function dependenciesOf(manifest: Manifest): Readonly<Record<string, string>> {
  return { ...manifest.dependencies, ...manifest.optionalDependencies };
}

/** Peers are the user's own packages: declared for him, not imported by us. */
function unusedDependencies({ box, path, manifest }: Box, sources: readonly Source[]): Problem[] {
  const folder = `packages/${box}/`;
  const inSources = sources.filter((source) => isCode(source) && (source.path.startsWith(`${folder}src/`) || source.path.startsWith(`${folder}bin/`)));
  const used = new Set(inSources.flatMap(({ text }) => importsOf(text).map(({ specifier }) => packageOf(specifier))));
  return Object.keys(dependenciesOf(manifest))
    .filter((name) => !used.has(name))
    .map((name) => problem('unused-dependency', { path, line: 1 }, `${name} is declared and imported nowhere in ${folder}src`));
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function fileProblems(source: Source, boxes: readonly Box[]): Problem[] {
  const [, box, part] = /^packages\/([^/]+)\/([^/]+)\//.exec(source.path) ?? [];
  const owner = boxes.find((one) => one.box === box);
  const isShipped = owner !== undefined && (part === 'src' || part === 'bin');
  return importsOf(source.text).flatMap((found) => [
    ...reachProblems(source, found, owner),
    ...(owner ? directionProblems(source, found, owner) : []),
    ...(owner && isShipped ? shippedProblems(source, found, owner) : []),
  ]).concat(owner && isShipped && box !== 'cli' ? environmentProblems(source) : []);
}

/** Libraries are told, by options: only `cli` knows that there is an environment. */
function environmentProblems({ path, text }: Source): Problem[] {
  const tokens = tokensOf(text);
  return tokens.flatMap((token, at) => {
    const isRead = token.text === 'process' && tokens[at + 1]?.text === '.' && tokens[at + 2]?.text === 'env';
    if (token.kind !== 'word' || !isRead) return [];
    return [problem('environment', { path, line: token.line }, 'only cli reads process.env: take an option')];
  });
}

/** How far a specifier may reach, whoever writes it. */
function reachProblems({ path }: Source, { specifier, line }: Import, owner: Box | undefined): Problem[] {
  const at = { path, line };
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    const home = owner ? `packages/${owner.box}/` : undefined;
    if (home ? !target.startsWith(home) : target.startsWith('packages/') && path !== beforeInstall) {
      return [problem('relative-out-of-package', at, `${specifier} leaves its package: import ${scope}<box>`)];
    }
  }
  const inside = specifier.startsWith(scope) ? specifier.split('/').slice(2).join('/') : '';
  if (inside !== '' && inside !== 'testing') return [problem('deep-import', at, `${specifier} is not exported: import ${packageOf(specifier)}`)];
  if (inside === 'testing' && owner && path.startsWith(`packages/${owner.box}/src/`) && !path.includes('/src/testing/')) {
    return [problem('testing-in-source', at, `${specifier} is for tests only`)];
  }
  return [];
}

/** Holds for the tests of a box as well: a test that needs an upper box belongs into tests/. */
function directionProblems({ path }: Source, { specifier, line }: Import, { box }: Box): Problem[] {
  if (!specifier.startsWith(scope)) return [];
  const target = specifier.slice(scope.length).split('/')[0]!;
  const isOwn = target === box;
  if (isOwn ? !path.includes('/src/') : (layers[box] ?? []).includes(target)) return [];
  return [problem('direction', { path, line }, `${box} must not import ${packageOf(specifier)}${isOwn ? ': import the file itself' : ''}`)];
}

function shippedProblems({ path }: Source, { specifier, line }: Import, { box, manifest }: Box): Problem[] {
  const name = packageOf(specifier);
  if (specifier.startsWith('.') || specifier.startsWith('node:') || builtins.has(name)) return [];
  if (box === 'kernel') return [problem('kernel-builtins-only', { path, line }, `kernel imports only node: builtins, not ${specifier}`)];
  if (name === scope + box || name in { ...dependenciesOf(manifest), ...manifest.peerDependencies }) return [];
  return [problem('undeclared-dependency', { path, line }, `${name} is not among the dependencies of packages/${box}/package.json`)];
}
