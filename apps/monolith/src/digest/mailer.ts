import type { Result } from '@newscience/service-kit/result';

/** A mail to one person. `key` names it: the same key is the same mail. Safe as a file name. */
export type Mail = {
  key: string;
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
  unsubscribeUrl: string;
};

/**
 * `refused`: it was certainly not sent; `permanent` says that trying again is useless. `unknown`: it was
 * handed over whole and never confirmed, so it may have arrived.
 */
export type MailFault = { kind: 'refused' | 'unknown'; permanent: boolean; detail: string };

export type Mailer = {
  /** Never throws. */
  send: (mail: Mail) => Promise<Result<null, MailFault>>;
  /** Whether sending the same mail twice has the effect of once. */
  mayRepeat: boolean;
};
