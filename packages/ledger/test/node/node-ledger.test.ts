// The ledger process of one shard, with the other processes of its node played by the test.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { call, exit, identity, KernelError, named, parsePid, processNamed, processOf, recorder, useDistribution, type Distribution, type Down, type Pid, type ReceiptToRecord } from '@flyball/kernel';
import { LedgerError, ledgerProblem, ledgerStoreName, ledgerWriter, nodeLedger, nodeLedgerName, nodeLedgerSupervisor, openWriter, type NodeLedgerOptions, type nodeLedgerServer, type ReceiptDraft } from '@flyball/ledger';

const front = named<typeof nodeLedgerServer>(nodeLedgerName);
const receipt = (id: string): ReceiptToRecord => ({ id, kind: 'system', tenantId: 'a', at: '2026-11-20T12:00:00.000Z' });

interface Played {
  readonly folder: string;
  /** Asked of other processes; a test answers by setting it. */
  answer: (to: unknown, name: string, body: unknown) => unknown;
  readonly asked: string[];
  readonly told: unknown[];
  /** Ends the watched process of another shard. */
  down: () => void;
  owns: boolean;
  isDraining: boolean;
  hasSiblings: boolean;
}

async function started(t: TestContext, { takesOver = true, recordTimeoutMs = 5_000, lockPatienceMs = 2_000 } = {}): Promise<Played> {
  const root = mkdtempSync(join(tmpdir(), 'flyball-node-'));
  const played: Played = { folder: join(root, 'ledger'), answer: () => ({ kind: 'elsewhere' }), asked: [], told: [], down: () => assert.fail('nobody is watched'), owns: false, isDraining: false, hasSiblings: false };
  const carrier: Partial<Distribution> = {
    call: async (to, name, body) => {
      played.asked.push(name);
      return played.answer(to, name, body);
    },
    send: (_to, _kind, _name, body) => void played.told.push(body),
    monitor: (pid, ref, notify) => {
      played.down = () => notify({ type: 'DOWN', ref, pid, reason: 'noconnection' } satisfies Down);
    },
    demonitor: () => {},
  };
  const takeOut = useDistribution(carrier as Distribution);
  const options: NodeLedgerOptions = {
    writer: { folder: played.folder }, originDefault: 'host.example/node', ownTenantId: 'platform', recordTimeoutMs, lockPatienceMs,
    owns: () => played.owns, isDraining: () => played.isDraining, hasSiblings: () => played.hasSiblings, shards: () => [1],
  };
  const top = await nodeLedgerSupervisor.start(options, { name: 'ledger_sup' });
  t.after(async () => {
    exit(top, 'shutdown');
    while (processOf(top) !== undefined || ledgerWriter() !== undefined) await new Promise(setImmediate);
    takeOut();
    rmSync(root, { recursive: true, force: true });
  });
  if (takesOver) {
    await nodeLedger()!.takeOver();
    played.owns = true;
  }
  return played;
}

const successor = (): Pid => parsePid(`<${identity.shard}.${identity.creation + 1}.5>`)!;

test('it begins a ledger under the default name, and keeps the name of one that is there', async (t) => {
  await started(t);
  const { index } = await recorder()!.record(receipt('one'));
  assert.equal(index, 0);
  assert.equal((await nodeLedger()!.ask('status', undefined)).origin, 'host.example/node');
  const recorded = await call(front, 'request', { what: 'append', argument: [] });
  assert.ok(!recorded.ok && recorded.code === 'bad-query', 'nobody records past recorder()');
  const asked = await call(front, 'request', { what: 'keys', argument: undefined });
  assert.match(asked.ok ? String(asked.value) : '', /^host\.example\/node\+/);
});

test('no application records in the name of the platform, nor takes an id that the platform will use', async (t) => {
  await started(t);
  const own = { ...receipt('node-1'), tenantId: 'platform' };
  await assert.rejects(recorder()!.record(own), (error: Error & { code?: string }) => error.code === 'bad-receipt' && /node-1: the tenant platform is the platform/.test(error.message));
  const { index, isRepeat } = await nodeLedger()!.recordOwn(own) as { index: number; isRepeat?: boolean };
  assert.deepEqual([index, isRepeat], [0, false]);
  assert.equal((await recorder()!.record(receipt('node-1'))).index, 1, 'the same id of another tenant is its own');
});

