/** The pure core of the example: documents, their index, and what is asked of it. */
export { linesOf, normalizePath } from './document.ts';
export type { Document, LineRange } from './document.ts';
export { DocumentsError } from './errors.ts';
export type { DocumentsErrorCode } from './errors.ts';
export { folderLimits, readFolders } from './folder.ts';
export type { Folder, FolderLimits, ReadFoldersOptions } from './folder.ts';
export { folderSummary, formatRead, formatSearch } from './format.ts';
export type { Formatted } from './format.ts';
export { read, readCharactersMax, readLinesMax } from './read.ts';
export type { ReadOptions, ReadOutcome } from './read.ts';
export { defaultRoots } from './roots.ts';
export type { DirectoryRoot, FileRoot, Root } from './roots.ts';
export { passagesPerDocumentMax, queryCharactersMax, search, searchLimitDefault, searchLimitMax } from './search.ts';
export type { SearchOptions, SearchOutcome, SearchResult, UnknownWord } from './search.ts';
export type { SnippetLine } from './snippet.ts';
export { buildIndex, buildIndexInSlices, emptyIndex } from './text-index.ts';
export type { IndexingProgress, TextIndex } from './text-index.ts';
export type { SkipReason, Skipped } from './walk.ts';
