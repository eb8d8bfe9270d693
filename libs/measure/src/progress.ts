/** Progress goes to stderr, so that stdout carries the result alone. */
export type Progress = { show: (text: string) => void; end: () => void };

/**
 * On a terminal one line that is rewritten, elsewhere one line per step; each with the seconds since
 * the start.
 */
export function createProgress(
  stream: { isTTY?: boolean; write: (text: string) => unknown },
  now: () => number = () => performance.now(),
): Progress {
  const started = now();
  let shown = '';
  let timer: NodeJS.Timeout | undefined;
  const line = (text: string) => `[${((now() - started) / 1000).toFixed(0)} s] ${text}`;
  const rewrite = () => stream.write(`\r\u001b[2K${line(shown)}`);
  return {
    show(text) {
      if (text === shown) return;
      shown = text;
      if (!stream.isTTY) {
        stream.write(`${line(text)}\n`);
        return;
      }
      rewrite();
      timer ??= setInterval(rewrite, 1_000).unref();
    },
    end() {
      clearInterval(timer);
      if (stream.isTTY && shown !== '') stream.write('\r\u001b[2K');
    },
  };
}
