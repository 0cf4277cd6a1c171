/** A bar on standard error that shows how far a long command is. Only for a terminal: a log file has no use for it. */
export interface ProgressBar {
  show(done: number, of: number): void;
  clear(): void;
}

const WIDTH = 30;
const ERASE_LINE = '\r\u001B[2K';

export function progressBar(write: (text: string) => void, isTerminal: boolean, unit = 'runs'): ProgressBar {
  let shown = -1;
  return {
    show(done, of) {
      const percent = of === 0 ? 100 : Math.floor((100 * done) / of);
      if (!isTerminal || percent === shown) return;
      shown = percent;
      const filled = Math.floor((WIDTH * percent) / 100);
      write(`${ERASE_LINE}[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${percent} %, ${done} of ${of} ${unit}`);
    },
    clear() {
      if (shown >= 0) write(ERASE_LINE);
    },
  };
}
