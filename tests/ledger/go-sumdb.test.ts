// A ledger's folder read by Go's checksum database packages, golang.org/x/mod/sumdb/note and tlog: every inclusion proof,
// every pair of a thousand checkpoints, every tampered byte. foreign/ledger-check.go says what is done.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { debianPackages, skipWithout } from '../../tools/debian-packages.ts';
import { consistencyDigest, inclusionDigest, size, tilesIn, writeThousand } from './foreign/thousand-receipts.ts';

const run = promisify(execFile);
const go = '/usr/lib/go-1.19/bin/go';
const wanted = debianPackages.filter((entry) => entry.package.startsWith('golang-'));
const skip = wanted.map(({ command }) => skipWithout(command)).find((reason) => reason !== false) ?? false;

type GoReport = {
  readonly size: number;
  readonly inclusions: number;
  readonly inclusionDigest: string;
  readonly checkpoints: number;
  readonly pairs: number;
  readonly consistencyDigest: string;
  readonly checkpointTampers: number;
  /** Tampered signatures that are the same bytes: the unused bits of their last base64 character. */
  readonly sameSignature: number;
  readonly checkpointAccepted: number;
  readonly tileTampers: number;
  readonly tileAccepted: number;
  readonly entryTampers: number;
  readonly entryAccepted: number;
};

describe('Go sumdb reads the ledger', { skip, timeout: 170_000 }, () => {
  let folder: string;
  let report: GoReport;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flyball-go-'));
    const { verifierKey } = await writeThousand(join(folder, 'ledger'), { allCheckpoints: true });
    const [program, source] = [join(folder, 'ledger-check'), join(import.meta.dirname, 'foreign/ledger-check.go')];
    // Everything it needs is on this machine: no modules, no proxy.
    const env = { PATH: process.env['PATH'], GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '', GOPROXY: 'off', GOCACHE: join(folder, 'cache') };
    await run(go, ['build', '-o', program, source], { env });
    report = JSON.parse((await run(program, [join(folder, 'ledger'), verifierKey])).stdout) as GoReport;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('every inclusion proof holds, and ours are the ones Go makes', async () => {
    assert.deepEqual([report.size, report.inclusions], [size, size]);
    assert.equal(report.inclusionDigest, await inclusionDigest(tilesIn(join(folder, 'ledger'))));
  });

  test('every pair of checkpoints is consistent, and our proofs are the ones Go makes', () => {
    assert.deepEqual([report.checkpoints, report.pairs], [size, (size * (size - 1)) / 2]);
    assert.deepEqual({ digest: report.consistencyDigest, failed: 0 }, consistencyDigest());
  });

  test('every tampered byte of checkpoint, tile and entry is refused', () => {
    assert.ok(report.checkpointTampers > 40_000 && report.tileTampers === 32 * (size + 3) && report.entryTampers > 300_000);
    assert.deepEqual([report.checkpointAccepted, report.tileAccepted, report.entryAccepted], [0, 0, 0]);
    // Two unused bits in the last character have three other values. Our own reader refuses them too.
    assert.equal(report.sameSignature, 3);
  });
});
