import { createFileMailer, folderOf } from './file-mailer.ts';
import type { Mailer } from './mailer.ts';
import { createSmtpMailer } from './smtp-mailer.ts';

/**
 * The mailer that a URL's scheme picks: `file:` (folder of .eml files), `smtp:` or `smtps:`.
 * @param from such as `New Science <digest@newscience.example>`
 */
export function createMailer({ url, from }: { url: string; from: string }): Mailer {
  return url.startsWith('file:')
    ? createFileMailer(folderOf(url), from)
    : createSmtpMailer(url, from);
}
