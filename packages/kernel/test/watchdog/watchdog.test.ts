import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { BlockReport } from '../../src/watchdog/index.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

/** A fixture as its own process, and the lines that it writes on stdout and stderr. */
function startFixture(name: string) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(fixtures, name)], { stdio: ['pipe', 'pipe', 'pipe'] });
  return { child, out: createInterface({ input: child.stdout }), err: createInterface({ input: child.stderr }) };
}

test('a loop without end is named with its file and line while it blocks', { timeout: 60_000 }, async () => {
  const { child, out, err } = startFixture('spin-forever.ts');
  try {
    await once(out, 'line');
    child.stdin.write('go\n');
    const [line] = await once(err, 'line') as [string];
    assert.match(line, /^\d{4}-\d\d-\d\dT\S+Z ERROR watchdog: the event loop has been blocked for \d+ ms by spinForever \(/);
    assert.ok(line.includes(`${join(fixtures, 'spin-forever.ts')}:8:`), line);
    assert.match(line, /called by serve \(/);
    assert.equal(child.exitCode, null, 'it diagnoses and kills nothing');
  } finally {
    child.kill('SIGKILL');
  }
});

test('after a report no debugger is left, native code is reported without a name, and nothing keeps the process alive', { timeout: 60_000 }, async () => {
  const { child, out, err } = startFixture('block-for-a-while.ts');
  const errors: string[] = [];
  err.on('line', (line) => errors.push(line));
  const [[line], [code]] = await Promise.all([once(out, 'line'), once(child, 'exit')]) as [[string], [number]];
  const { reports } = JSON.parse(line) as { reports: BlockReport[] };
  assert.equal(code, 0, errors.join('\n'));
  assert.equal(reports[0]!.functionName, 'spin');
  assert.ok(reports[0]!.location!.startsWith(`${join(fixtures, 'block-for-a-while.ts')}:16:`), reports[0]!.location);
  assert.ok(reports[0]!.blockedMs >= 200);
  const native = reports.at(-1)!;
  assert.equal(native.functionName, undefined);
  assert.ok(errors.some((each) => /blocked for \d+ ms by native code/.test(each)), errors.join('\n'));
  assert.ok(errors.some((each) => /WARNING watchdog: the event loop runs again/.test(each)), errors.join('\n'));
});
