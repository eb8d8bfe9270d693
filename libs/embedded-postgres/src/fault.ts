/** What can keep PostgreSQL from running, as data. `detail` is one sentence: what it is and what to do. */
export type PostgresFault = {
  readonly code:
    | 'port_taken'
    | 'not_writable'
    | 'disk_full'
    | 'in_use'
    | 'incompatible_data'
    | 'no_ordinary_user'
    | 'unsupported_platform'
    | 'start_failed';
  readonly detail: string;
};

export type PostgresResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: PostgresFault };

export type Where = { readonly dataDir: string; readonly port: number; readonly logFile: string };

/** Thrown inside this library only; `asResult` turns it into data at the library's border. */
export class PostgresFaultError extends Error {
  readonly fault: PostgresFault;

  constructor(fault: PostgresFault) {
    super(fault.detail);
    this.fault = fault;
  }
}

/** Runs `work`; a fault becomes data, whatever the operating system or PostgreSQL called it. */
export async function asResult<T>(
  where: Where,
  work: () => Promise<T>,
): Promise<PostgresResult<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof PostgresFaultError) return { ok: false, error: error.fault };
    return {
      ok: false,
      error: faultOfMessage(error instanceof Error ? error.message : String(error), where),
    };
  }
}

/**
 * Reads a fault out of what the operating system or PostgreSQL wrote.
 *
 * @param message an error message or the last lines of PostgreSQL's log
 */
export function faultOfMessage(message: string, { dataDir, port, logFile }: Where): PostgresFault {
  if (
    /no space left on device|ENOSPC|disk quota exceeded|EDQUOT|could not extend file/i.test(message)
  ) {
    return {
      code: 'disk_full',
      detail: `The disk that holds ${dataDir} is full: free some space there, or use another folder.`,
    };
  }
  // In a user namespace that knows no other account than its own root.
  if (/EINVAL.*chown/.test(message)) {
    return {
      code: 'no_ordinary_user',
      detail:
        'PostgreSQL refuses to run as root, and this container knows no other user: start as an ordinary user.',
    };
  }
  if (/address already in use|EADDRINUSE|could not bind IPv4/i.test(message)) {
    return portTaken(port);
  }
  if (
    /permission denied|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|read-only file system|operation not permitted/i.test(
      message,
    )
  ) {
    return {
      code: 'not_writable',
      detail: `The folder ${dataDir} cannot be written by this user: make it writable, or use another folder.`,
    };
  }
  return {
    code: 'start_failed',
    detail: `PostgreSQL did not start (${lastWords(message)}): see its log in ${logFile}.`,
  };
}

export function portTaken(port: number): PostgresFault {
  const detail = `Port ${port} on 127.0.0.1, wanted for PostgreSQL, is taken by another program: end that program, or choose another port.`;
  return { code: 'port_taken', detail };
}

/** The line of a log that says most: the last FATAL or PANIC or ERROR, else simply the last one. */
function lastWords(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /FATAL|PANIC|error/i.test(line));
  const line = telling.at(-1) ?? lines.filter((line) => line !== '').at(-1) ?? 'it said nothing';
  return line.replace(/^.*?(FATAL|PANIC|ERROR):\s*/, '').slice(0, 300);
}
