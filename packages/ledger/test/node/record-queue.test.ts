// Receipts that wait for the process that owns the ledger.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { useClock } from '@flyball/kernel';
import { createVirtualClock, type VirtualClock } from '@flyball/kernel/testing';
import { LedgerError, type Appended, type Outcome, type ReceiptDraft } from '@flyball/ledger';
import { RecordQueue } from '../../src/node/record-queue.ts';

const draft = (id: string): ReceiptDraft => ({ id, kind: 'system', tenantId: 'a', at: '2026-11-20T12:00:00.000Z' });
const taken = (index: number): Outcome<Appended> => ({ ok: true, value: { index, receiptHash: '', chainHash: '', isRepeat: false } });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function withVirtualClock(t: TestContext): VirtualClock {
  const clock = createVirtualClock();
  const before = useClock(clock);
  t.after(() => void useClock(before));
  return clock;
}

/** Answers batches when told. */
function owner() {
  const batches: { ids: string[]; answer: (outcomes: readonly Outcome<Appended>[]) => void; fail: (error: Error) => void }[] = [];
  const send = (drafts: readonly ReceiptDraft[]) => new Promise<readonly Outcome<Appended>[]>((resolve, reject) => batches.push({ ids: drafts.map(({ id }) => id), answer: resolve, fail: reject }));
  return { batches, send };
}

test('what comes while a batch is under way is the next one; order is kept', async () => {
  const { batches, send } = owner();
  const queue = new RecordQueue({ send, timeoutMs: 1_000 });
  const first = [queue.add(draft('a')), queue.add(draft('b'))];
  await turn();
  const second = queue.add(draft('c'));
  await turn();
  assert.deepEqual(batches.map(({ ids }) => ids), [['a', 'b']]);
  batches[0]!.answer([taken(0), taken(1)]);
  assert.deepEqual((await Promise.all(first)).map(({ index }) => index), [0, 1]);
  await turn();
  assert.deepEqual(batches[1]!.ids, ['c']);
  batches[1]!.answer([taken(2)]);
  assert.equal((await second).index, 2);
  await turn();
  assert.equal(queue.length, 0);
});

test('those whose writer ended are sent again under the same id, the others are answered', async (t) => {
  const clock = withVirtualClock(t);
  const { batches, send } = owner();
  const queue = new RecordQueue({ send, timeoutMs: 1_000 });
  const [a, b] = [queue.add(draft('a')), queue.add(draft('b'))];
  await turn();
  batches[0]!.answer([{ ok: false, code: 'ledger-closed', message: '' }, { ok: false, code: 'disk-full', message: 'no room' }]);
  await assert.rejects(b, { code: 'disk-full', message: 'no room' });
  await clock.advance(20);
  await turn();
  assert.deepEqual(batches[1]!.ids, ['a']);
  batches[1]!.answer([taken(7)]);
  assert.equal((await a).index, 7);
});

test('each is refused at its own deadline, with a code that says so', async (t) => {
  const clock = withVirtualClock(t);
  const { batches, send } = owner();
  const queue = new RecordQueue({ send, timeoutMs: 1_000 });
  const early = assert.rejects(queue.add(draft('early')), { code: 'ledger-unavailable' });
  await turn();
  await clock.advance(600);
  const late = queue.add(draft('late'));
  await clock.advance(400);
  await early;
  assert.equal(queue.length, 1);
  batches[0]!.fail(new LedgerError('ledger-unavailable', 'nobody'));
  await turn();
  batches[1]!.answer([taken(1)]);
  assert.equal((await late).index, 1);
});

test('a failure of all is the failure of each; what is wrong with a receipt is told at once', async () => {
  const { batches, send } = owner();
  const queue = new RecordQueue({ send, timeoutMs: 1_000 });
  await assert.rejects(queue.add({ ...draft('x'), kind: 'unheard-of' as never }), { code: 'bad-receipt' });
  const both = ['a', 'b'].map((id) => assert.rejects(queue.add(draft(id)), { code: 'ledger-unavailable', message: 'broken' }));
  await turn();
  batches[0]!.fail(new LedgerError('ledger-unavailable', 'broken'));
  await Promise.all(both);
});

test('no more wait than the limits allow', async () => {
  const { batches, send } = owner();
  const queue = new RecordQueue({ send, timeoutMs: 1_000, waitingMax: 2 });
  const waiting = [queue.add(draft('a')), queue.add(draft('b'))];
  await assert.rejects(queue.add(draft('c')), { code: 'ledger-overloaded' });
  await turn();
  batches[0]!.answer([taken(0), taken(1)]);
  await Promise.all(waiting);
  const small = new RecordQueue({ send, timeoutMs: 1_000, charactersMax: 10 });
  await assert.rejects(small.add(draft('a')), { code: 'ledger-overloaded' });
});

test('a large batch goes in parts', async () => {
  const { batches, send } = owner();
  const queue = new RecordQueue({ send, timeoutMs: 10_000 });
  const all = Array.from({ length: 1_500 }, (_, at) => queue.add(draft(`r${at}`)));
  await turn();
  assert.equal(batches[0]!.ids.length, 1_024);
  batches[0]!.answer(batches[0]!.ids.map((_, at) => taken(at)));
  await turn();
  batches[1]!.answer(batches[1]!.ids.map((_, at) => taken(1_024 + at)));
  assert.deepEqual((await Promise.all(all)).map(({ index }) => index), all.map((_, at) => at));
});
