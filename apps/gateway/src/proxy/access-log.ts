import type { Logger } from '@newscience/service-kit/logging';

/** One request as the log has it. Durations in milliseconds, bytes of bodies alone. */
export type AccessRecord = {
  requestId: string;
  traceId: string;
  client: string;
  method: string;
  /** As the client sent it, without the query, which may hold what is nobody's business. */
  path: string;
  /** Empty where the request was refused before it was routed. */
  route: string;
  stage: string;
  upstream: string;
  /** 0 where the client left before anything was answered. */
  status: number;
  bytesIn: number;
  bytesOut: number;
  /** From the request's arrival to the first byte of the upstream's answer; -1 without one. */
  upstreamMs: number;
  totalMs: number;
  /** How often it was sent to the upstream. */
  attempts: number;
  /** Why it did not end as it should, or empty. */
  fault: string;
};

export type AccessLog = {
  write: (record: AccessRecord) => void;
  /** Writes at once what was held back. */
  flush: () => void;
};

/** The access log through a logger: simple, and for tests. */
export function accessLogTo(logger: Pick<Logger, 'info'>): AccessLog {
  return {
    write: (record) => {
      logger.info(record, 'request');
    },
    flush: () => undefined,
  };
}

const holdMs = 50;
const mostHeld = 256;
const mostQuoted = 1_000;

/**
 * The access log for production: lines of the same form as the logger's, put together by hand and in
 * batches, held back for at most 50 ms. Formatting many at once costs a third of formatting each in
 * the middle of its request.
 *
 * @param write e.g. to standard output; called with whole lines
 */
export function batchedAccessLog(service: string, write: (lines: string) => void): AccessLog {
  const format = lineFormatter(service);
  let held: AccessRecord[] = [];
  let times: number[] = [];
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held.length === 0) return;
    const records = held;
    const ended = times;
    held = [];
    times = [];
    let lines = '';
    for (const [index, record] of records.entries()) lines += format(record, ended[index] ?? 0);
    write(lines);
  };
  return {
    write(record) {
      times.push(Date.now());
      if (held.push(record) >= mostHeld) flush();
      else timer ??= setTimeout(flush, holdMs);
    },
    flush,
  };
}

function lineFormatter(service: string): (record: AccessRecord, time: number) => string {
  const start = `{"level":"info","time":"`;
  const middle = `","service":${JSON.stringify(service)},"msg":"request","requestId":"`;
  /** The few names that every line repeats. */
  const quoted = new Map<string, string>();
  const quote = (name: string) => {
    const known = quoted.get(name);
    if (known !== undefined) return known;
    const made = JSON.stringify(name);
    if (quoted.size < mostQuoted) quoted.set(name, made);
    return made;
  };
  let second = 0;
  let secondText = '';
  /** Formatting a date costs more than the rest of the line, so it is done once a second. */
  const timestamp = (time: number) => {
    const milliseconds = time % 1_000;
    if (time - milliseconds !== second) {
      second = time - milliseconds;
      secondText = new Date(second).toISOString().slice(0, 20);
    }
    return `${secondText}${String(milliseconds).padStart(3, '0')}Z`;
  };
  return (record, time) =>
    `${start}${timestamp(time)}${middle}${record.requestId}","traceId":"${record.traceId}"` +
    `,"client":"${record.client}","method":"${record.method}"` +
    `,"path":${JSON.stringify(record.path)},"route":${quote(record.route)}` +
    `,"stage":${quote(record.stage)},"upstream":${quote(record.upstream)}` +
    `,"status":${record.status},"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut}` +
    `,"upstreamMs":${hundredths(record.upstreamMs)},"totalMs":${hundredths(record.totalMs)}` +
    `,"attempts":${record.attempts},"fault":"${record.fault}"}\n`;
}

/** The clock is no better than that under load. */
function hundredths(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
