import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseStart } from '../src/options.ts';
import { withPaths } from '../src/start.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const START = join(here, 'fixtures', 'start-with.ts');
const MAIN = join(here, '..', 'src', 'main.ts');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output has matched. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Runs with a runtime directory of the test's own. */
function run(t: TestContext, root: string, file: string, ...args: string[]): Program {
  const child = spawn(process.execPath, ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, XDG_RUNTIME_DIR: root },
  });
  t.after(() => child.kill('SIGKILL'));
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.err += chunk));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...text }));
  const printed = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text.out);
      if (found !== null) return found;
      await Promise.race([once(child.stdout, 'data'), ended.then(({ err }) => assert.fail(`it ended first: ${err}`))]);
    }
  };
  return { child, ended, printed };
}

function scratch(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'cli-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

const startArgs = ['--application', here, '--port', '0'];

test('start serves, ctl talks to it, stop ends both with 0 and leaves no socket', async (t) => {
  const root = scratch(t);
  const node = run(t, root, START, 'shard-plain.ts', ...startArgs, '+S', '2');
  const [, url = ''] = await node.printed(/http {2}(\S+)\n[^]*stop the node\n/);
  assert.equal((await fetch(new URL('/readyz', url))).status, 200);
  const status = await run(t, root, MAIN, 'ctl', 'status', '--json').ended;
  assert.equal((JSON.parse(status.out) as { phase: string }).phase, 'serving');
  const tree = await run(t, root, MAIN, 'ctl', 'tree').ended;
  assert.match(tree.out, /shard 1 \(generation 2\)\n└─ documents {2}<0\.1\.1> {2}supervisor\n/);
  const handOver = await run(t, root, MAIN, 'ctl', 'hand-over').ended;
  assert.match(handOver.out, /handed over 2 shards[^]*1 → 3[^]*2 → 4/);
  const stop = await run(t, root, MAIN, 'ctl', 'stop').ended;
  assert.deepEqual([stop.code, stop.out], [0, `stopped (pid ${node.child.pid})\n`]);
  assert.equal((await node.ended).code, 0);
  assert.deepEqual(readdirSync(join(root, 'flyball', 'flyball')), []);
});

test('without a node ctl exits 3, also in JSON; a wrong command line exits 2', async (t) => {
  const root = scratch(t);
  const plain = await run(t, root, MAIN, 'ctl', 'status').ended;
  assert.deepEqual([plain.code, plain.out], [3, '']);
  assert.match(plain.err, /No node answers at .*flyball start/);
  const json = await run(t, root, MAIN, 'ctl', 'status', '--json').ended;
  assert.equal((JSON.parse(json.err) as { error: { code: string } }).error.code, 'not-running');
  const wrong = await run(t, root, MAIN, 'ctl', 'fly').ended;
  assert.deepEqual([wrong.code, /ctl --help/.test(wrong.err)], [2, true]);
});

test('SIGTERM stops the node with exit code 0', async (t) => {
  const node = run(t, scratch(t), START, 'shard-plain.ts', ...startArgs);
  await node.printed(/Ctrl-C/);
  node.child.kill('SIGTERM');
  assert.equal((await node.ended).code, 0);
});

test('a second Ctrl-C kills what the first one could not stop; a repeat within moments does not count', async (t) => {
  const node = run(t, scratch(t), START, 'shard-deaf.ts', ...startArgs);
  await node.printed(/Ctrl-C/);
  node.child.kill('SIGINT');
  await node.printed(/deaf to stop/);
  node.child.kill('SIGINT');
  await node.printed(/still deaf/);
  node.child.kill('SIGINT');
  const { code } = await node.ended;
  assert.equal(code, 130);
});

test('a second node of the same name is refused with the first one\'s pid; one of another name runs beside it', async (t) => {
  const root = scratch(t);
  const first = run(t, root, START, 'shard-plain.ts', ...startArgs);
  await first.printed(/Ctrl-C/);
  const second = await run(t, root, START, 'shard-plain.ts', ...startArgs).ended;
  assert.equal(second.code, 1);
  assert.match(second.err, new RegExp(`already running, pid ${first.child.pid}`));
  const other = run(t, root, START, 'shard-plain.ts', ...startArgs, '--name', 'other');
  await other.printed(/ctl --name other tree/);
  first.child.kill('SIGTERM');
  other.child.kill('SIGTERM');
  assert.deepEqual([(await first.ended).code, (await other.ended).code], [0, 0]);
});

test('after kill -9 of heart the name can be used again, and its shard is gone', async (t) => {
  const root = scratch(t);
  const first = run(t, root, START, 'shard-plain.ts', ...startArgs);
  const [, url = ''] = await first.printed(/http {2}(\S+)\n/);
  const connection = net.connect(Number(new URL(url).port), '127.0.0.1').resume();
  await once(connection, 'connect');
  const closed = once(connection, 'close');
  first.child.kill('SIGKILL');
  await closed;
  assert.ok(existsSync(join(root, 'flyball', 'flyball', 'control.sock')), 'the dead socket is still there');
  const second = run(t, root, START, 'shard-plain.ts', ...startArgs);
  await second.printed(/Ctrl-C/);
  second.child.kill('SIGTERM');
  assert.equal((await second.ended).code, 0);
});

test('a port in use ends the start with exit code 1, the port, who to ask and what to do', async (t) => {
  const blocker = net.createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as net.AddressInfo;
  const { code, err } = await run(t, scratch(t), START, 'shard-plain.ts', '--application', here, '--port', String(port)).ended;
  blocker.close();
  assert.equal(code, 1);
  assert.match(err, new RegExp(`another process listens on 127\\.0\\.0\\.1:${port}[^]*ss -ltnp 'sport = :${port}'[^]*--port ${port + 1}`));
});

test('paths become absolute from where the user stands; missing ones are all named', () => {
  const values = (...args: string[]) => parseStart(args).values;
  assert.deepEqual(withPaths(values('--application', '.', '--documents', 'start.test.ts'), here.slice(0, -1)).documents, [join(here, 'start.test.ts')]);
  assert.equal(withPaths(values('--application', '.', '--ledger', 'new/ledger'), here.slice(0, -1)).ledger, join(here, 'new/ledger'), 'a ledger may begin');
  assert.throws(() => withPaths(values('--application', '.', '--ledger', 'start.test.ts'), here), { problems: [`--ledger start.test.ts must be a folder; ${join(here, 'start.test.ts')} is none.`] });
  assert.throws(() => withPaths(values('--application', 'start.test.ts', '--documents', 'nowhere', '--port', '60000', '--port-offset', '9000'), here), {
    problems: [`--application start.test.ts must be a folder; ${join(here, 'start.test.ts')} is none.`, `--documents nowhere: there is no ${join(here, 'nowhere')}.`, '--port 60000 with --port-offset 9000 is above 65535.'],
  });
});
