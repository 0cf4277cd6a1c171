// What people see: in a terminal (a real one, by Python's pty), through a pipe, and when they press Ctrl-C.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openWriter } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { progressBar } from '../../src/progress-bar.ts';
import { COMMAND, flyball, startFlyball, startWith, temporaryFolder } from './run-flyball.ts';

const skip = spawnSync('python3', ['-c', 'import pty']).status === 0 ? false : 'python3 is not installed';

/** Runs a command in a terminal of so many columns and prints all that it shows; the exit code is the command's. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    try:
        shown = os.read(terminal, 65536)
    except OSError:
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

async function ledger(t: TestContext, size = 5_000): Promise<string> {
  const directory = temporaryFolder(t);
  const writer = await openWriter({ folder: join(directory, 'ledger'), origin });
  await Promise.all(Array.from({ length: size }, (_, at) => writer.append(draft(at))));
  await writer.close();
  return directory;
}

type Screen = { readonly directory: string; readonly columns: number; readonly variables?: Readonly<Record<string, string>> };

/** Everything that the terminal got, after which the command had ended. */
function inTerminal({ directory, columns, variables = {} }: Screen, ...args: string[]): string {
  return execFileSync('python3', ['-c', TERMINAL, String(columns), ...COMMAND, 'ledger', ...args], { cwd: directory, env: { ...process.env, ...variables }, encoding: 'utf8', timeout: 60_000 });
}

/** What stands there in the end: lines without those that were erased. */
function lastingLines(screen: string): string[] {
  return screen.split('\r\n').map((line) => line.split('\r\u001B[2K').at(-1)!);
}

test('the bar moves, fits, and is gone in the end', { skip }, async (t) => {
  const directory = await ledger(t);
  for (const [args, last] of [[['verify', 'ledger'], /^good: /], [['stats', 'ledger'], /^log /], [['export', 'ledger', 'copies'], /^exported /], [['import', 'copies/ledger.example_2ftests', 'back'], /^imported /], [['fsck', 'ledger'], /^sound: /]] as const) {
    for (const columns of args[0] === 'import' ? [80] : [80, 24]) {
      const screen = inTerminal({ directory, columns }, ...args);
      const bars = screen.split('\r\u001B[2K').filter((one) => / %, \d+ of|^\d+ %/.test(one));
      assert.ok(bars.length > 0 || (args[0] === 'export' && columns === 24), `${args[0]} at ${columns}`);
      assert.deepEqual(bars.filter((one) => one.length >= columns), [], 'one that wraps cannot be erased');
      assert.match(lastingLines(screen)[0]!, last);
    }
  }
});

test('rows fit the terminal, most important first; a pipe gets them whole', { skip }, async (t) => {
  const directory = await ledger(t, 20);
  const heads = new Map<number, string>();
  for (const columns of [160, 120, 100, 80, 40]) {
    const lines = inTerminal({ directory, columns }, 'tail', 'ledger').split('\r\n');
    assert.deepEqual(lines.filter((line) => line.length > columns), [], `${columns}`);
    assert.equal(lines.length, 12);
    heads.set(columns, lines[0]!.split(/ +/).join(' '));
  }
  assert.deepEqual([...heads.values()], ['INDEX AT TENANT KIND WHAT SKU ID', 'INDEX AT TENANT KIND WHAT ID', 'INDEX AT TENANT WHAT ID', 'INDEX AT TENANT WHAT ID', 'INDEX AT TENANT …']);
  const piped = await flyball(t, directory, 'ledger', 'tail', 'ledger');
  assert.match(piped.out, /^INDEX +AT +TENANT +KIND +WHAT +SKU +ID\n(?:\d+ +\S+Z +tenant-\d +transition +stable → warning +gcp\.autonomic\.cost_guard\.v1 +receipt-\d+\n){10}$/);
});

test('no colours, with NO_COLOR or without; none is forced either', { skip }, async (t) => {
  const directory = await ledger(t, 20);
  for (const variables of [{}, { NO_COLOR: '1' }, { FORCE_COLOR: '1' }]) {
    for (const args of [['tail', 'ledger'], ['stats', 'ledger'], ['verify', 'ledger'], ['keys', 'ledger']]) {
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(inTerminal({ directory, columns: 80, variables }, ...args), /\u001B\[[\d;]*m/);
    }
  }
});

test('a bar is for terminals only, in any width', () => {
  for (const columns of [0, 1, 5, 20, 30, 60, 200]) {
    let written = '';
    const bar = progressBar((text) => (written += text), { isTTY: true, columns }, 'receipts');
    for (let done = 0; done <= 1_000_000; done += 5_000) bar.show(done, 1_000_000);
    assert.equal(written.split('\r\u001B[2K').every((one) => one.length < (columns || 80)), true, `${columns}`);
    bar.clear();
  }
  const silent = progressBar(() => assert.fail('written to a file'), { columns: 80 });
  silent.show(1, 2);
  silent.clear();
});

test('a reader that goes away ends nothing but the writing: no stack, no exit code of its own', async (t) => {
  const directory = await ledger(t);
  for (const args of [['tail', 'ledger', '--lines', '1000'], ['query', 'ledger', '--limit', '1000', '--json'], ['tail', 'ledger', '--follow', '--poll-ms', '10', '--lines', '1000', '--json'], ['--help'], ['verify', 'ledger']]) {
    const child = startWith(t, { directory, variables: {} }, ['ledger', ...args]);
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'close');
    assert.deepEqual([code, /\n +at |Error/.test(err)], [0, false], `${args.join(' ')}: ${err}`);
  }
});

test('Ctrl-C: a stream ends with 0, anything else as a command that was interrupted, and leaves nothing behind', async (t) => {
  const directory = await ledger(t, 20_000);
  const follow = startFlyball(t, directory, 'ledger', 'tail', 'ledger', '--follow', '--lines', '1');
  await once(follow.stdout, 'data');
  follow.kill('SIGINT');
  assert.deepEqual(await once(follow, 'close'), [0, null]);
  execFileSync('tar', ['-czf', 'ledger.tgz', '--exclude=ledger/state', '--exclude=ledger/keys', 'ledger'], { cwd: directory });
  const temporary = temporaryFolder(t);
  const [node = '', ...rest] = COMMAND;
  const child = spawn(node, [...rest, 'ledger', 'tail', 'ledger.tgz', '--follow', '--lines', '1'], { cwd: directory, env: { ...process.env, TMPDIR: temporary }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.equal(readdirSync(temporary).length, 1, 'unpacked');
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.deepEqual(readdirSync(temporary), []);
});
