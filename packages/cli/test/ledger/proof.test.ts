// Proofs in trees that were signed, and witnesses who sign them too.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { cosignNote, formatNote, formatVerifierKey, openWriter, parseNote, parseProof, parseVerifierKey, signatureTypes, signingKey, verifierKeyOf, verifyProof, type SigningKey } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { ended, flyball, startFlyball, temporaryFolder } from './run-flyball.ts';

const witness: SigningKey = signingKey({ name: 'witness.example', seed: Buffer.alloc(32, 9), type: signatureTypes.cosignature });
const witnessKey = formatVerifierKey(verifierKeyOf(witness));

async function grow(folder: string, from: number, to: number): Promise<string> {
  const writer = await openWriter({ folder, origin });
  await Promise.all(Array.from({ length: to - from }, (_, at) => writer.append(draft(from + at))));
  await writer.publish();
  const { note } = writer.published;
  await writer.close();
  return note;
}

/** What a witness adds to a checkpoint. */
function cosignature(checkpoint: string, timeS = 1_790_000_000) {
  return cosignNote(parseNote(checkpoint).text, witness, { timestampS: timeS });
}

async function ledger(t: TestContext): Promise<{ readonly directory: string; readonly run: (...args: string[]) => ReturnType<typeof flyball>; readonly checkpoints: readonly string[] }> {
  const directory = temporaryFolder(t);
  const first = await grow(join(directory, 'ledger'), 0, 300);
  return { directory, run: (...args) => flyball(t, directory, 'ledger', ...args), checkpoints: [first] };
}

test('a cosignature is taken as a whole note, and as the line alone that witnesses answer', async (t) => {
  const { directory, run, checkpoints: [first = ''] } = await ledger(t);
  const { text, signatures } = parseNote(first);
  writeFileSync(join(directory, 'note'), formatNote({ text, signatures: [...signatures, cosignature(first)] }));
  const bare = await run('cosign', 'ledger', 'note');
  assert.deepEqual([bare.code, /--witness VKEY/.test(bare.err)], [2, true]);
  const taken = await run('cosign', 'ledger', 'note', '--witness', witnessKey, '--json');
  assert.equal(taken.code, 0, taken.err);
  assert.deepEqual(JSON.parse(taken.out), { origin, size: 300, witnesses: [{ name: 'witness.example', timeS: 1_790_000_000 }], isNewest: true });
  for (const file of ['checkpoint', 'cosigned-checkpoint']) assert.match(readFileSync(join(directory, 'ledger', file), 'utf8'), /\n\u2014 witness\.example /, file);
  assert.equal((await run('verify', 'ledger', '--witness', witnessKey, '--witnesses-min', '1')).code, 0);
  const second = await grow(join(directory, 'ledger'), 300, 400);
  assert.equal((await run('verify', 'ledger', '--witness', witnessKey, '--witnesses-min', '1')).code, 1, 'the newer one is not cosigned');
  const lines = formatNote({ text, signatures: [cosignature(second, 1_790_000_060)] }).split('\n\n')[1]!;
  writeFileSync(join(directory, 'lines'), lines);
  assert.match((await run('cosign', 'ledger', 'lines', '--witness', witnessKey)).out, /^cosigned ledger\.example\/tests, 400 receipts: witness\.example at 2026-09-21T14:14:20\.000Z\n {2}served as cosigned-checkpoint and as checkpoint\n$/);
  writeFileSync(join(directory, 'stale'), formatNote({ text, signatures: [cosignature(first)] }));
  const stale = await run('cosign', 'ledger', 'stale', '--witness', witnessKey);
  assert.deepEqual([stale.code, /none that this ledger published lately.*\(unknown-checkpoint\)/.test(stale.err)], [1, true], stale.err);
  writeFileSync(join(directory, 'key'), `${witnessKey}\n`);
  for (const [note, pattern] of [['ledger/vkeys', /\(bad-note\)/], ['nothing', /\(file-unusable\)/]] as const) assert.match((await run('cosign', 'ledger', note, '--witness', 'key')).err, pattern);
  const stranger = await run('cosign', 'ledger', 'lines', '--witness', formatVerifierKey(verifierKeyOf(signingKey({ name: 'other.example', seed: Buffer.alloc(32, 3), type: signatureTypes.cosignature }))));
  assert.match(stranger.err, /\(unknown-witness\)/);
});

