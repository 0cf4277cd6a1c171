import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readFolders } from '../src/folder.ts';
import type { Folder } from '../src/folder.ts';
import { folderSummary } from '../src/format.ts';
import { defaultRoots } from '../src/roots.ts';
import { search } from '../src/search.ts';
import { buildIndex } from '../src/text-index.ts';

const handbook = fileURLToPath(new URL('fixtures/handbook', import.meta.url));
const project = fileURLToPath(new URL('../../..', import.meta.url));
let base: string;
let root: string;
let count = 0;

before(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'flyball-documents-')));
});

beforeEach(async () => {
  count += 1;
  root = join(base, `root-${count}`);
  await mkdir(root);
});

after(() => rm(base, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, string | Uint8Array>>, folder = root): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

function paths({ documents }: Folder): string[] {
  return documents.map(({ path }) => path);
}

function reasons({ skipped }: Folder): Record<string, string> {
  return Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]));
}

describe('readFolders', () => {
  it('reads texts in any common encoding, with line ends made one', async () => {
    const folder = await readFolders([{ directory: handbook }]);
    assert.deepEqual(paths(folder), ['engine.md', 'guides/governor.md', 'guides/looms.rst', 'guides/water.adoc', 'notes/night.txt', 'notes/old.txt', 'notes/wide.txt']);
    const texts = Object.fromEntries(folder.documents.map(({ path, text }) => [path, text]));
    assert.equal(texts['notes/old.txt'], 'Le métier à tisser est arrêté.\n');
    assert.equal(texts['notes/wide.txt'], 'Utf sixteen governor\n');
    assert.ok(!texts['notes/night.txt']?.includes('\r') && texts['notes/night.txt']?.startsWith('Night log\n\nThe'));
    assert.deepEqual(reasons(folder), { 'notes/photo.png': 'other-type', 'notes/picture.txt': 'binary' });
    assert.match(folderSummary(folder), /^7 documents, 0\.0 MB; skipped: 1 binary$/);
  });

  it('leaves out what is hidden, installed, of another type or oddly named', async () => {
    await put({ 'a.md': 'a', '.hidden.md': 'x', '.git/a.md': 'x', 'node_modules/p/README.md': 'x', 'b.bin': 'x', 'a\nb.md': 'x', 'LICENSE': 'l' });
    const folder = await readFolders([{ directory: root }]);
    assert.deepEqual(paths(folder), ['LICENSE', 'a.md']);
    assert.deepEqual(reasons(folder), { '.hidden.md': 'hidden', '.git': 'hidden', node_modules: 'ignored-directory', 'b.bin': 'other-type', 'a\nb.md': 'odd-name' });
  });

  it('follows links to files within the root and no others', async () => {
    const outside = join(base, `outside-${count}`);
    await put({ 'secret.md': 'secret' }, outside);
    // A sibling whose name begins like the root's is outside too.
    await put({ 'near.md': 'near' }, `${root}-twin`);
    await put({ 'real/a.md': 'a', '.hidden/b.md': 'hidden' });
    await symlink('real/a.md', join(root, 'inside.md'));
    await symlink(join(outside, 'secret.md'), join(root, 'out.md'));
    await symlink(join(`${root}-twin`, 'near.md'), join(root, 'twin.md'));
    await symlink(outside, join(root, 'out-folder'));
    await symlink('..', join(root, 'real', 'circle'));
    await symlink('real', join(root, 'folder'));
    await symlink('gone.md', join(root, 'broken.md'));
    await symlink('.hidden/b.md', join(root, 'unhide.md'));
    await symlink('out.md', join(root, 'two-steps.md'));
    const folder = await readFolders([{ directory: root }]);
    assert.deepEqual(paths(folder), ['inside.md', 'real/a.md']);
    assert.deepEqual(reasons(folder), {
      '.hidden': 'hidden', 'broken.md': 'broken-link', folder: 'linked-directory', 'out-folder': 'outside-root', 'out.md': 'outside-root', 'real/circle': 'linked-directory',
      'twin.md': 'outside-root', 'two-steps.md': 'outside-root', 'unhide.md': 'hidden',
    });
  });

  it('does not follow a circle of links within the root', async () => {
    await put({ 'a/b/c.md': 'c' });
    await symlink('../..', join(root, 'a', 'b', 'up'));
    await symlink('self', join(root, 'self'));
    const folder = await readFolders([{ directory: root }]);
    assert.deepEqual(paths(folder), ['a/b/c.md']);
    assert.deepEqual(reasons(folder), { 'a/b/up': 'linked-directory', self: 'broken-link' });
  });

  it('is not held up by a pipe', async () => {
    execFileSync('mkfifo', [join(root, 'pipe.md')]);
    await put({ 'a.md': 'a' });
    const folder = await readFolders([{ directory: root }, { file: join(root, 'a.md'), label: 'again.md' }]);
    assert.deepEqual([paths(folder), reasons(folder)], [['a.md', 'again.md'], { 'pipe.md': 'not-a-file' }]);
  });

  it('skips what it may not read', { skip: process.getuid?.() === 0 && 'root may read everything' }, async () => {
    await put({ 'a.md': 'a', 'closed/b.md': 'b' });
    await chmod(join(root, 'a.md'), 0);
    await chmod(join(root, 'closed'), 0);
    const folder = await readFolders([{ directory: root }]);
    await chmod(join(root, 'closed'), 0o700);
    assert.deepEqual([paths(folder), reasons(folder)], [[], { 'a.md': 'unreadable', closed: 'unreadable' }]);
  });

  it('keeps to each of its limits', async () => {
    await put({ 'a.md': 'x'.repeat(100), 'b.md': 'x'.repeat(101), 'c.md': 'x'.repeat(60), 'd.md': 'x'.repeat(60), 'deep/er/e.md': 'e', 'f.md': '', 'g.md': 'g' });
    const sizes = await readFolders([{ directory: root }], { limits: { fileBytesMax: 100, totalBytesMax: 200, depthMax: 2 } });
    assert.deepEqual(paths(sizes).slice(0, 2), ['a.md', 'c.md']);
    assert.ok(sizes.bytes <= 200);
    assert.deepEqual([reasons(sizes)['b.md'], reasons(sizes)['d.md'], reasons(sizes)['deep/er']], ['too-large', 'too-many-bytes', 'too-deep']);
    const files = await readFolders([{ directory: root }], { limits: { filesMax: 2 } });
    assert.deepEqual([paths(files), files.skippedCount['too-many-files']], [['a.md', 'b.md'], 5]);
  });

  it('counts all that it skips but lists only so many', async () => {
    await put(Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`${at}.png`, 'x'])));
    const folder = await readFolders([{ directory: root }]);
    assert.deepEqual([folder.skipped.length, folder.skippedCount], [100, { 'other-type': 130 }]);
  });

  it('joins several roots under their labels; the first of one path is taken', async () => {
    await put({ 'docs/a.md': 'a', 'README.md': 'r', 'packages/x/README.md': 'x', 'packages/x/other.md': 'o' });
    const folder = await readFolders([
      { directory: join(root, 'docs'), label: 'docs' },
      { file: join(root, 'README.md') },
      { file: join(root, 'docs/a.md'), label: 'docs/a.md' },
      { directory: join(root, 'packages'), label: 'packages', onlyNames: ['README.md'] },
      { directory: join(root, 'none'), optional: true },
    ]);
    assert.deepEqual(paths(folder), ['docs/a.md', 'README.md', 'packages/x/README.md']);
    assert.deepEqual(folder.skippedCount, { 'other-type': 1, 'missing-root': 1, 'duplicate-path': 1 });
  });

  it('rejects with a coded error for a root that is not what was said', async () => {
    await put({ 'a.md': 'a' });
    await assert.rejects(readFolders([{ directory: join(root, 'none') }]), { code: 'documents-root-missing', name: 'DocumentsError' });
    await assert.rejects(readFolders([{ directory: join(root, 'a.md') }]), { code: 'documents-root-wrong-kind' });
    await assert.rejects(readFolders([{ directory: join(root, 'a.md', 'b') }]), { code: 'documents-root-missing' });
    await assert.rejects(readFolders([{ file: root }]), { code: 'documents-root-wrong-kind' });
  });

  it('reads again only what changed and says whether anything did', async () => {
    await put({ 'a.md': 'a', 'b.md': 'b' });
    const first = await readFolders([{ directory: root }]);
    assert.equal(first.changed, true);
    const second = await readFolders([{ directory: root }], { previous: first.documents });
    assert.equal(second.changed, false);
    assert.ok(second.documents.every((document, at) => document === first.documents[at]));
    await put({ 'b.md': 'c' });
    await utimes(join(root, 'b.md'), 1, 1);
    const third = await readFolders([{ directory: root }], { previous: second.documents });
    assert.deepEqual([third.changed, third.documents[0] === first.documents[0], third.documents[1]?.text], [true, true, 'c']);
    await rm(join(root, 'a.md'));
    assert.equal((await readFolders([{ directory: root }], { previous: third.documents })).changed, true);
  });

  it('gives up when it is told to', async () => {
    await put({ 'a.md': 'a' });
    await assert.rejects(readFolders([{ directory: root }], { signal: AbortSignal.abort(new Error('killed')) }), /killed/);
  });
});

describe("the project's own documents", () => {
  it('are found by default, and answer a question about this example', async () => {
    const folder = await readFolders(defaultRoots(project));
    assert.ok(paths(folder).includes('examples/01-documents/README.md'), paths(folder).join(' '));
    assert.ok(paths(folder).every((path) => !path.includes('node_modules') && !path.includes('fixtures')));
    const outcome = search(buildIndex(folder.documents), 'search_documents arguments', { path: 'examples/01-documents' });
    assert.ok(outcome.kind === 'found');
    const [first] = outcome.results;
    assert.deepEqual([first?.path, first?.trail.at(-1)], ['examples/01-documents/README.md', 'search_documents']);
  });
});
