import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { err, ok } from '@newscience/service-kit/result';
import { compose } from './compose.ts';
import type { Mailer } from './mailer.ts';

/** The folder of `file:///abs/path` or of `file:relative/path`. */
export function folderOf(url: string): string {
  return url.startsWith('file://')
    ? fileURLToPath(url)
    : resolve(decodeURIComponent(url.slice('file:'.length)));
}

/** Writes each mail as `<key>.eml` into a folder, which is made when missing. A file is there whole or not at all. */
export function createFileMailer(folder: string, from: string): Mailer {
  return {
    mayRepeat: true,
    async send(mail) {
      const file = join(folder, `${mail.key}.eml`);
      const draft = `${file}.${process.pid}.tmp`;
      try {
        await mkdir(folder, { recursive: true });
        const { message } = await compose(mail, from);
        await writeFile(draft, message, { mode: 0o600, flush: true });
        await rename(draft, file);
        return ok(null);
      } catch (error) {
        await rm(draft, { force: true }).catch(() => undefined);
        return err({
          kind: 'refused',
          permanent: false,
          detail: error instanceof Error ? error.message : String(error),
        });
      }
    },
  };
}
