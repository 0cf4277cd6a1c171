import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { prepareRuntimeDirectory, removeStaleSockets, runtimeDirectoryPath } from '@flyball/release';

const userId = process.getuid?.() ?? 0;

function scratch(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'run-'));
  t.after(() => rmSync(root, { recursive: true }));
  return root;
}

test('the path is under XDG_RUNTIME_DIR, else under the temporary directory with the user in it', () => {
  const base = { name: 'shop', temporaryRoot: '/tmp', userId: 7 };
  assert.equal(runtimeDirectoryPath({ ...base, runtimeRoot: '/run/user/7' }), '/run/user/7/flyball/shop');
  assert.equal(runtimeDirectoryPath({ ...base, runtimeRoot: undefined }), '/tmp/flyball-7/shop');
  assert.equal(runtimeDirectoryPath({ ...base, runtimeRoot: '' }), '/tmp/flyball-7/shop');
});

test('a name that would leave the directory, or paths too long for a socket, are refused', () => {
  const base = { runtimeRoot: undefined, temporaryRoot: '/tmp', userId: 0 };
  for (const name of ['..', '', 'a/b', '.hidden', 'x'.repeat(65)]) {
    assert.throws(() => runtimeDirectoryPath({ ...base, name }), { code: 'name-invalid' }, name);
  }
  assert.throws(() => runtimeDirectoryPath({ ...base, name: 'x', runtimeRoot: `/${'long'.repeat(30)}` }), { code: 'socket-path-too-long' });
});

test('both levels are made with mode 0700 whatever the umask; a second start finds them good', (t) => {
  const path = join(scratch(t), 'flyball', 'shop');
  const umask = process.umask(0o077 ^ 0o777);
  try {
    prepareRuntimeDirectory(path, userId);
  } finally {
    process.umask(umask);
  }
  prepareRuntimeDirectory(path, userId);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
});

test('a directory that others can enter, a link and another user\'s directory are refused', (t) => {
  const root = scratch(t);
  const open = join(root, 'open');
  mkdirSync(open);
  chmodSync(open, 0o755);
  assert.throws(() => prepareRuntimeDirectory(join(open, 'shop'), userId), { code: 'runtime-directory-unsafe', message: /mode 0755 instead of 0700/ });
  symlinkSync(scratch(t), join(root, 'link'));
  assert.throws(() => prepareRuntimeDirectory(join(root, 'link', 'shop'), userId), { code: 'runtime-directory-unsafe', message: /not a directory/ });
  assert.throws(() => prepareRuntimeDirectory(join(root, 'new', 'shop'), userId + 1), { code: 'runtime-directory-unsafe', message: /belongs to user/ });
});

test('only the sockets of shards are removed', (t) => {
  const root = scratch(t);
  const files = ['s0g1.dist.sock', 's12g345.http.sock', 'control.sock', 'notes.txt'];
  for (const file of files) writeFileSync(join(root, file), '');
  removeStaleSockets(root);
  assert.deepEqual(files.filter((file) => existsSync(join(root, file))), ['control.sock', 'notes.txt']);
});
