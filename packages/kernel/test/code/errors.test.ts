import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CodeError, codeErrorCodes, createCodeServer } from '../../src/code/index.ts';
import { shop, type Files } from './folders.ts';

interface Fault {
  readonly name: string;
  readonly files: Files;
  readonly code: string;
  readonly place: readonly [file: string, line: number | undefined];
  readonly says: RegExp;
}

const running = { 'main.ts': `import { a } from './a.ts'; export const now = () => a;`, 'a.ts': `export const a = 1;` };

const faults: Fault[] = [
  { name: 'TypeScript that does not parse', files: { 'a.ts': `\n\nexport const a: = 1;` }, code: 'code-syntax', place: ['a.ts', 3], says: /Unexpected token/ },
  { name: 'TypeScript that is compiled', files: { 'a.ts': `export const a = 1;\nexport enum E { A }` }, code: 'code-syntax', place: ['a.ts', 2], says: /enum.*use plain objects/ },
  { name: 'JavaScript that does not parse', files: { 'main.ts': `import './b.js'; import { a } from './a.ts'; export const now = () => a;`, 'b.js': `const b = 1;\nlet y = ;` }, code: 'code-syntax', place: ['b.js', 2], says: /Expression expected|Unexpected token/ },
  { name: 'a name declared twice', files: { 'a.ts': `import { x } from './x.ts';\nexport default x;\nexport const a = 1;\nlet a = 2;`, 'x.ts': 'export const x = 1;' }, code: 'code-syntax', place: ['a.ts', 4], says: /'a' has already been declared/ },
  { name: 'an import that is not exported', files: { 'main.ts': `import {\n  a,\n  missing,\n} from './a.ts'; export const now = () => [a, missing];` }, code: 'code-link', place: ['main.ts', 3], says: /does not provide an export named 'missing'/ },
  { name: 'a default import that is not exported', files: { 'main.ts': `\nimport a from './a.ts'; export const now = () => a;` }, code: 'code-link', place: ['main.ts', 2], says: /named 'default'/ },
  { name: 'an import of a package that does not export it', files: { 'a.ts': `import { nothing } from 'node:fs'; export const a = nothing;` }, code: 'code-link', place: ['a.ts', 1], says: /named 'nothing'/ },
  { name: 'a module that does not exist', files: { 'main.ts': `import { a } from './gone.ts'; export const now = () => a;` }, code: 'code-not-found', place: ['gone.ts', undefined], says: /gone\.ts, which main\.ts imports/ },
  { name: 'a package that does not exist', files: { 'a.ts': `import 'no-such-package'; export const a = 1;` }, code: 'code-not-found', place: ['a.ts', undefined], says: /no-such-package/ },
  { name: 'a module outside of the directory', files: { 'a.ts': `import '../up.ts'; export const a = 1;` }, code: 'code-link', place: ['a.ts', undefined], says: /outside of the application/ },
  { name: 'a top level that throws', files: { 'a.ts': `export const a = 1;\nfunction check() {\n  throw new RangeError('not today');\n}\ncheck();` }, code: 'code-evaluate', place: ['a.ts', 3], says: /not today/ },
  { name: 'a top level that throws no error', files: { 'a.ts': `export const a = 1; throw 'word';` }, code: 'code-evaluate', place: ['a.ts', undefined], says: /word/ },
  { name: 'a top level that rejects later', files: { 'a.ts': `export const a = 1;\nawait Promise.reject(new Error('late'));` }, code: 'code-evaluate', place: ['a.ts', 2], says: /late/ },
  { name: 'a top level that never ends', files: { 'a.ts': `export const a = 1;\nfor (;;) {}` }, code: 'code-evaluate', place: ['a.ts', undefined], says: /longer than 50 ms/ },
  { name: 'a name that two modules export under *', files: { 'main.ts': `import { a } from './all.ts'; export const now = () => a;`, 'all.ts': `export * from './a.ts'; export * from './b.ts';`, 'b.ts': `export const a = 2;` }, code: 'code-link', place: ['main.ts', undefined], says: /'a'/ },
  { name: 'JSON that does not parse', files: { 'a.ts': `import d from './d.json' with { type: 'json' }; export const a = d;`, 'd.json': '{' }, code: 'code-syntax', place: ['d.json', undefined], says: /JSON/ },
  { name: 'JSON without its type', files: { 'a.ts': `import d from './d.json'; export const a = d;`, 'd.json': '{}' }, code: 'code-link', place: ['a.ts', undefined], says: /type: 'json'/ },
];

for (const { name, files, code, place, says } of faults) {
  test(`${name}: ${code}, and everything runs on`, async (t) => {
    const server = createCodeServer();
    const { namespace } = await server.load(shop(t, '1', running));
    const now = namespace['now'] as () => number;
    const two = shop(t, '2', { ...running, ...files });
    const error = await server.prepare(two, { evaluateTimeoutMs: 50 }).then(() => assert.fail('prepared'), (error: unknown) => error);
    assert.ok(error instanceof CodeError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, says);
    assert.equal(error.file, join(two.directory, place[0]));
    if (place[1] !== undefined) assert.equal(error.line, place[1]);
    assert.equal(now(), 1);
    assert.equal(server.application('shop').version, '1');
    const good = await server.prepare(shop(t, '3', { ...running, 'a.ts': 'export const a = 3;' }));
    good.commit();
    assert.equal(now(), 3, 'the next swap goes through');
  });
}

test('a first version that fails is not loaded, and can be loaded once repaired', async (t) => {
  const server = createCodeServer();
  await assert.rejects(server.load(shop(t, '1', { 'a.ts': 'throw new Error("x")' })), { code: 'code-evaluate' });
  await server.load(shop(t, '1', { 'a.ts': '' }));
});

test('a top-level await that never settles is given up by the signal', async (t) => {
  const server = createCodeServer();
  const { namespace } = await server.load(shop(t, '1', running));
  const controller = new AbortController();
  const stuck = Symbol.for('flyball.test.stuck');
  (globalThis as Record<symbol, unknown>)[stuck] = () => controller.abort(new Error('enough'));
  const two = shop(t, '2', { ...running, 'a.ts': `export const a = 2; globalThis[Symbol.for('flyball.test.stuck')](); await new Promise(() => {});` });
  await assert.rejects(server.prepare(two, { signal: controller.signal }), { code: 'code-aborted' });
  assert.equal((namespace['now'] as () => number)(), 1);
  const three = await server.prepare(shop(t, '3', { ...running, 'a.ts': 'export const a = 3;' }));
  three.commit();
  assert.equal((namespace['now'] as () => number)(), 3);
});

test('the codes are these', () => {
  assert.deepEqual(Object.keys(codeErrorCodes), [
    'code-unsupported', 'code-bad-application', 'code-not-found', 'code-syntax', 'code-link', 'code-evaluate', 'code-busy',
    'code-loaded', 'code-unknown-application', 'code-unknown-module', 'code-stale', 'code-swap-state', 'code-aborted',
  ]);
});
