// Any interleaving of tenants, restarts, rotations, exports that are cut short and restores: what is published and
// what was copied verifies at each moment, nothing acknowledged is missing, and all copies are one history.
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { freshSeed, seededRandom, type Random } from '@flyball/kernel';

import { exportLedger, importLedger, openWriter, verifyLog, type LedgerWriter } from '../../src/index.ts';
import { draft } from '../../src/testing/log-builder.ts';
import { folderFor, origin } from './ledger-in.ts';

const given = process.env['FLYBALL_SEED'];
const seed = given === undefined ? freshSeed() : Number(given);
const steps = 40;

class History {
  readonly #random: Random;
  readonly #newFolder: () => string;
  readonly copies: string;
  folder: string;
  writer: LedgerWriter;
  /** Of all that was published or copied; the last must continue each. */
  readonly checkpoints: string[] = [];
  appended = 0;
  #exported = 0;
  #signsBefore = 1;

  constructor(random: Random, newFolder: () => string, writer: LedgerWriter) {
    this.#random = random;
    this.#newFolder = newFolder;
    this.copies = newFolder();
    this.folder = writer.folder;
    this.writer = writer;
  }

  async append(): Promise<void> {
    const count = 1 + this.#random.below(this.#random.pick([3, 40, 400]));
    const tenants = 1 + this.#random.below(20);
    await Promise.all(Array.from({ length: count }, () => this.writer.append(draft(this.appended++, { tenantId: `tenant-${this.#random.below(tenants)}` }))));
  }

  async repeat(): Promise<void> {
    if (this.appended === 0) return;
    const { tenantId } = draft(0);
    const found = await this.writer.find(tenantId, 'receipt-0');
    if (found !== undefined) assert.equal((await this.writer.append(draft(0, { tenantId }))).isRepeat, true);
  }

  async publish(): Promise<void> {
    this.checkpoints.push((await this.writer.publish()).note);
  }

  async restart(): Promise<void> {
    await this.writer.close();
    this.writer = await openWriter({ folder: this.folder, origin });
  }

  async rotate(): Promise<void> {
    if (this.#signsBefore >= 4) return;
    this.#signsBefore += 1;
    await this.writer.rotateKey();
  }

  /** While it is written. */
  async export(): Promise<void> {
    const appending = this.append();
    const stop = new AbortController();
    const cut = this.#random.below(3) === 0 ? this.#random.below(20) : Infinity;
    const exporting = exportLedger({ from: this.folder, to: this.copies, signal: stop.signal, onProgress: (done) => done >= cut && stop.abort(new Error('cut short')) });
    const report = await exporting.catch((error: Error) => void assert.equal(error.message, 'cut short'));
    await appending;
    if (report === undefined) return;
    assert.ok(report.size >= this.#exported);
    this.#exported = report.size;
    this.checkpoints.push(readFileSync(join(report.place, 'checkpoint'), 'utf8'));
    await this.#assertGood(report.place);
  }

  /** The machine is lost right after an export; another goes on. */
  async restore(): Promise<void> {
    await this.writer.close();
    const { place, size } = await exportLedger({ from: this.folder, to: this.copies });
    const [keys, restored] = [this.#newFolder(), join(this.#newFolder(), 'restored')];
    cpSync(join(this.folder, 'keys'), keys, { recursive: true });
    await importLedger({ from: place, to: restored, signingKeys: keys, since: this.checkpoints });
    this.folder = restored;
    this.#exported = size;
    this.writer = await openWriter({ folder: restored, origin });
  }

  async step(): Promise<void> {
    const act = this.#random.pick(['append', 'append', 'append', 'repeat', 'publish', 'restart', 'rotate', 'export', 'export', 'restore'] as const);
    await this[act]();
  }

  async end(): Promise<void> {
    await this.publish();
    await this.writer.close();
    await this.#assertGood(this.folder);
    const { place, size } = await exportLedger({ from: this.folder, to: this.copies });
    await this.#assertGood(place);
    // Rotations are receipts too.
    assert.equal(size, this.appended + this.#signsBefore - 1);
  }

  async #assertGood(target: string): Promise<void> {
    const since = this.checkpoints.filter((note) => sizeOf(note) <= sizeOf(readFileSync(join(target, 'checkpoint'), 'utf8')));
    const { verdict, findings } = await verifyLog({ target, since, threads: 0 });
    assert.deepEqual([verdict, findings], ['good', []]);
  }
}

function sizeOf(note: string): number {
  return Number(note.split('\n')[1]);
}

test(`${steps} random steps are one history that verifies (FLYBALL_SEED=${seed})`, async (t) => {
  t.diagnostic(`FLYBALL_SEED=${seed}`);
  const folder = join(folderFor(t), 'ledger');
  const history = new History(seededRandom(seed), () => folderFor(t), await openWriter({ folder, origin }));
  for (let step = 0; step < steps; step += 1) await history.step();
  await history.end();
});
