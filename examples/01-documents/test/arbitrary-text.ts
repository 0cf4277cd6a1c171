/** Texts that nobody would write, for the property tests. */
import type { Random } from '@flyball/kernel';

const words = [
  'the', 'Governor', 'governors', 'hunting', 'shutdownTimeoutMs', 'HTTPServer', 'one_for_one', '__init__', 'hand-over', 'a.b.c', "don't",
  'x²', '½', 'ﬁn', 'É', 'E\u0301', 'ß', 'İ', 'ΣΑΣ', 'йод', '東京', 'カﾅ', 'ไทย', 'ພາສາ', 'العَرَبِيَّة', 'हिन्दी', '한국어', '①', '㈠', '🙂', '\ud800', 'ǅ', 'constructor', '__proto__',
];
const marks = [' ', ' ', ' ', '\n', '\n\n', '\r\n', '\r', '\t', '"', '-', ' -', '"-"', '#', '\n# ', '\n## ', '\n---\n', '\n===\n', '```\n', '`', '[', '](', '|', '…', '\u0000', '\u2028', '\u0301', '\ufeff', '', ''];

export function arbitraryText(random: Random, piecesMax: number): string {
  let text = '';
  for (let left = random.below(piecesMax + 1); left > 0; left -= 1) {
    text += random.below(20) === 0 ? String.fromCharCode(random.below(0x10000)) : random.pick(words);
    text += random.pick(marks);
  }
  return text;
}

export function arbitraryPath(random: Random): string {
  const folder = random.pick(['', 'docs/', 'docs/how-to/', 'Ärger/']);
  return `${folder}${random.pick(['a', 'read me', 'x.y', '東'])}${random.below(1_000)}.${random.pick(['md', 'rst', 'adoc', 'txt'])}`;
}
