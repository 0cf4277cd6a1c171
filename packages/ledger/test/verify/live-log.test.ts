// A ledger is verified while it is written: whatever checkpoint is found, its tree is there.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { openWriter, verifyLog } from '../../src/index.ts';
import { draft, origin } from '../../src/testing/log-builder.ts';
import { withFolder } from './tampering.ts';

test('a log that grows meanwhile is good at each look, and each look is the beginning of the next', async () => {
  await withFolder(async (folder) => {
    const target = join(folder, 'ledger');
    const writer = await openWriter({ folder: target, origin, publishEveryMs: 10 });
    try {
      const keys = await writer.keys();
      const looks: { readonly size: number; readonly note: string }[] = [];
      let next = 0;
      for (let look = 0; look < 12; look += 1) {
        const appending = Array.from({ length: 150 }, () => writer.append(draft(next++)));
        const before = writer.published;
        const report = await verifyLog({ target, keys, threads: 0, since: looks.map(({ note }) => note) });
        assert.equal(report.verdict, 'good', `${report.reason} ${JSON.stringify(report.findings)}`);
        assert.ok(report.size! >= before.size);
        looks.push(before);
        await Promise.all(appending);
      }
    } finally {
      await writer.close();
    }
    const report = await verifyLog({ target, threads: 0 });
    assert.deepEqual([report.verdict, report.receipts], ['good', 1_800]);
  });
});

test('a key that the writer rotated is followed from the one that was known before', async () => {
  await withFolder(async (folder) => {
    const target = join(folder, 'ledger');
    const writer = await openWriter({ folder: target, origin });
    const [first = ''] = await writer.keys();
    await writer.append(draft(0));
    const second = await writer.rotateKey();
    await writer.retireKey(first);
    await writer.append(draft(1));
    await writer.close();
    for (const key of [first, second]) {
      const report = await verifyLog({ target, keys: [key], threads: 0 });
      assert.deepEqual([report.verdict, report.signedBy.length], ['good', 1], JSON.stringify(report.findings));
    }
  });
});
