// benchmarks/RESULTS.md: a section a suite, a row a figure. A run replaces the rows of what it measured and
// leaves the others, each of which says itself where, on what and when it was measured. Pure but for the file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isMet, targetText } from './figure.ts';
import type { Figure, Measured, Suite } from './figure.ts';
import type { Place } from './machine.ts';
import { readable } from './statistics.ts';

export interface Row {
  readonly figure: Figure;
  readonly outcome: Measured;
}

export interface Circumstances {
  readonly place: Place;
  readonly pinned: boolean;
  /** ISO date. */
  readonly date: string;
}

const INTRODUCTION = `# Results

Written by \`npm run bench -- <suite>\`; definitions and method are in [README.md](README.md). Each row says
where and on which commit it was measured; "modified" means that the commit had uncommitted changes.
`;
const COLUMNS = ['figure', 'value', 'target', 'met', 'how', 'steal', 'machine', 'Node', 'commit', 'date'];

export function recordResults(file: string, suite: Suite, rows: readonly Row[], circumstances: Circumstances): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : INTRODUCTION;
  writeFileSync(file, withResults(before, suite, rows, circumstances));
}

export function withResults(
  document: string,
  suite: Suite,
  rows: readonly Row[],
  circumstances: Circumstances,
): string {
  const [head = '', ...sections] = document.split(/^(?=## )/m);
  const heading = `## ${suite.name}\n`;
  const found = sections.findIndex((section) => section.startsWith(heading));
  const lines = new Map(found < 0 ? [] : rowLines(sections[found] ?? ''));
  for (const row of rows) lines.set(row.figure.name, rowLine(row, circumstances));
  const section = sectionText(suite, heading, lines);
  const rest = found < 0 ? [...sections, section] : sections.with(found, section);
  return `${[head.trimEnd(), ...rest.map((text) => text.trimEnd())].join('\n\n')}\n`;
}

function rowLines(section: string): [string, string][] {
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => [/^\| `([^`]+)`/.exec(line)?.[1] ?? '', line]);
}

/** In the suite's order; a figure that the suite no longer has is dropped. */
function sectionText(suite: Suite, heading: string, lines: Map<string, string>): string {
  const ordered = suite.figures.flatMap((figure) => lines.get(figure.name) ?? []);
  const table = [`| ${COLUMNS.join(' | ')} |`, `|${COLUMNS.map(() => '---').join('|')}|`, ...ordered];
  return `${heading}\n${suite.about}\n\n${table.join('\n')}\n`;
}

function rowLine({ figure, outcome }: Row, { place, pinned, date }: Circumstances): string {
  const met = figure.target === undefined ? '–' : isMet(figure.target, outcome.value) ? 'yes' : '**no**';
  const cells = [
    `\`${figure.name}\``,
    `${readable(outcome.value)} ${figure.unit}`,
    targetText(figure.target),
    met,
    outcome.detail,
    outcome.stealShare === undefined ? '–' : `${(outcome.stealShare * 100).toFixed(1)} %`,
    `${place.cpu}, ${place.cores} cores${pinned ? ', pinned' : ''}`,
    place.node,
    place.commit,
    date,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '/').replaceAll('\n', ' ')).join(' | ')} |`;
}
