// What --json prints is a promise: the members that docs/reference/flyball-ledger.md lists, and no others.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cosignNote, formatNote, formatVerifierKey, openWriter, parseNote, signatureTypes, signingKey, verifierKeyOf } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { LEDGER_COMMANDS, type LedgerCommandName } from '../../src/ledger/ledger-options.ts';
import { flyball, temporaryFolder } from './run-flyball.ts';

const witness = signingKey({ name: 'witness.example', seed: Buffer.alloc(32, 9), type: signatureTypes.cosignature });

test('every command prints the members that are listed, each of them somewhere', async (t) => {
  const directory = temporaryFolder(t);
  const writer = await openWriter({ folder: join(directory, 'ledger'), origin });
  await Promise.all(Array.from({ length: 600 }, (_, at) => writer.append(draft(at))));
  await writer.publish();
  const { text, signatures } = parseNote(writer.published.note);
  await writer.close();
  writeFileSync(join(directory, 'note'), formatNote({ text, signatures: [...signatures, cosignNote(text, witness, { timestampS: 1_790_000_000 })] }));
  const runs: [LedgerCommandName, ...string[]][] = [
    ['cosign', 'ledger', 'note', '--witness', formatVerifierKey(verifierKeyOf(witness))],
    ['export', 'ledger', 'copies'], ['import', 'copies/ledger.example_2ftests', 'back'],
    ['verify', 'ledger'], ['verify', 'nowhere'], ['show', 'ledger', '3'], ['tail', 'ledger', '--lines', '1'], ['query', 'ledger', '--limit', '1'], ['query', 'ledger', '--limit', '1', '--newest', '--no-index'],
    ['stats', 'ledger'], ['keys', 'ledger'], ['fsck', 'ledger'], ['prune', 'ledger', '--minimum-index', '256', '--dry-run'], ['prune', 'ledger', '--minimum-index', '256', '--exported-to', 'copies'],
  ];
  const seen = new Map<string, Set<string>>();
  for (const [name, ...args] of runs) {
    const { out, err } = await flyball(t, directory, 'ledger', name, ...args, '--json');
    assert.equal(err, '', name);
    const members = Object.keys(JSON.parse(out) as object);
    const listed = Object.keys(LEDGER_COMMANDS[name].json);
    const isListed = (member: string): boolean => listed.includes(member) || listed.includes(`${member}?`);
    assert.deepEqual(members.filter((member) => !isListed(member)), [], `${name} prints what is not listed`);
    assert.deepEqual(listed.filter((member) => !member.endsWith('?') && !members.includes(member)), [], `${name} lists what it does not print`);
    seen.set(name, new Set([...(seen.get(name) ?? []), ...members]));
  }
  for (const [name, { json }] of Object.entries(LEDGER_COMMANDS)) {
    assert.deepEqual(Object.keys(json).map((member) => member.replace(/\?$/, '')).filter((member) => !seen.get(name)?.has(member)), [], `${name}: never seen`);
  }
});

test('an error with --json is one line on standard error, with code and message', async (t) => {
  const directory = temporaryFolder(t);
  for (const args of [['show', 'nowhere', '3'], ['stats', 'nowhere'], ['fsck', 'nowhere'], ['keys', 'nowhere', '--rotate'], ['prune', 'nowhere', '--minimum-index', '256', '--dry-run'], ['export', 'nowhere', 'copies'], ['import', 'nowhere', 'back']]) {
    const { code, out, err } = await flyball(t, directory, 'ledger', ...args, '--json');
    assert.equal(out, '');
    assert.equal(err.indexOf('\n'), err.length - 1, args.join(' '));
    const { error, ...rest } = JSON.parse(err);
    assert.deepEqual([error.code, typeof error.message, Object.keys(error), rest, code], ['bad-source', 'string', ['code', 'message'], {}, args[0] === 'fsck' ? 2 : 1]);
  }
});
