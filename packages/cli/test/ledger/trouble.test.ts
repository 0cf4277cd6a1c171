// Every command on everything that an operator in trouble may point it at: an exit code, one line that says what is
// wrong and where, a code, and never a stack.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openWriter } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { UsageError } from '../../src/errors.ts';
import { runLedger } from '../../src/ledger/ledger.ts';
import { temporaryFolder, type Ended } from './run-flyball.ts';

/** Within this process: a bug rejects. A wrong command line is told as main.ts tells it. */
async function run(directory: string, ...args: string[]): Promise<Ended> {
  const text = { out: '', err: '' };
  const output = { out: (more: string) => void (text.out += more), err: (more: string) => void (text.err += more) };
  const environment = { runtimeRoot: undefined, temporaryRoot: directory, userId: 0, directory, hostName: 'test', variables: {} };
  try {
    return { code: await runLedger(args, environment, output), ...text };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { code: 2, out: text.out, err: error.problems.join('\n') };
  }
}

async function ledger(t: TestContext): Promise<string> {
  const directory = temporaryFolder(t);
  const writer = await openWriter({ folder: join(directory, 'ledger'), origin });
  await Promise.all(Array.from({ length: 600 }, (_, at) => writer.append(draft(at))));
  await writer.close();
  return directory;
}

const reading: readonly (readonly string[])[] = [['verify', 'T'], ['show', 'T', '300'], ['show', 'T', 'receipt-300'], ['tail', 'T', '--lines', '1000'], ['query', 'T'], ['query', 'T', '--newest', '--no-index'], ['stats', 'T'], ['keys', 'T'], ['export', 'T', 'out'], ['import', 'T', 'in']];
const changing: readonly (readonly string[])[] = [['fsck', 'T'], ['keys', 'T', '--rotate'], ['prune', 'T', '--minimum-index', '512', '--without-export'], ['cosign', 'T', 'note', '--witness', 'w.example+00000000+AAAA']];
const all = [...reading, ...changing];

/** Each is refused: 2 for those that judge, 1 for the others. */
async function refused(directory: string, target: string, commands: readonly (readonly string[])[], pattern: RegExp): Promise<void> {
  for (const command of commands) {
    const args = command.map((part) => (part === 'T' ? target : part));
    const { code, out, err } = await run(directory, ...args);
    const judges = args[0] === 'verify' || args[0] === 'fsck';
    assert.equal(code, judges ? 2 : 1, `${args.join(' ')}: ${out}${err}`);
    const said = args[0] === 'verify' ? out : err;
    assert.match(said, /^[^\n]+\n$/, args.join(' '));
    assert.match(said, pattern, args.join(' '));
    if (args[0] !== 'verify') assert.match(said, /\([a-z]+(?:-[a-z]+)+\)\n$/);
    assert.equal(existsSync(join(directory, 'in/checkpoint')), false);
    rmSync(join(directory, 'in'), { recursive: true, force: true });
  }
}

test('no folder, an empty one, one of something else, a file, what is left of a ledger', async (t) => {
  const directory = await ledger(t);
  mkdirSync(join(directory, 'empty'));
  mkdirSync(join(directory, 'else'));
  writeFileSync(join(directory, 'else/readme'), 'nothing of a log\n');
  writeFileSync(join(directory, 'file'), 'x');
  writeFileSync(join(directory, 'long'), 'no tar at all\n'.repeat(1_000));
  mkdirSync(join(directory, 'left/state'), { recursive: true });
  for (const target of ['nowhere', 'empty', 'else', 'file', 'long']) await refused(directory, target, all, new RegExp(`${target}.*(?:no such folder|no log in there|holds no ledger|is no tar)`));
  await refused(directory, 'left', reading, /left: no log in there/);
  assert.deepEqual(['nowhere', 'out', 'in'].filter((name) => existsSync(join(directory, name))), []);
});

test('archives that are cut, in the middle or at the start, and an empty one', async (t) => {
  const directory = await ledger(t);
  execFileSync('tar', ['-cf', 'good.tar', '--exclude=ledger/state', '--exclude=ledger/keys', 'ledger'], { cwd: directory });
  execFileSync('tar', ['-czf', 'good.tgz', '--exclude=ledger/state', '--exclude=ledger/keys', 'ledger'], { cwd: directory });
  for (const [name, length] of [['good.tar', 60_000], ['good.tgz', 20_000]] as const) writeFileSync(join(directory, `cut-${name}`), readFileSync(join(directory, name)).subarray(0, length));
  writeFileSync(join(directory, 'zero.tar'), '');
  await refused(directory, 'cut-good.tar', reading, /cut-good\.tar is cut off: ledger\/tile\/entries\/\S+ is not complete/);
  await refused(directory, 'cut-good.tgz', reading, /cut-good\.tgz cannot be decompressed .*: unexpected end of file/);
  await refused(directory, 'zero.tar', reading, /zero\.tar.*(?:no log in there|no tar)/);
});

