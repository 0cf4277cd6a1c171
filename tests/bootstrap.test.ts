// The way from any Node to the pinned one: tools/bootstrap.cjs in a small checkout of its own, with the
// real npm (offline), and the launcher packages/cli/bin/pinned-node.cjs.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const root = join(import.meta.dirname, '..');
const launcher = join(root, 'packages/cli/bin/pinned-node.cjs');

type Checkout = { readonly folder: string; readonly start: (...args: string[]) => { status: number | null; stdout: string; stderr: string } };

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-bootstrap-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A checkout with one dependency, `leaf`, that npm links from a folder, and a main.ts that tells its arguments. */
function checkout(context: TestContext): Checkout {
  const folder = temporaryFolder(context);
  for (const path of ['tools', 'packages/cli/bin', 'packages/cli/src', 'leaf']) mkdirSync(join(folder, path), { recursive: true });
  for (const path of ['tools/bootstrap.cjs', 'packages/cli/bin/pinned-node.cjs']) copyFileSync(join(root, path), join(folder, path));
  writeFileSync(join(folder, 'leaf/package.json'), '{ "name": "leaf", "version": "1.0.0" }');
  writeFileSync(join(folder, 'packages/cli/src/main.ts'), 'const args: string[] = process.argv.slice(2); console.log(JSON.stringify(args)); process.exitCode = 9;');
  writeLock(folder, '1.0.0');
  const env = { ...process.env, npm_config_offline: 'true' };
  const command = ['--conditions=flyball-source', 'tools/bootstrap.cjs', 'start'];
  const start: Checkout['start'] = (...args) => spawnSync(process.execPath, [...command, ...args], { cwd: folder, env, encoding: 'utf8' });
  return { folder, start };
}

function writeLock(folder: string, version: string): void {
  const own = { name: 'checkout', version, dependencies: { leaf: 'file:leaf' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...own, private: true }));
  const packages = { '': own, leaf: { version: '1.0.0' }, 'node_modules/leaf': { resolved: 'leaf', link: true } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ name: 'checkout', version, lockfileVersion: 3, requires: true, packages }));
}

const installing = /installing the packages/;

test('the first start installs, the next ones do not, and arguments and exit code pass through', (context) => {
  const { folder, start } = checkout(context);
  const first = start('--documents', 'a b');
  assert.match(first.stderr, installing);
  assert.deepEqual([first.status, first.stdout], [9, '["start","--documents","a b"]\n'], first.stderr);
  const second = start();
  assert.deepEqual([second.status, second.stderr], [9, '']);
  // A checkout by git writes the same lock file at another time: that is no reason to install.
  utimesSync(join(folder, 'package-lock.json'), new Date(0), new Date(0));
  assert.equal(start().stderr, '');
});

test('what is missing or of another version than the lock file says is installed again', (context) => {
  const { folder, start } = checkout(context);
  start();
  rmSync(join(folder, 'node_modules'), { recursive: true });
  assert.match(start().stderr, installing);
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  mkdirSync(join(folder, 'twig'));
  writeFileSync(join(folder, 'twig/package.json'), '{ "name": "twig", "version": "1.0.0" }');
  const wanted = JSON.parse(lock) as { packages: Record<string, object> };
  const own = { name: 'checkout', version: '1.0.0', dependencies: { leaf: 'file:leaf', twig: 'file:twig' } };
  Object.assign(wanted.packages, { '': own, twig: { version: '1.0.0' }, 'node_modules/twig': { resolved: 'twig', link: true } });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(own));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(wanted));
  assert.match(start().stderr, installing);
  assert.equal(readFileSync(join(folder, 'node_modules/twig/package.json'), 'utf8').includes('twig'), true);
});

test('when npm cannot install, the start fails and says what to check', (context) => {
  const { folder, start } = checkout(context);
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  const failed = start();
  assert.deepEqual([failed.status, failed.stdout], [1, '']);
  assert.match(failed.stderr, /npm ci failed \(its message is above\): check the network/);
});

test('a Node too old to install with is told so', (context) => {
  const { folder } = checkout(context);
  const old = "Object.defineProperty(process.versions, 'node', { value: '18.20.0' });";
  writeFileSync(join(folder, 'old-node.cjs'), old);
  const { status, stderr } = spawnSync(process.execPath, ['-r', './old-node.cjs', 'tools/bootstrap.cjs', 'start'], { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /needs Node 20 or newer/);
});

test('without a Node that can run it, the exit code is 127 and the message says what to do', (context) => {
  const script = `Object.defineProperty(process, 'version', { value: 'v20.20.2' }); require(${JSON.stringify(launcher)}).run(process.argv[1], ['-p', '1']);`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script, temporaryFolder(context)], { encoding: 'utf8', env: { PATH: '' } });
  assert.equal(status, 127);
  assert.match(stderr, /needs Node 24\.15 or newer; this is v20\.20\.2/);
});

function launch(args: readonly string[]) {
  const script = `require(${JSON.stringify(launcher)}).run(${JSON.stringify(root)}, process.argv.slice(1));`;
  return spawn(process.execPath, ['-e', script, '--', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} reaches the program, whose exit code is the launcher's`, async () => {
    const child = launch(['-e', `process.once('${signal}', () => process.exit(42)); setInterval(() => {}, 1e6); console.log('up');`]);
    await once(child.stdout!, 'data');
    child.kill(signal);
    assert.deepEqual(await once(child, 'exit'), [42, null]);
  });
}

test('the signal that ends the program ends the launcher', async () => {
  const child = launch(['-e', "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1e6);"]);
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
});