test('nothing is opened until it is told to; what is recorded goes to the owner', async (t) => {
  const played = await started(t, { takesOver: false });
  played.answer = (_to, _name, body) => ({ kind: 'done', value: (body as { argument: unknown[] }).argument.map((_, at) => ({ ok: true, value: { index: 40 + at, receiptHash: '', chainHash: '', isRepeat: false } })) });
  const both = await Promise.all(['a', 'b'].map((id) => recorder()!.record(receipt(id))));
  assert.deepEqual(both.map(({ index }) => index), [40, 41]);
  assert.equal(played.asked.filter((name) => name === 'ask').length, 1, 'one batch');
  assert.equal(ledgerWriter(), undefined);
});

test('an owner that is gone, or does not know, is asked again until the deadline; then it is refused by code', async (t) => {
  const played = await started(t, { takesOver: false, recordTimeoutMs: 300 });
  let tries = 0;
  played.answer = () => {
    tries += 1;
    if (tries % 2 === 0) return { kind: 'elsewhere' };
    throw new KernelError('noconnection', 'gone');
  };
  await assert.rejects(recorder()!.record(receipt('a')), { code: 'ledger-unavailable' });
  assert.ok(tries > 2, `${tries} tries`);
  const before = tries;
  await assert.rejects(nodeLedger()!.ask('rotateKey', undefined, 5_000), (error: Error & { code?: string }) => error.code === 'ledger-unavailable' && /whether it was done/.test(error.message));
  assert.ok(tries <= before + 2, 'what is not repeatable is not repeated once it may have been done');
});

test('handed over: what is asked meanwhile is sent on, and taken back when the successor dies', async (t) => {
  const played = await started(t);
  await recorder()!.record(receipt('one'));
  const heir = successor();
  const answered = await call(front, 'release', heir);
  assert.ok(answered.ok);
  const other = await openWriter({ folder: played.folder });
  assert.deepEqual(await call(front, 'ask', { what: 'lastHash', argument: 'a' }), { kind: 'moved', to: heir });
  played.answer = async (to, _name, body) => {
    assert.equal((to as Pid).serial, heir.serial);
    return { kind: 'done', value: await Promise.all((body as { argument: never[] }).argument.map(async (draft) => ({ ok: true, value: await other.append(draft) }))) };
  };
  assert.equal((await recorder()!.record(receipt('two'))).index, 1);
  // Dead, but its lock is still held for a moment.
  played.down();
  const waiting = recorder()!.record(receipt('three'));
  await other.close();
  assert.equal((await waiting).index, 2);
  assert.equal((await recorder()!.record(receipt('two'))).index, 1);
});

test('a draining process does not take it back: the next one of its shard will have it', async (t) => {
  const played = await started(t);
  await call(front, 'release', successor());
  played.isDraining = true;
  played.down();
  assert.deepEqual(await call(front, 'ask', { what: 'lastHash', argument: 'a' }), { kind: 'elsewhere' });
  assert.equal(processNamed(ledgerStoreName), undefined);
});

test('only the connection to the successor broke: it keeps what it has', async (t) => {
  const played = await started(t, { lockPatienceMs: 100 });
  await call(front, 'release', successor());
  const other = await openWriter({ folder: played.folder });
  played.hasSiblings = true;
  played.down();
  while ((await call(front, 'ask', { what: 'lastHash', argument: 'a' })).kind !== 'elsewhere') await new Promise(setImmediate);
  assert.equal(nodeLedger()!.problem, undefined);
  await other.close();
});

test('a foreign writer keeps it from starting, after some patience', async (t) => {
  const played = await started(t, { takesOver: false, lockPatienceMs: 100 });
  const other = await openWriter({ folder: played.folder, origin: 'host.example/node' });
  await assert.rejects(nodeLedger()!.takeOver(), { code: 'ledger-locked' });
  assert.equal(nodeLedger()!.problem?.code, 'ledger-locked');
  await other.close();
});

