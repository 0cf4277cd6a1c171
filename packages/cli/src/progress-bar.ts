/** A bar on standard error that shows how far a long command is. Only for a terminal: a log file has no use for it. */
export interface ProgressBar {
  show(done: number, of: number): void;
  clear(): void;
}

/** As process.stderr says of itself. */
export type Terminal = { readonly isTTY?: boolean; readonly columns?: number };

const WIDTH = 30;
const COLUMNS_DEFAULT = 80;
const ERASE_LINE = '\r\u001B[2K';

export function progressBar(write: (text: string) => void, terminal: Terminal, unit = 'runs'): ProgressBar {
  let shown = -1;
  return {
    show(done, of) {
      const percent = of === 0 ? 100 : Math.min(100, Math.floor((100 * done) / of));
      if (terminal.isTTY !== true || percent === shown) return;
      shown = percent;
      write(`${ERASE_LINE}${barLine({ percent, columns: terminal.columns || COLUMNS_DEFAULT, text: `${percent} %, ${done} of ${of} ${unit}` })}`);
    },
    clear() {
      if (shown >= 0) write(ERASE_LINE);
    },
  };
}

/** Never as wide as the terminal: a line that wraps cannot be erased. */
function barLine({ percent, columns, text }: { readonly percent: number; readonly columns: number; readonly text: string }): string {
  const width = Math.min(WIDTH, columns - text.length - '[] '.length - 1);
  if (width < 1) return text.slice(0, Math.max(0, columns - 1));
  const filled = Math.floor((width * percent) / 100);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${text}`;
}
