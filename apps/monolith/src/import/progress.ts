import cliProgress from 'cli-progress';

/** Where a program writes what people read meanwhile. */
export type Screen = NodeJS.WritableStream & { isTTY?: boolean };

export type Progress = {
  /** How far the import is; shown at most every so often. */
  update: (at: { readBytes: number; lines: number; rejected: number }) => void;
  /** A sentence in between. */
  say: (text: string) => void;
  stop: () => void;
};

/** Without a terminal, a line is written this often, in ms. */
const LINE_EVERY_MS = 5_000;

/** A bar on a terminal; a line now and then elsewhere. Both with rate and time left. */
export function createProgress(screen: Screen, size: number, now: () => number): Progress {
  const started = now();
  let skipped: { readBytes: number; lines: number } | undefined;
  let shown = started;

  const figures = (readBytes: number, lines: number): { rate: number; leftSeconds: number } => {
    // What an earlier run did is passed over quickly and says nothing about the speed.
    const from = skipped ?? { readBytes: 0, lines: 0 };
    const seconds = Math.max((now() - started) / 1000, 0.001);
    const bytesPerSecond = Math.max(readBytes - from.readBytes, 1) / seconds;
    return {
      rate: Math.round((lines - from.lines) / seconds),
      leftSeconds: Math.ceil(Math.max(size - readBytes, 0) / bytesPerSecond),
    };
  };

  if (screen.isTTY === true) {
    const bar = new cliProgress.SingleBar({
      stream: screen,
      format: '{bar} {percentage}% | {count} lines | {rate}/s | {left} left | {rejected} rejected',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      fps: 5,
    });
    let begun = false;
    return {
      update: ({ readBytes, lines, rejected }) => {
        skipped ??= { readBytes, lines };
        const { rate, leftSeconds } = figures(readBytes, lines);
        const count = lines.toLocaleString('en');
        const left = duration(leftSeconds);
        const shown = { count, rate: String(rate), left, rejected: String(rejected) };
        if (begun) bar.update(readBytes, shown);
        else bar.start(Math.max(size, 1), readBytes, shown);
        begun = true;
      },
      say: (text) => {
        screen.write(begun ? `\r\u001b[K${text}\n` : `${text}\n`);
      },
      stop: () => bar.stop(),
    };
  }
  return {
    update: ({ readBytes, lines, rejected }) => {
      skipped ??= { readBytes, lines };
      if (now() - shown < LINE_EVERY_MS) return;
      shown = now();
      const { rate, leftSeconds } = figures(readBytes, lines);
      const percent = Math.floor((100 * readBytes) / Math.max(size, 1));
      screen.write(
        `${percent} % | ${lines.toLocaleString('en')} lines | ${rate}/s | ${duration(leftSeconds)} left | ${rejected} rejected\n`,
      );
    },
    say: (text) => {
      screen.write(`${text}\n`);
    },
    stop: () => undefined,
  };
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
