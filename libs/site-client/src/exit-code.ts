import type { SiteError } from './site-error.ts';

/** What a command line says to the program that called it. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3, notAuthorised: 4 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOf(error: SiteError): ExitCode {
  switch (error.code) {
    case 'refused':
      return EXIT.refused;
    case 'credentials_missing':
    case 'login_refused':
    case 'not_authorised':
      return EXIT.notAuthorised;
    case 'site_not_found':
    case 'site_file_damaged':
    case 'site_unreachable':
    case 'answer_not_understood':
      return EXIT.unreachable;
  }
}
