import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBanner, startAdvice } from '../../src/commands/banner.ts';
import { formatCall, formatHandOver, formatKill, formatLoad, formatPeers } from '../../src/commands/change-texts.ts';
import { formatLedger } from '../../src/commands/ctl-ledger.ts';
import { formatStatus } from '../../src/commands/status.ts';
import { duration, plural, table } from '../../src/commands/text.ts';
import { formatTree } from '../../src/commands/tree.ts';

test('durations have two units at most', () => {
  assert.deepEqual([0, 999, 3_400, 302_000, 5_400_000, 97_200_000].map(duration), ['0 ms', '999 ms', '3.4 s', '5 min 2 s', '1 h 30 min', '1 d 3 h']);
  assert.deepEqual([plural(1, 'shard'), plural(2, 'shard')], ['1 shard', '2 shards']);
});

test('a table pads its columns and leaves no space at the end of a line', () => {
  assert.equal(table([['A', 'LONG'], ['wide', 'x']]), 'A     LONG\nwide  x\n');
});

test('the tree draws each shard, with names, pids, kinds and facts', () => {
  const tree = { name: 'documents', pid: '<0.1.1>', kind: 'supervisor', facts: { strategy: 'one_for_one' }, children: [{ name: 'a', pid: '<0.1.2>', children: [{ pid: '<0.1.9>' }] }, { name: 'b' }] };
  const result = { shards: [{ shard: 0, generation: 1, tree }, { shard: 1, generation: 2, error: { code: 'shard-timeout', message: 'it did not answer' } }] };
  assert.equal(
    formatTree(result, false),
    `shard 0 (generation 1)
└─ documents  <0.1.1>  supervisor  (strategy one_for_one)
   ├─ a  <0.1.2>
   │  └─ <0.1.9>
   └─ b
shard 1 (generation 2)
└─ no answer: it did not answer
`,
  );
});

test('a large supervisor shows its first children and how many there are, with --all every one', () => {
  const children = Array.from({ length: 30 }, (_, index) => ({ name: `c${index}` }));
  const result = { shards: [{ shard: 0, generation: 1, tree: [{ name: 'sessions', children, more: 5 }] }] };
  assert.match(formatTree(result, false), /c19\n {3}└─ … 15 more \(--all\)\n$/);
  assert.match(formatTree(result, true), /c29\n {3}└─ … 5 more\n$/);
});

test('status shows shards, listeners, loads, and a shard that does not answer', () => {
  const text = formatStatus({
    node: 'flyball', pid: 10, phase: 'serving', uptimeMs: 61_000, shards: 2, restarts: 1,
    listening: [{ name: 'http', url: 'http://127.0.0.1:8080/' }],
    processes: [{ shard: 0, generation: 1, role: 'current', pid: 11, ageMs: 60_000, sinceBeatMs: 20 }, { shard: 1, generation: 3, role: 'starting', ageMs: 5, sinceBeatMs: 5 }],
    handOver: { shard: 1, phase: 'starting' },
    loaded: [{ application: 'documents', directory: '/v2', version: '2' }],
    kernels: [{ shard: 0, status: { processes: 12, lingering: [], named: ['a', 'b'], applications: [{ application: 'documents', version: '2', directory: '/v2', running: true }] } }, { shard: 1, error: { message: 'The shard has exited.' } }],
  });
  assert.equal(
    text,
    `flyball is serving, up 1 min 1 s: 2 shards, 1 restart, heart's pid 10
a hand-over is at shard 1 (starting)

SHARD  GENERATION  ROLE      PID  AGE        LAST BEAT
0      1           current   11   1 min 0 s  20 ms ago
1      3           starting  -    5 ms       5 ms ago

shard 0: processes 12, named a b
shard 1: The shard has exited.

APPLICATION  VERSION  SHARD  RUNNING  FROM
documents    2        0      yes      /v2

LISTENER  URL
http      http://127.0.0.1:8080/

LOADED     VERSION  FROM
documents  2        /v2
`,
  );
});

test('status says where the ledger is, or why it cannot be had', () => {
  const status = (...kernels: readonly unknown[]): string => formatStatus({
    node: 'flyball', pid: 10, phase: 'serving', uptimeMs: 1, shards: 1, restarts: 0, processes: [], handOver: null, loaded: [],
    listening: [{ name: 'ledger', url: 'http://127.0.0.1:8080/ledger/checkpoint' }],
    kernels: kernels.map((ledger, shard) => ({ shard, status: { processes: 1, ...(ledger !== undefined && { ledger }) } })),
  });
  const owner = { folder: '/srv/ledger', origin: 'ledger.example/node', size: 7, publishedSize: 6, journalBytes: 8, shard: 0, generation: 1 };
  assert.match(status(owner, undefined), /\nledger: ledger\.example\/node, 7 receipts \(6 published\) in \/srv\/ledger, written by shard 0\n/);
  assert.match(status({ problem: 'no key (key-lost)' }, { problem: 'no key (key-lost)' }), /\nledger: UNAVAILABLE, no key \(key-lost\)\n/);
  assert.match(status(undefined), /\nledger: being opened\n/);
  assert.doesNotMatch(status(owner), /shard 0: .*folder/);
});

