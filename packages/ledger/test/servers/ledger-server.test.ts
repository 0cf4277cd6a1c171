// The process that owns the writer, in a supervision tree.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { call, exit, named, processExited, processOf, recorder, supervisor, type Pid } from '@flyball/kernel';
import { ledgerEnded, ledgerServer, ledgerServerChild, ledgerServerName, ledgerWriter } from '@flyball/ledger';

const at = '2026-11-20T12:00:00.000Z';
const tree = supervisor((folder: string) => ({ strategy: 'one_for_one', children: [ledgerServerChild({ folder, origin: 'server.example/log' })] }));

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-server-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const ended = (): Promise<unknown> => new Promise((resolve) => {
  const off = ledgerEnded.subscribe((end) => {
    off();
    resolve(end);
  });
});

async function stopTree(top: Pid): Promise<void> {
  const closed = ended();
  exit(top, 'shutdown');
  await closed;
}

test('it records for the node while it lives, by call and by the kernel\'s recorder', async (context) => {
  assert.equal(recorder(), undefined);
  const top = await tree.start(temporaryFolder(context));
  const server = named<typeof ledgerServer>(ledgerServerName);
  const draft = { id: 'one', kind: 'system', tenantId: 'a', at } as const;
  const first = await call(server, 'append', draft);
  assert.ok(first.ok);
  const { isRepeat: _, ...place } = first.value;
  assert.deepEqual(await recorder()!.record(draft), { ...place, isRepeat: true });
  assert.equal(await recorder()!.lastHash('a'), place.chainHash);
  assert.deepEqual(await call(server, 'lastHash', 'a'), { ok: true, value: place.chainHash });
  const refused = await call(server, 'append', { ...draft, id: '' });
  assert.equal(refused.ok ? 'taken' : refused.code, 'bad-receipt');
  await assert.rejects(recorder()!.record({ ...draft, kind: 'unheard-of' }), { code: 'bad-receipt' });
  await stopTree(top);
  assert.equal(recorder(), undefined, 'no recorder, so a gate refuses');
});

test('when the writer ends it is opened again by its supervisor, with everything it had acknowledged', async (context) => {
  const top = await tree.start(temporaryFolder(context));
  const before = await ledgerWriter()!.append({ id: 'one', kind: 'system', tenantId: 'a', at });
  const died = new Promise((resolve) => context.after(processExited.subscribe(resolve)));
  const writer = ledgerWriter()!;
  await writer.close();
  await died;
  const server = named<typeof ledgerServer>(ledgerServerName);
  for (;;) {
    try {
      const again = await call(server, 'append', { id: 'one', kind: 'system', tenantId: 'a', at });
      if (!again.ok) continue;
      assert.deepEqual(again.value, { ...before, isRepeat: true });
      break;
    } catch (error) {
      assert.match(String((error as { code?: string }).code), /noproc|exited/);
      await new Promise(setImmediate);
    }
  }
  assert.notEqual(ledgerWriter(), writer);
  await stopTree(top);
});

test('a ledger that cannot be opened keeps its tree from starting, saying why', async (context) => {
  const folder = temporaryFolder(context);
  const top = await tree.start(folder);
  await assert.rejects(ledgerServer.start({ folder }), (error: Error & { code?: string }) => error.code === 'start-failed' && /is held by another writer/.test(error.message));
  await stopTree(top);
});

test('a ledger that was open is not begun anew where its folder is gone', async (context) => {
  const folder = join(temporaryFolder(context), 'ledger');
  const top = await tree.start(folder);
  await stopTree(top);
  while (processOf(top) !== undefined) await new Promise(setImmediate);
  renameSync(folder, `${folder}-unmounted`);
  await assert.rejects(tree.start(folder), /holds no ledger, and none is to be begun/);
  assert.equal(existsSync(folder), false);
  renameSync(`${folder}-unmounted`, folder);
  await stopTree(await tree.start(folder));
});
