/** "Did you mean": the words and paths nearest to one that does not exist. */
import { distanceAllowed, editDistance, letterBag, mayBeWithin } from './distance.ts';
import { passageCount } from './lookup.ts';
import type { TextIndex } from './text-index.ts';
import { analyzeWord } from './words.ts';

interface Near {
  readonly at: number;
  readonly distance: number;
}

/** Spellings of the closest terms, the nearest and then the most frequent first. */
export function closestWords(index: TextIndex, word: string, countMax = 3): string[] {
  const { parts, whole } = analyzeWord(word);
  const wanted = whole ?? parts[0] ?? '';
  if (wanted.length < 3) return [];
  const allowed = distanceAllowed(wanted.length);
  const bag = letterBag(wanted);
  const near: Near[] = [];
  for (let at = 0; at < index.terms.length; at += 1) {
    const term = index.terms[at] as string;
    if (Math.abs(term.length - wanted.length) > allowed || !mayBeWithin(bag, letterBag(term), allowed)) continue;
    const distance = editDistance(wanted, term, allowed);
    if (distance > 0 && distance <= allowed) near.push({ at, distance });
  }
  near.sort((a, b) => a.distance - b.distance || passageCount(index, b.at) - passageCount(index, a.at));
  return near.slice(0, countMax).map(({ at }) => index.spellings[at] as string);
}

/** Paths with the name that was asked for in another folder, then those that are spelled like it. */
export function closestPaths(paths: readonly string[], wanted: string, countMax = 5): string[] {
  const asked = wanted.toLowerCase().slice(0, 200);
  if (asked === '') return [];
  const near: Near[] = [];
  for (const [at, path] of paths.entries()) {
    const distance = pathDistance(path.toLowerCase(), asked);
    if (distance !== undefined) near.push({ at, distance });
  }
  near.sort((a, b) => a.distance - b.distance || a.at - b.at);
  return near.slice(0, countMax).map(({ at }) => paths[at] as string);
}

function pathDistance(path: string, asked: string): number | undefined {
  const allowed = 3;
  const whole = editDistance(asked, path, allowed);
  if (whole <= allowed) return whole;
  const name = withoutExtension(lastName(path));
  const askedName = withoutExtension(lastName(asked));
  const byName = editDistance(askedName, name, Math.min(2, distanceAllowed(askedName.length)));
  if (byName <= 2 && byName <= distanceAllowed(askedName.length)) return allowed + 1 + byName;
  return askedName.length >= 3 && path.includes(askedName) ? allowed + 4 : undefined;
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function withoutExtension(name: string): string {
  return name.replace(/(?!^)\.[^.]*$/, '');
}
