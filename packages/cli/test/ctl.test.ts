import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCtl } from '../src/ctl.ts';
import { UsageError } from '../src/errors.ts';

const requestOf = (...args: string[]): unknown => {
  const parsed = parseCtl(args, '/here');
  assert.ok(typeof parsed !== 'string');
  return parsed.request;
};

test('each command becomes one request', () => {
  assert.deepEqual(requestOf('status'), { method: 'status', params: {} });
  assert.deepEqual(requestOf('load', 'documents', './v2', '--version', '2'), { method: 'load', params: { application: 'documents', directory: '/here/v2', version: '2' } });
  assert.deepEqual(requestOf('load', 'documents', '/v3'), { method: 'load', params: { application: 'documents', directory: '/v3' } });
  assert.deepEqual(requestOf('kill', '<0.1.42>'), { method: 'kill', params: { target: '<0.1.42>' } });
  assert.deepEqual(requestOf('kill', 'visits', '--shard', '1'), { method: 'kill', params: { target: 'visits', shard: 1 } });
  assert.deepEqual(requestOf('call', 'visits', 'add', '5'), { method: 'call', params: { target: 'visits', name: 'add', body: 5 } });
  assert.deepEqual(requestOf('ledger', 'rotate-key'), { method: 'ledger', params: { what: 'rotateKey' } });
  assert.deepEqual(requestOf('ledger', 'prune', '512'), { method: 'ledger', params: { what: 'prune', argument: 512 } });
  assert.deepEqual(requestOf('ledger', 'cosign', 'note.txt'), { method: 'ledger', params: { what: 'cosign', file: '/here/note.txt' } });
  assert.deepEqual(requestOf('stop'), { method: 'stop', params: {}, untilClosed: true });
});

test('options may stand before the command, of every command', () => {
  const parsed = parseCtl(['--name', 'shop', '--json', 'tree', '--all'], '/');
  assert.ok(typeof parsed !== 'string');
  assert.deepEqual(parsed.values, { name: 'shop', json: true, all: true });
});

test('help of ctl, and of each command', () => {
  assert.match(String(parseCtl(['--help'], '/')), /^flyball ctl <command>/);
  assert.match(String(parseCtl(['load', '--help'], '/')), /^flyball ctl load APPLICATION DIR: /);
  const ledger = String(parseCtl(['ledger', '--help'], '/'));
  for (const command of ['status', 'publish', 'keys', 'rotate-key', 'retire-key VKEY', 'prune INDEX', 'cosign FILE']) assert.match(ledger, new RegExp(`^ {2}${command} +\\S`, 'm'));
  const widest = Math.max(...[ledger, String(parseCtl(['--help'], '/'))].flatMap((help) => help.split('\n')).map(({ length }) => length));
  assert.ok(widest <= 120, `a line of ${widest} characters`);
});

test('what cannot be understood says what is allowed', () => {
  const cases: [string[], RegExp][] = [
    [[], /needs a command: status, tree, load, hand-over/],
    [['handover'], /did you mean "ctl hand-over"/],
    [['constructor'], /There is no command "ctl constructor"; there are/],
    [['kill'], /takes PID\|NAME; it got 0/],
    [['status', 'now'], /takes no arguments; it got 1/],
    [['status', '--all'], /no option --all/],
    [['ledger'], /takes COMMAND \[ARGUMENT\]; it got 0/],
    [['ledger', 'constructor'], /no command "constructor"; there are status, publish/],
    [['ledger', 'keys', 'x'], /takes no argument/],
    [['ledger', 'retire-key'], /needs its argument: retire-key VKEY\./],
    [['ledger', 'prune', 'all'], /takes the index of the first receipt to keep, not "all"/],
    [['call', 'visits', 'add', '{'], /must be JSON/],
    [['kill', 'a', '--shard', 'x'], /--shard cannot be "x"/],
  ];
  for (const [args, pattern] of cases) {
    assert.throws(() => parseCtl(args, '/'), (error) => error instanceof UsageError && pattern.test(error.message), args.join(' '));
  }
});
