import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type ApplicationFolderError, findApplication } from '../../src/shard/application-source.ts';

function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'fb-app-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

test('package.json names the application, its version and its entry', (t) => {
  const directory = folder(t, { 'package.json': '{"name":"@acme/shop","version":"1.2.3","flyball":{"application":"./src/main.ts"}}', 'src/main.ts': '' });
  assert.deepEqual(findApplication(directory), { name: 'shop', version: '1.2.3', directory, entry: 'src/main.ts' });
});

test('what is given goes before what package.json says', (t) => {
  const directory = folder(t, { 'package.json': '{"name":"shop","version":"1.2.3"}', 'server.ts': '' });
  assert.deepEqual(findApplication(directory, { name: 'store', version: '2' }), { name: 'store', version: '2', directory, entry: 'server.ts' });
});

test('without package.json: the folder\'s name, and the first entry of the list', (t) => {
  const directory = folder(t, { 'application.ts': '', 'server.ts': '' });
  const { name, version, entry } = findApplication(directory);
  assert.deepEqual([name, version, entry], [directory.split('/').at(-1), '0.0.0', 'application.ts']);
});

const refused: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
  ['an empty folder', {}, /holds no application: it needs a module that exports one \(application\.ts/],
  ['an entry that does not exist', { 'package.json': '{"flyball":{"application":"./gone.ts"}}' }, /flyball\.application names \.\/gone\.ts, which does not exist/],
  ['a package.json that is not JSON', { 'package.json': '{', 'server.ts': '' }, /package\.json is not JSON/],
];

for (const [what, files, message] of refused) {
  test(`${what} is refused, saying what and where`, (t) => {
    const directory = folder(t, files);
    assert.throws(() => findApplication(directory), (error: ApplicationFolderError) => error.code === 'application-not-found' && error.message.includes(directory) && message.test(error.message));
  });
}
