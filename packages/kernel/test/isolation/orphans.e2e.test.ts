import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { untilGone } from './pool-fixture.ts';

const fixture = join(import.meta.dirname, 'fixtures', 'node-with-runner.ts');

for (const target of ['loopsForever', 'leavesGrandchild']) {
  test(`${target}: when the node is killed, nothing of its runner is left`, { timeout: 60_000 }, async ({ signal }) => {
    const node = spawn(process.execPath, ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning', fixture, target], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: node.stdout }), 'line') as [string];
    assert.match(line, /^\d+$/);
    node.kill('SIGKILL');
    await untilGone(Number(line), signal);
  });
}
