/** Where documents come from. */
import { join } from 'node:path';

export interface DirectoryRoot {
  readonly directory: string;
  /** Put before the paths of its documents: with `docs`, `a.md` is `docs/a.md`. Needed if roots share names. */
  readonly label?: string;
  /** Only files with these names. */
  readonly onlyNames?: readonly string[];
  /** If it is missing it is skipped; otherwise that is an error. */
  readonly optional?: boolean;
}

export interface FileRoot {
  readonly file: string;
  /** The path of the document; the name of the file unless given. */
  readonly label?: string;
  readonly optional?: boolean;
}

export type Root = DirectoryRoot | FileRoot;

/** The documentation of a project laid out as this one is: `docs/`, the pages beside it, the READMEs of its parts. */
export function defaultRoots(projectDirectory: string): Root[] {
  const pages = ['README.md', 'ARCHITECTURE.md', 'STYLE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];
  const readmes = ['packages', 'examples', 'benchmarks'];
  return [
    { directory: join(projectDirectory, 'docs'), label: 'docs', optional: true },
    ...pages.map((page) => ({ file: join(projectDirectory, page), optional: true })),
    ...readmes.map((label) => {
      return { directory: join(projectDirectory, label), label, onlyNames: ['README.md'], optional: true };
    }),
  ];
}
