/** What `flyball ledger` prints was partly written by others: authors of receipts, whoever holds a log. Pure. */

/**
 * Shows what would steer a terminal, or turn the direction of text, as `\u` and four digits: in JSON that means the same
 * as the character itself. Lines and tabs stay.
 */
export function harmless(text: string): string {
  return text.replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped);
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}
