// Links: two processes that end together, unless one traps exits.
import type { Process } from './process.ts';

export function link(a: Process, b: Process): void {
  if (a === b) return;
  addLink(a, b);
  addLink(b, a);
}

export function unlink(a: Process, b: Process): void {
  dropLink(a, b);
  dropLink(b, a);
}

export function linksOf(process: Process): readonly Process[] {
  const { links } = process;
  if (links === undefined) return [];
  return links instanceof Set ? [...links] : [links];
}

function addLink(of: Process, to: Process): void {
  if (of.links === undefined || of.links === to) of.links = to;
  else if (of.links instanceof Set) of.links.add(to);
  else of.links = new Set([of.links, to]);
}

function dropLink(of: Process, to: Process): void {
  if (of.links === to) of.links = undefined;
  else if (of.links instanceof Set) of.links.delete(to);
}