test('answers of the ledger as text', () => {
  const format = (verb: string, result: unknown): string => formatLedger(result, {}, [verb]);
  assert.equal(format('keys', ['a+1+x', 'a+2+y']), 'a+1+x\na+2+y\n');
  assert.equal(format('publish', { size: 1, note: '' }), 'published: the checkpoint covers 1 receipt\n');
  assert.equal(format('prune', 256), 'pruned: receipts from 256 on are kept\n');
  assert.match(format('status', { folder: '/l', origin: 'o', size: 2, publishedSize: 1, journalBytes: 8, shard: 0, generation: 3 }), /^log +o\nfolder +\/l\nreceipts +2, 1 published\n/);
});

test('what changed a node says what it did', () => {
  assert.equal(
    formatHandOver({ durationMs: 350, shards: [{ shard: 0, from: 1, to: 2, startMs: 150, drainMs: 200, end: 'drained' }] }),
    'handed over 1 shard in 350 ms\nSHARD  GENERATION  START   DRAIN   OLD PROCESS\n0      1 → 2       150 ms  200 ms  drained\n',
  );
  assert.equal(
    formatLoad({ application: 'shop', directory: '/v2', version: 2, shards: [{ shard: 0, report: { modules: 2 } }, { shard: 1, restarted: { code: 'code-change-failed', message: 'codeChange threw' } }] }),
    'loaded shop 2 from /v2\nshard 0: modules 2\nshard 1: restarted to boot with it, because codeChange threw (code-change-failed)\n',
  );
  assert.equal(formatKill({ killed: '<0.1.7>' }), 'killed <0.1.7>\n');
  assert.equal(formatKill(null), 'killed\n');
  assert.equal(formatCall({ reply: [1] }), '{\n  "reply": [\n    1\n  ]\n}\n');
  assert.match(formatPeers({ peers: [{ shard: 0, generation: 1, role: 'current', distribution: '/d', http: '/h' }] }), /0 {6}1 {11}current {2}\/d/);
});

const FACTS = { version: '0.1.0', name: 'flyball', pid: 7, shards: 1, nodeVersion: '24.21.0', listening: [{ name: 'http', url: 'http://0.0.0.0:8080/' }] };

test('the banner says what listens where and what to try, with addresses that can be asked', () => {
  const text = formatBanner(FACTS);
  assert.match(text, /^flyball 0\.1\.0: node flyball, pid 7, 1 shard, Node 24\.21\.0\n\nListening\n {2}http {2}http:\/\/0\.0\.0\.0:8080\/\n/);
  assert.match(text, /point any MCP client at http:\/\/127\.0\.0\.1:8080\/mcp\n/);
  assert.match(text, /npx flyball ctl tree/);
  const body = /-d '(.*)'/.exec(text)?.[1] ?? '';
  assert.equal((JSON.parse(body) as { method: string }).method, 'initialize');
  assert.ok([...text].every((character) => character === '\n' || character >= ' '), 'no control characters');
});

test('a node of another name is addressed by it; without an HTTP listener no client is pointed anywhere', () => {
  assert.match(formatBanner({ ...FACTS, name: 'shop' }), /npx flyball ctl --name shop tree/);
  assert.doesNotMatch(formatBanner({ ...FACTS, listening: [] }), /curl/);
});

test('the banner names a ledger, and the command that verifies it', () => {
  const text = formatBanner({ ...FACTS, listening: [{ name: 'ledger', url: 'http://0.0.0.0:8080/ledger/checkpoint' }], ledger: { folder: '/srv/ledger', origin: 'ledger.example/node', size: 1 } });
  assert.match(text, /\nLedger\n {2}folder {2}\/srv\/ledger\n {2}log {5}ledger\.example\/node, 1 receipt\n {2}verify {2}npx flyball ledger verify http:\/\/127\.0\.0\.1:8080\/ledger\/\n\nTry next/);
});

test('a ledger that keeps a node from starting comes with what to do', () => {
  assert.match(startAdvice('journal-damaged', 1, '/l'), /flyball ledger fsck \/l\n[^]*flyball ledger fsck \/l --repair\n/);
  assert.match(startAdvice('ledger-locked', 1, '/l'), /fuser \/l\/state\/lock/);
  assert.equal(startAdvice('bad-key', 1, '/l'), '', 'it may be a witness\'s');
  assert.match(startAdvice('key-lost', 1, '/l'), /cp -p BACKUP-OF-KEYS\/\* \/l\/keys\/\n/);
  assert.match(startAdvice('bad-state', 1, "/it's here"), /flyball ledger fsck '\/it'\\''s here' --repair\n/, 'can be pasted');
  assert.equal(startAdvice('disk-read-only', 1, '/l'), '', 'its message says it');
});

test('a taken port comes with who to ask and what else to do', () => {
  assert.match(startAdvice('address-in-use', 8_080), /sport = :8080[^]*--port 8081/);
  assert.equal(startAdvice('permission-denied', 80), '');
});
