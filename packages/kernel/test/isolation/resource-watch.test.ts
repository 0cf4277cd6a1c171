import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cpuMs, descendantsOf, ProcFile, residentBytes } from '../../src/isolation/proc-files.ts';
import { ProcUsage, ReportedUsage } from '../../src/isolation/resource-watch.ts';
import { untilGone } from './pool-fixture.ts';

const skip = process.platform === 'linux' ? false : '/proc is Linux';

test('/proc tells the resident memory and CPU time that the process itself knows', { skip }, () => {
  const statm = new ProcFile(process.pid, 'statm');
  const resident = residentBytes(statm.read());
  statm.close();
  assert.ok(Math.abs(resident - process.memoryUsage.rss()) < 20e6, `${resident}`);
  const { user, system } = process.cpuUsage();
  const measured = cpuMs(readFileSync(`/proc/${process.pid}/stat`, 'latin1'));
  assert.ok(Math.abs(measured - (user + system) / 1_000) < 200, `${measured}`);
});

test('a name with blanks and parentheses does not shift the fields of stat', () => {
  assert.equal(cpuMs('42 (a) b (c) R 1 2 3 0 -1 4 5 6 7 8 10 20 3 4 20 0 1 0 99'), 370);
});

test('children and grandchildren are found and counted; what is gone reads as nothing', { skip, timeout: 30_000 }, async ({ signal }) => {
  const child = spawn('sh', ['-c', 'sleep 600 & echo $!; wait'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = await once(child.stdout!, 'data') as [Buffer];
  assert.deepEqual(descendantsOf(child.pid!), [Number(text)]);
  assert.ok(descendantsOf(process.pid).includes(child.pid!));
  const usage = new ProcUsage(child.pid!);
  assert.ok(usage.read(true).residentBytes > 100_000);
  process.kill(-child.pid!, 'SIGKILL');
  await once(child, 'exit');
  await untilGone(Number(text), signal);
  assert.deepEqual(usage.read(true), { residentBytes: 0, cpuMs: 0 });
  assert.deepEqual(descendantsOf(child.pid!), []);
  usage.close();
});

test('reports of a runner are read however they are cut', () => {
  const usage = new ReportedUsage();
  assert.deepEqual(usage.read(), { residentBytes: 0, cpuMs: 0 });
  usage.take('1000 1\n20');
  assert.deepEqual(usage.read(), { residentBytes: 1_000, cpuMs: 1 });
  usage.take('00 2\n3000 3\n');
  assert.deepEqual(usage.read(), { residentBytes: 3_000, cpuMs: 3 });
  usage.take('nonsense\n');
  assert.deepEqual(usage.read(), { residentBytes: 3_000, cpuMs: 3 });
});