test('a proof is of the newest tree, the cosigned one, one of a size, or one that was kept', async (t) => {
  const { directory, run, checkpoints: [first = ''] } = await ledger(t);
  writeFileSync(join(directory, 'kept'), first);
  writeFileSync(join(directory, 'note'), formatNote({ text: parseNote(first).text, signatures: [...parseNote(first).signatures, cosignature(first)] }));
  assert.equal((await run('cosign', 'ledger', 'note', '--witness', witnessKey)).code, 0);
  cpSync(join(directory, 'ledger'), join(directory, 'other'), { recursive: true });
  const middle = await grow(join(directory, 'ledger'), 300, 400);
  writeFileSync(join(directory, 'middle'), middle);
  await grow(join(directory, 'ledger'), 400, 700);
  const key = parseVerifierKey(readFileSync(join(directory, 'ledger/vkeys'), 'utf8').trim());
  const sizeOf = async (...choice: string[]): Promise<number> => {
    const { code, err } = await run('show', 'ledger', 'receipt-123', '--proof', 'p', '--entry', 'e', ...choice);
    assert.equal(code, 0, err);
    const proof = readFileSync(join(directory, 'p'), 'utf8');
    const verdict = verifyProof(proof, { entry: readFileSync(join(directory, 'e')), keys: [key], origin });
    assert.equal(verdict.ok, true);
    return Number(parseNote(parseProof(proof).checkpoint).text.split('\n')[1]);
  };
  assert.equal(await sizeOf(), 700);
  assert.equal(await sizeOf('--size', '700'), 700);
  assert.equal(await sizeOf('--size', '300'), 300);
  assert.equal(await sizeOf('--cosigned'), 300);
  assert.match(readFileSync(join(directory, 'p'), 'utf8'), /\u2014 witness\.example /);
  assert.equal(await sizeOf('--checkpoint', 'middle'), 400);
  const refused = async (pattern: RegExp, ...args: string[]): Promise<void> => {
    const { code, err } = await run('show', ...args);
    assert.deepEqual([code, pattern.test(err)], [1, true], err);
  };
  await refused(/serves a checkpoint of 700 and, cosigned, 300 receipts, none of 350.*--checkpoint FILE \(no-such-checkpoint\)/, 'ledger', '3', '--proof', 'p', '--size', '350');
  await refused(/the tree of 300 receipts does not have receipt 650 \(no-such-receipt\)/, 'ledger', '650', '--proof', 'p', '--cosigned');
  await refused(/kept.*bad-|\(file-unusable\)|\(bad-note\)/, 'ledger', '3', '--proof', 'p', '--checkpoint', 'ledger/vkeys');
  // The same log, which went on otherwise.
  const fork = await grow(join(directory, 'other'), 1_000, 1_200);
  writeFileSync(join(directory, 'fork'), fork);
  await refused(/fork is no beginning of this log.*\(log-forked\)/, 'ledger', '3', '--proof', 'p', '--checkpoint', 'fork');
  await refused(/middle is of 400 receipts|log-forked|no beginning/, 'other', '3', '--proof', 'p', '--checkpoint', 'middle');
  rmSync(join(directory, 'ledger/cosigned-checkpoint'));
  await refused(/no witness has cosigned.*\(no-such-checkpoint\)/, 'ledger', '3', '--proof', 'p', '--cosigned');
  const usage = await run('show', 'ledger', '3', '--size', '700');
  assert.deepEqual([usage.code, /say where that goes, --proof FILE/.test(usage.err)], [2, true]);
  assert.equal((await ended(startFlyball(t, directory, 'ledger', 'show', 'ledger', '3', '--proof', 'no/such/folder/p'))).code, 1);
});
