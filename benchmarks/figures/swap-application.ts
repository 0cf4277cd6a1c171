// Writes the application of swap_pause_ms: 50 modules, 100,000 processes, in a version 1 and a version 2.
// All modules differ between the two; the state of 1,000 processes changes its shape. Its tool `echo` asks
// one of those 1,000, so that a client feels it when they stand still.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../harness/machine.ts';

export const MODULES = 50;
export const PROCESSES = 100_000;
export const CHANGING = 1_000;

/** application.ts, server.ts, changing.ts; the rest are plain workers. */
const WORKER_MODULES = MODULES - 3;
export const APPLICATION = 'swap';

/** Some size to each module: an empty one would be swapped for nothing. */
const FUNCTIONS_PER_MODULE = 40;

/** Writes `<directory>/v<version>` and returns that path. */
export function writeSwapApplication(directory: string, version: 1 | 2): string {
  const target = join(directory, `v${version}`);
  mkdirSync(target, { recursive: true });
  // Imports are looked up from the directory upwards, as in any user's project.
  symlinkSync(join(REPOSITORY_ROOT, 'node_modules'), join(target, 'node_modules'));
  const files: Record<string, string> = {
    'package.json': JSON.stringify({ name: APPLICATION, version: `${version}.0.0`, type: 'module' }),
    'application.ts': applicationSource(version),
    'server.ts': serverSource(version),
    'changing.ts': changingSource(version),
  };
  for (let number = 1; number <= WORKER_MODULES; number++) files[workerFile(number)] = workerSource(number, version);
  for (const [name, source] of Object.entries(files)) writeFileSync(join(target, name), source);
  return target;
}

function workerFile(number: number): string {
  return `worker-${String(number).padStart(2, '0')}.ts`;
}

/** How many processes the module of that number runs: all that do not change, dealt out evenly. */
export function workersOf(number: number): number {
  const all = PROCESSES - CHANGING;
  const share = Math.floor(all / WORKER_MODULES);
  return share + (number <= all % WORKER_MODULES ? 1 : 0);
}

function applicationSource(version: number): string {
  const numbers = Array.from({ length: WORKER_MODULES }, (_, index) => index + 1);
  const imports = numbers.map((number) => `import { crowd as crowd${number} } from './${workerFile(number)}';`);
  const children = numbers.map((number) => `    { id: 'crowd-${number}', start: [crowd${number}] },`);
  return `// Version ${version}, generated.
import { application } from '@flyball/kernel';
import { crowd as changing } from './changing.ts';
${imports.join('\n')}
import server from './server.ts';

export default application({
  name: '${APPLICATION}',
  children: [
    { id: 'changing', start: [changing] },
${children.join('\n')}
    { id: 'server', start: [server] },
  ],
});
`;
}

function serverSource(version: number): string {
  return `// Version ${version}, generated.
import { call, named } from '@flyball/kernel';
import { mcpServer, text, tool } from '@flyball/mcp';
import * as z from 'zod';
import type { changing } from './changing.ts';

export default mcpServer({
  name: '${APPLICATION}',
  version: '${version}.0.0',
  tools: {
    echo: tool({
      description: 'Answers with the text it was given, by way of a process',
      input: z.object({ text: z.string() }),
      run: async ({ text: given }) => {
        const number = Number.parseInt(given.slice(1), 10) % ${CHANGING};
        return text(await call(named<typeof changing>(\`changing-\${number}\`), 'echo', given));
      },
    }),
  },
});
`;
}

/** Version 2 renames the state's one field; only these processes run codeChange. */
function changingSource(version: number): string {
  const field = version === 1 ? 'count' : 'calls';
  const change =
    version === 1
      ? ''
      : `
  codeChange: ({ from, state }) => (from === 1 ? { calls: state.count } : { count: state.calls }),`;
  return `// Version ${version}, generated.
import { genServer, reply } from '@flyball/kernel';

export const changing = genServer({
  version: ${version},
  init: (_number: number) => ({ ${field}: 0 }),
  calls: { echo: (state, given: string) => reply(given, { ${field}: state.${field} + 1 }) },${change}
});

${crowdSource('changing', CHANGING, "{ name: `changing-${number}` }")}`;
}

function workerSource(number: number, version: number): string {
  const functions = Array.from(
    { length: FUNCTIONS_PER_MODULE },
    (_, index) => `export const step${index} = (value: number): number => value * ${index + version} + ${number};`,
  );
  return `// Version ${version}, generated.
import { genServer, reply } from '@flyball/kernel';

${functions.join('\n')}

export const worker = genServer({
  init: (number: number) => ({ number, value: 0 }),
  calls: { read: (state) => reply(step0(state.value), state) },
  casts: { add: (state, by: number) => ({ ...state, value: step1(state.value) + by }) },
});

${crowdSource('worker', workersOf(number), '{}')}`;
}

/** A process that starts the module's others, linked, and then only exists. */
function crowdSource(behaviour: string, count: number, options: string): string {
  return `export const crowd = genServer({
  init: async (_: undefined, self) => {
    for (let number = 0; number < ${count}; number++) await self.start(${behaviour}, number, ${options});
    return { started: ${count} };
  },
});
`;
}
