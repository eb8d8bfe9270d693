/** Why New Science cannot do what was asked: one sentence that says what is wrong and what to do. */
export class Refusal extends Error {
  /** 2 for a wrong command line, 1 for anything else. */
  readonly exitCode: 1 | 2;

  constructor(sentence: string, exitCode: 1 | 2 = 1) {
    super(sentence);
    this.name = 'Refusal';
    this.exitCode = exitCode;
  }
}

/** Whether an error, or what a program wrote, says that a disk is full. */
export function isDiskFull(problem: unknown): boolean {
  return /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|could not extend file/i.test(
    String(problem),
  );
}

export function diskFull(dataDir: string): Refusal {
  return new Refusal(
    `The disk that holds ${dataDir} is full: free some space there, or choose another folder with --data.`,
  );
}

/** Says in one sentence what the operating system held against a folder of ours. */
export function refusalOf(error: unknown, dataDir: string): Refusal {
  if (error instanceof Refusal) return error;
  if (isDiskFull(error)) return diskFull(dataDir);
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ENOENT':
      return new Refusal(
        `The folder ${dataDir} cannot be written by this user: make it writable, or choose another folder with --data.`,
      );
    default:
      return new Refusal(error instanceof Error ? error.message : String(error));
  }
}