test('its process is killed, or its writer\'s: opened again', async (t) => {
  await started(t);
  for (const [round, name] of [nodeLedgerName, 'ledger_writer', nodeLedgerName].entries()) {
    await recorder()!.record(receipt(`before ${round} ${name}`));
    exit(named(name), 'kill');
    while (nodeLedger() === undefined) await new Promise(setImmediate);
    await recorder()!.record(receipt(`after ${round} ${name}`));
  }
  assert.equal((await nodeLedger()!.ask('status', undefined)).size, 6);
});

test('what cannot be opened is told to the other shards, refused at once, and tried again', async (t) => {
  const played = await started(t);
  const problems: (string | undefined)[] = [];
  const [failing, back] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  t.after(ledgerProblem.subscribe(({ problem }) => {
    problems.push(problem?.code);
    (problem === undefined ? back : failing).resolve();
  }));
  const [keys, kept] = [join(played.folder, 'keys'), join(played.folder, 'elsewhere')];
  renameSync(keys, kept);
  exit(named('ledger_writer'), 'kill');
  await failing.promise;
  await assert.rejects(recorder()!.record(receipt('one')), (error: Error & { code?: string }) => error.code === 'ledger-unavailable' && /holds no signing key.*\(key-lost\)/.test(error.message));
  rmSync(keys, { recursive: true });
  renameSync(kept, keys);
  await back.promise;
  assert.deepEqual(problems, ['key-lost', undefined]);
  assert.deepEqual(played.told.map((problem) => (problem as { code?: string } | null)?.code), [undefined, 'key-lost', undefined]);
  await recorder()!.record(receipt('one'));
});

test('one that ends again at once is opened after a pause only', async (t) => {
  await started(t);
  const failing = new Promise<string | undefined>((resolve) => t.after(ledgerProblem.subscribe(({ problem }) => resolve(problem?.code))));
  exit(named(ledgerStoreName), 'kill');
  assert.equal(await failing, 'ledger-closed');
  const back = new Promise<unknown>((resolve) => t.after(ledgerProblem.subscribe(({ problem }) => resolve(problem))));
  assert.equal(await back, undefined);
  await recorder()!.record(receipt('one'));
});

test('a full disk is told to the other shards until a receipt is recorded again, which says so', async (t) => {
  const played = await started(t);
  const problems: (string | undefined)[] = [];
  const back = Promise.withResolvers<void>();
  t.after(ledgerProblem.subscribe(({ problem }) => {
    problems.push(problem?.code);
    if (problem === undefined) back.resolve();
  }));
  const writer = ledgerWriter()!;
  const append = writer.append.bind(writer);
  let asked = 0;
  writer.append = (draft) => {
    asked += 1;
    // The second one is that of the platform, asking for room: there is some again for the next.
    if (asked === 3) writer.append = append;
    return asked === 3 ? append(draft) : Promise.reject(new LedgerError('disk-full', 'appending: the disk is full (ENOSPC)'));
  };
  assert.equal(nodeLedger()!.problem, undefined);
  // From another shard.
  const [outcome] = (await nodeLedger()!.ask('append', [receipt('one') as unknown as ReceiptDraft]));
  assert.equal(outcome!.ok ? 'taken' : outcome!.code, 'disk-full');
  assert.equal(nodeLedger()!.problem?.code, 'disk-full');
  await back.promise;
  assert.equal(nodeLedger()!.problem, undefined);
  assert.deepEqual(problems, ['disk-full', undefined]);
  assert.deepEqual(played.told.map((problem) => (problem as { code?: string } | null)?.code), [undefined, 'disk-full', undefined]);
  const entry = JSON.parse(Buffer.from((await writer.entry(0))!).toString()) as { event: string; tenantId: string };
  assert.deepEqual([entry.event, entry.tenantId], ['disk-full-over', 'platform']);
});