test('a log of which something is broken: the file is named', async (t) => {
  const directory = await ledger(t);
  const spoil = (name: string, act: (folder: string) => void): string => {
    cpSync(join(directory, 'ledger'), join(directory, name), { recursive: true });
    act(join(directory, name));
    return name;
  };
  const commands = reading.filter(([name]) => name !== 'verify' && name !== 'keys');
  await refused(directory, spoil('garbage', (folder) => writeFileSync(join(folder, 'checkpoint'), 'garbage')), commands, /garbage\/checkpoint: .*\(bad-note\)/);
  await refused(directory, spoil('keyless', (folder) => writeFileSync(join(folder, 'vkeys'), 'nonsense\n')), commands, /vkeys: not a verifier key/);
  await refused(directory, spoil('lost', (folder) => rmSync(join(folder, 'tile/entries/001'))), commands, /tile\/entries\/001/);
  await refused(directory, spoil('cut', (folder) => writeFileSync(join(folder, 'tile/entries/001'), readFileSync(join(folder, 'tile/entries/001')).subarray(0, 5_000))), commands, /entries\/001|was dropped/);
  for (const name of ['garbage', 'lost', 'cut']) assert.equal((await run(directory, 'verify', name)).code, 1, name);
});

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('addresses: nothing there, refused, broken, no log, no server, no address', async (t) => {
  const directory = await ledger(t);
  const commands = reading.filter(([, target]) => target === 'T').slice(0, 7);
  const answering = (answer: RequestListener): Promise<number> => listening(t, createServer(answer));
  const of = (port: number): string => `http://127.0.0.1:${port}/log`;
  const status = (code: number): Promise<number> => answering((_, response) => response.writeHead(code).end('no'));
  await refused(directory, of(await status(404)), commands, /no log there, it has no file named checkpoint/);
  await refused(directory, of(await status(403)), commands, /log\/checkpoint: the server answers 403/);
  await refused(directory, of(await status(500)), commands, /log\/checkpoint: the server answers 500/);
  await refused(directory, of(await answering((_, response) => response.end('<html>'))), commands, /vkeys: not a verifier key|checkpoint: no blank line/);
  await refused(directory, of(await answering((request) => request.socket.destroy())), commands, /the server cannot be reached/);
  await refused(directory, of(await answering((_, response) => response.writeHead(302, { location: '/again' }).end())), commands, /(?:answers 302|redirect)/);
  const gone = createServer();
  const port = await listening(t, gone);
  gone.close();
  await refused(directory, of(port), commands, /ECONNREFUSED/);
  await refused(directory, 'https://', all.slice(1, 7), /is no address/);
  await refused(directory, 's3://bucket/log', all.slice(1, 8), /flyball ledger import brings one here/);
});

const openssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

test('a certificate of one\'s own: what is wrong, and how its authority is named', { skip: openssl }, async (t) => {
  const directory = await ledger(t);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'certificate.pem', '-days', '1', '-subj', '/CN=localhost'], { cwd: directory, stdio: 'ignore' });
  const server = createTlsServer({ key: readFileSync(join(directory, 'key.pem')), cert: readFileSync(join(directory, 'certificate.pem')) }, (_, response) => response.end());
  await refused(directory, `https://127.0.0.1:${await listening(t, server)}/`, [['verify', 'T'], ['stats', 'T']], /self-signed certificate; if its authority is your own, name that by NODE_EXTRA_CA_CERTS=FILE/);
});

test('values that are none: limits, times, tenants, cursors, empty words', async (t) => {
  const directory = await ledger(t);
  const cases: [number, RegExp, ...string[]][] = [
    [2, /--limit cannot be "100000"; allowed: a whole number from 1 to 1000/, 'query', 'ledger', '--limit', '100000'],
    [2, /--lines cannot be "-1"|--lines needs a value|no option/, 'tail', 'ledger', '--lines', '-1'],
    [2, /--tenant cannot be ""; allowed: what is not empty/, 'query', 'ledger', '--tenant', ''],
    [1, /since must be a time in ISO 8601.*"2026-13-45" \(bad-query\)/, 'query', 'ledger', '--since', '2026-13-45'],
    [1, /until must be a time.*\(bad-query\)/, 'query', 'ledger', '--until', 'now'],
    [1, /the cursor "xx" is none of this query \(bad-query\)/, 'query', 'ledger', '--cursor', 'xx'],
    [2, /takes FOLDER\|ARCHIVE\|URL INDEX\|ID; one of them is empty/, 'show', 'ledger', ''],
    [1, /the log has no receipt 99999999999999999999 \(no-such-receipt\)/, 'show', 'ledger', '99999999999999999999'],
    [1, /the log has no receipt 600: it has 600 \(no-such-receipt\)/, 'show', 'ledger', '600'],
    [1, /the log has no receipt receipt-3 of nobody \(no-such-receipt\)/, 'show', 'ledger', 'receipt-3', '--tenant', 'nobody'],
    [2, /unusable|\(file-unusable\)/, 'verify', 'ledger', '--since', 'nothing'],
    [1, /holds a log already.*\(import-refused\)/, 'import', 'ledger', 'ledger'],
    [1, /\(key-lost\)/, 'import', 'ledger', 'new', '--signing-keys', 'none'],
    [1, /ftp:\/\/elsewhere.*\(bad-store\)/, 'export', 'ledger', 'ftp://elsewhere/x'],
    [1, /\(unknown-key\)|\(bad-key\)/, 'keys', 'ledger', '--retire', 'nonsense'],
    [2, /There is no command "ledger verfy"; did you mean "ledger verify"\?/, 'verfy', 'ledger'],
    [2, /There is no option --tennant; did you mean --tenant\?/, 'query', 'ledger', '--tennant', 'a'],
  ];
  for (const [code, pattern, ...args] of cases) {
    const ended = await run(directory, ...args);
    assert.equal(ended.code, code, `${args.join(' ')}: ${ended.out}${ended.err}`);
    assert.match(ended.out + ended.err, pattern, args.join(' '));
    assert.doesNotMatch(ended.err, /\n +at /);
  }
  const nobody = await run(directory, 'query', 'ledger', '--tenant', 'nobody');
  assert.deepEqual([nobody.code, nobody.out, nobody.err], [0, '', '0 receipts\n']);
});
