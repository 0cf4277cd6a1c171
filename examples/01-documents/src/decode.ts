/** Bytes to text, or the finding that they are none. */

/** With a byte order mark UTF-8 or UTF-16, else UTF-8, else Windows-1252; a NUL means binary. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const text = decodeMarked(bytes) ?? decodePlain(bytes);
  return text?.replace(/\r\n?/g, '\n');
}

function decodeMarked(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return withoutNul(new TextDecoder('utf-16le').decode(bytes));
  if (first === 0xfe && second === 0xff) return withoutNul(new TextDecoder('utf-16be').decode(bytes));
  if (first === 0xef && second === 0xbb && third === 0xbf) return decodePlain(bytes.subarray(3));
  return undefined;
}

function decodePlain(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Old files: every byte is a character there, and the ASCII ones are right in any case.
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function withoutNul(text: string): string | undefined {
  return text.includes('\0') ? undefined : text;
}
