// The process that owns the documents and their index. It reads the folder once it runs, in
// slices, so that the node answers from its first moment; searches wait for the first index.
import { genServer, reply, type Self } from '@flyball/kernel';
import { formatRead, formatSearch, folderSummary, type Formatted } from './format.ts';
import { readFolders, type Folder } from './folder.ts';
import { read, type ReadOptions } from './read.ts';
import { defaultRoots, type Root } from './roots.ts';
import { search, type SearchOptions } from './search.ts';
import { buildIndexInSlices, emptyIndex, type TextIndex } from './text-index.ts';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

export interface IndexServerArgument {
  /** Files and folders; empty: the project's own documentation. */
  readonly documents: readonly string[];
  readonly projectDirectory: string;
}

interface State {
  readonly folder: Folder;
  readonly index: TextIndex;
}

const READ = { type: 'read-folders' } as const;

export const indexServer = genServer({
  init: (argument: IndexServerArgument, self: Self): State => {
    self.send(self.pid, { ...READ, argument });
    return { folder: { documents: [], bytes: 0, skipped: [], skippedCount: {}, changed: false }, index: emptyIndex() };
  },
  calls: {
    search: (state, { query, ...options }: SearchOptions & { query: string }) => reply<Formatted>(formatSearch(search(state.index, query, options))),
    read: (state, { path, ...options }: ReadOptions & { path: string }) => reply<Formatted>(formatRead(read(state.index.documents, path, options))),
    summary: (state) => reply(folderSummary(state.folder)),
  },
  info: async (state, message: { type: string; argument: IndexServerArgument }, self): Promise<State> => {
    if (message.type !== READ.type) return state;
    const folder = await readFolders(await rootsOf(message.argument), { signal: self.signal });
    const pause = (): Promise<void> => new Promise((resolve, reject) => {
      if (self.alive) setImmediate(resolve);
      else reject(self.signal.reason as Error);
    });
    return { folder, index: await buildIndexInSlices(folder.documents, pause) };
  },
});

async function rootsOf({ documents, projectDirectory }: IndexServerArgument): Promise<Root[]> {
  if (documents.length === 0) return defaultRoots(projectDirectory);
  return await Promise.all(documents.map(async (path): Promise<Root> => {
    const isDirectory = (await stat(path)).isDirectory();
    // One folder's paths are its own; of several, each carries its folder's name.
    if (!isDirectory) return { file: path };
    return documents.length === 1 ? { directory: path } : { directory: path, label: basename(path) };
  }));
}
