import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ledgerProblems, nodeConfiguration, START_OPTIONS } from '../src/config.ts';
import { UsageError } from '../src/errors.ts';
import { ctlHelp, startHelp } from '../src/help.ts';
import { nearestName } from '../src/nearest-name.ts';
import { dashes, parseStart } from '../src/options.ts';

const problemsOf = (...args: string[]): readonly string[] => {
  try {
    parseStart(args);
    return [];
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.problems;
  }
};

test('without arguments every option has its default', () => {
  const { values } = parseStart([]);
  assert.deepEqual([values.port, values.host, values.shards, values.name], [8080, '127.0.0.1', 1, 'flyball']);
  assert.deepEqual([values.application, values.documents, values.allowPublic], [[], [], false]);
});

test('+S takes erl\'s forms; the schedulers online are those that run', () => {
  const shards = (...args: string[]): number => parseStart(args).values.shards;
  assert.equal(shards('+S', '2'), 2);
  assert.equal(shards('+S', '2:2'), 2);
  assert.equal(shards('+S', '4:1'), 1);
  assert.equal(shards('+S3'), 3);
  assert.deepEqual(problemsOf('+S', '1:2'), ['+S cannot be "1:2"; allowed: a whole number from 1 to 256, or n:n.']);
  assert.match(problemsOf('+S')[0] ?? '', /\+S needs a value/);
  assert.match(problemsOf('+A', '5')[0] ?? '', /There is no option \+A/);
});

test('options go on in any order, with = too; lists repeat, of single values the last counts', () => {
  const { values } = parseStart(['--port=1', '--documents', 'a', '+S', '2', '--documents', 'b', '--port', '9_000', '--allow-public']);
  assert.deepEqual([values.port, values.documents, values.shards, values.allowPublic], [9_000, ['a', 'b'], 2, true]);
});

test('every problem is named at once: what, where, and what is allowed', () => {
  assert.deepEqual(problemsOf('--prot', '1', '--mode', 'fast', '--port', '65536', '--request-timeout-ms', '1.5', '--allow-public=yes', '--allow-origin', 'example.com'), [
    'There is no option --prot; did you mean --port?',
    '--allow-public takes no value; it got "yes".',
    '--port cannot be "65536"; allowed: a whole number from 0 to 65535.',
    '--mode cannot be "fast"; allowed: production or development.',
    '--request-timeout-ms cannot be "1.5"; allowed: a whole number from 1 to 86400000 ms.',
    '--allow-origin cannot be "example.com"; allowed: an origin such as https://example.com.',
  ]);
});

test('an option followed by another option has no value; a stray word is refused', () => {
  assert.deepEqual(problemsOf('--documents', '--port', '1'), ['--documents needs a value: a folder or file that exists.']);
  assert.match(problemsOf('docs')[0] ?? '', /"docs" is none/);
});

test('--help wins over what is wrong beside it', () => {
  assert.equal(parseStart(['--nonsense', '--help']).help, true);
  assert.equal(parseStart(['-h']).help, true);
});

test('the offset moves the port, but not a port the system chooses', () => {
  const port = (...args: string[]): number => nodeConfiguration(parseStart(args).values).httpPort;
  assert.equal(port('--port-offset', '100'), 8_180);
  assert.equal(port('--port-offset', '100', '--port', '0'), 0);
});

test('without --ledger there is none, and what says something of one is refused', () => {
  const values = (...args: string[]) => parseStart(args).values;
  assert.equal(nodeConfiguration(values()).ledger, undefined);
  assert.deepEqual(nodeConfiguration(values('--ledger', '/l', '--ledger-origin', 'ledger.example/n', '--ledger-publish-every-ms', '50', '--ledger-public')).ledger, { folder: '/l', origin: 'ledger.example/n', mustExist: false, witnesses: [], publishEveryMs: 50, isPublic: true });
  assert.deepEqual(ledgerProblems(values('--ledger-public', '--ledger-origin', 'o')), ['--ledger-origin needs --ledger FOLDER: without it the node keeps no receipts.', '--ledger-public needs --ledger FOLDER: without it the node keeps no receipts.']);
  assert.throws(() => values('--ledger-origin', 'a b'), /--ledger-origin cannot be "a b"/);
  assert.throws(() => values('--ledger-witness', 'key'), /--ledger-witness cannot be "key"; allowed: a verifier key/);
});

test('the help names every option and every command', () => {
  const help = startHelp();
  for (const { name } of Object.values(START_OPTIONS)) assert.ok(help.includes(dashes(name)), name);
  assert.match(help, /--request-timeout-ms N .*default 5000 ms; 1 to 86400000/);
  for (const command of ['status', 'tree', 'load', 'hand-over', 'kill', 'stop']) assert.match(ctlHelp(), new RegExp(`^  ${command}`, 'm'));
});

test('the nearest name is near', () => {
  assert.equal(nearestName('hand-ovr', ['hand-over', 'kill']), 'hand-over');
  assert.equal(nearestName('zzz', ['hand-over', 'kill']), undefined);
  assert.equal(nearestName('', ['kill']), undefined);
});
