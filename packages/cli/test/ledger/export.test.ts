import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openWriter } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { storeOptions } from '../../src/ledger/store-options.ts';
import { flyball, temporaryFolder } from './run-flyball.ts';

test('export while the ledger is open, again what is new, then restore it from the export and its keys alone', async (t) => {
  const directory = temporaryFolder(t);
  const folder = join(directory, 'ledger');
  const writer = await openWriter({ folder, origin });
  const append = async (from: number, to: number) => {
    await Promise.all(Array.from({ length: to - from }, (_, at) => writer.append(draft(from + at))));
    await writer.publish();
  };
  await append(0, 300);
  const first = await flyball(t, directory, 'ledger', 'export', 'ledger', 'copies', '--json');
  assert.equal(first.code, 0, first.err);
  await append(300, 700);
  const second = await flyball(t, directory, 'ledger', 'export', 'ledger', 'copies', '--json');
  const { place, size, sizeBefore } = JSON.parse(second.out);
  assert.deepEqual([size, sizeBefore], [700, 300]);
  const [key] = await writer.keys();
  await writer.close();
  cpSync(join(folder, 'keys'), join(directory, 'kept-keys'), { recursive: true });
  rmSync(folder, { recursive: true });
  const imported = await flyball(t, directory, 'ledger', 'import', place, 'ledger', '--key', key!, '--signing-keys', 'kept-keys');
  assert.equal(imported.code, 0, imported.err);
  assert.match(imported.out, /^imported ledger\.example\/tests: 700 receipts of 5 tenants, verified; a node can go on writing it\n/);
  const again = await openWriter({ folder });
  assert.equal((await again.append(draft(700))).index, 700);
  await again.close();
  assert.equal((await flyball(t, directory, 'ledger', 'verify', 'ledger', '--key', key!)).code, 0);
});

test('what is refused says so by code, exit code 1', async (t) => {
  const directory = temporaryFolder(t);
  const nothing = await flyball(t, directory, 'ledger', 'export', 'nowhere', 'copies');
  assert.deepEqual([nothing.code, /\(bad-source\)/.test(nothing.err)], [1, true]);
  const writer = await openWriter({ folder: join(directory, 'ledger'), origin });
  await writer.append(draft(0));
  await writer.close();
  const place = await flyball(t, directory, 'ledger', 'export', 'ledger', 'ftp://elsewhere/x', '--json');
  assert.equal(place.code, 1);
  assert.equal(JSON.parse(place.err).error.code, 'bad-store');
  const { place: copy } = JSON.parse((await flyball(t, directory, 'ledger', 'export', 'ledger', 'copies', '--json')).out);
  const bundle = join(copy, 'tile/entries/000.p/1');
  writeFileSync(bundle, readFileSync(bundle).toString('latin1').replace('stable', 'calm__'), 'latin1');
  const changed = await flyball(t, directory, 'ledger', 'import', copy, 'back');
  assert.deepEqual([changed.code, /receipt-changed|import-refused|root/.test(changed.err)], [1, true], changed.err);
});

test('credentials come from the variables that everybody uses', () => {
  assert.deepEqual(storeOptions({}, 'copies'), {});
  assert.throws(() => storeOptions({ AWS_ACCESS_KEY_ID: 'a' }, 's3://b/c'), /s3:\/\/b\/c needs an access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
  assert.deepEqual(storeOptions({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's', AWS_DEFAULT_REGION: 'eu-1', AWS_ENDPOINT_URL: 'http://x', AWS_ENDPOINT_URL_S3: 'http://y' }, 's3://b/c'), {
    s3: { accessKeyId: 'a', secretAccessKey: 's', region: 'eu-1', endpoint: 'http://y' },
  });
});
