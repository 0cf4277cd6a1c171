#!/usr/bin/env node
// `npx flyball …`: runs the command on the pinned Node. In a checkout the sources run as they are; the
// published package runs what was built from them.
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodes = createRequire(import.meta.url)('./pinned-node.cjs');
const home = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const source = join(home, 'src', 'main.ts');
const runsSources = existsSync(source) && !home.split(sep).includes('node_modules');
const program = runsSources ? source : join(home, 'dist', 'main.js');
const cache = process.platform === 'darwin'
  ? join(homedir(), 'Library', 'Caches', 'flyball')
  : join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'flyball');

nodes.keepCompiledCode(cache);
nodes.run(home, [
  ...(runsSources ? ['--conditions=flyball-source'] : []),
  '--disable-warning=ExperimentalWarning',
  program,
  ...process.argv.slice(2),
]);
