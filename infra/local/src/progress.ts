/** One thing that the launcher waits for. */
export type Step = {
  /** Says more about what is being waited for. */
  readonly waitingFor: (what: string) => void;
  readonly done: (detail?: string) => void;
  readonly failed: (detail?: string) => void;
};

/** What happens to a service after the start. */
export type ServiceNews = {
  readonly service: string;
  readonly state: 'crashed' | 'back' | 'left_down';
  readonly text: string;
  readonly lastLines?: readonly string[];
};

export type Progress = {
  /** Opens a step; several may be open at once. */
  readonly step: (name: string, title: string) => Step;
  readonly news: (news: ServiceNews) => void;
  /** A sentence of its own. */
  readonly say: (text: string) => void;
  /** The end of the start: the table, then the line that everybody waits for. */
  readonly ready: (table: string, url: string, facts: Readonly<Record<string, unknown>>) => void;
  readonly refused: (sentence: string) => void;
  /** Stops showing what is being waited for. */
  readonly close: () => void;
};

export type Terminal = {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Whether a line can be written over. */
  readonly isTTY: boolean;
  readonly columns: number;
  /** Milliseconds of any clock. */
  readonly now: () => number;
};

type Open = {
  readonly title: string;
  readonly since: number;
  detail: string | undefined;
  told: number;
};

/** Without a terminal that can be written over, a step that takes long is mentioned at these times (seconds). */
const mentions = [2, 5, 10, 20, 30, 60, 90, 120];

/** Progress for people: a line per finished step, and what is being waited for and since when. */
export function textProgress(terminal: Terminal): Progress {
  const open = new Set<Open>();
  let shown = false;
  const erase = (): void => {
    if (shown) terminal.write('\r\u001b[2K');
    shown = false;
  };
  const line = (text: string): void => {
    erase();
    terminal.write(`${text}\n`);
  };
  const seconds = (step: Open): number => (terminal.now() - step.since) / 1000;
  const tick = (): void => {
    if (terminal.isTTY) {
      erase();
      const waiting = [...open].map(
        (step) =>
          `${step.title}${step.detail === undefined ? '' : `: ${step.detail}`} ${Math.floor(seconds(step))} s`,
      );
      if (waiting.length === 0) return;
      terminal.write(
        `  waiting for ${waiting.join(' · ')}`.slice(
          0,
          (terminal.columns > 20 ? terminal.columns : 80) - 1,
        ),
      );
      shown = true;
      return;
    }
    for (const step of open) {
      const due = mentions.filter((after) => seconds(step) >= after).length;
      if (due <= step.told) continue;
      step.told = due;
      line(
        `  waiting for ${step.title}${step.detail === undefined ? '' : ` (${step.detail})`} for ${Math.floor(seconds(step))} s`,
      );
    }
  };
  const timer = setInterval(tick, terminal.isTTY ? 250 : 500);
  timer.unref();
  return {
    step(_name, title) {
      const step: Open = { title, since: terminal.now(), detail: undefined, told: 0 };
      open.add(step);
      const finish = (mark: string, detail?: string): void => {
        if (!open.delete(step)) return;
        line(
          `${mark} ${title} (${seconds(step).toFixed(1)} s)${detail === undefined ? '' : `: ${detail}`}`,
        );
      };
      return {
        waitingFor: (what) => (step.detail = what),
        done: (detail) => finish('✓', detail),
        failed: (detail) => finish('✗', detail),
      };
    },
    news: ({ service, text, lastLines = [] }) => {
      line(`${service}: ${text}`);
      for (const last of lastLines) terminal.write(`    ${last}\n`);
    },
    say: line,
    ready: (table, url) => line(`\n${table}\n\nNew Science is ready: ${url}`),
    refused: (sentence) => {
      erase();
      terminal.writeError(`${sentence}\n`);
    },
    close: () => {
      clearInterval(timer);
      erase();
    },
  };
}

/** Progress for programs: one JSON object per line, each with `event` and `time`. */
export function jsonProgress(terminal: Terminal, clock: () => Date = () => new Date()): Progress {
  const write = (event: string, facts: Readonly<Record<string, unknown>>): void =>
    terminal.write(`${JSON.stringify({ time: clock().toISOString(), event, ...facts })}\n`);
  return {
    step(name, title) {
      const since = terminal.now();
      const tell = (state: string, detail?: string): void =>
        write('step', { step: name, title, state, ms: Math.round(terminal.now() - since), detail });
      tell('started');
      return {
        waitingFor: (what) => tell('waiting', what),
        done: (detail) => tell('done', detail),
        failed: (detail) => tell('failed', detail),
      };
    },
    news: ({ service, state, text, lastLines }) =>
      write('service', { service, state, detail: text, lastLines }),
    say: (text) => write('message', { detail: text }),
    ready: (_table, url, facts) => write('ready', { url, ...facts }),
    refused: (sentence) => write('refused', { detail: sentence }),
    close: () => undefined,
  };
}
