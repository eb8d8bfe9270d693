import { createTransport } from 'nodemailer';
import type { Mail } from './mailer.ts';

export type Composed = { from: string; to: string; message: Buffer };

/** The domain behind the last @ of `Name <a@b.c>`. */
function domainOf(from: string): string {
  return /@([\w.-]+)[^@]*$/.exec(from)?.[1] ?? 'newscience.invalid';
}

/**
 * A mail as the bytes of RFC 5322, and its envelope. The same mail has the same Message-ID always, so that
 * a mail program knows it again.
 */
export async function compose(mail: Mail, from: string): Promise<Composed> {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { envelope, message } = await composer.sendMail({
    from,
    to: { name: mail.to.name, address: mail.to.address },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${mail.key}@${domainOf(from)}>`,
    // The content comes from here alone: no path or address in it is ever opened.
    disableFileAccess: true,
    disableUrlAccess: true,
    headers: {
      'List-Unsubscribe': { prepared: true, value: `<${mail.unsubscribeUrl}>` },
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'Auto-Submitted': 'auto-generated',
      Precedence: 'bulk',
    },
  });
  if (!Buffer.isBuffer(message)) throw new TypeError('The mail was not composed in memory.');
  return {
    from: envelope.from === false ? '' : envelope.from,
    to: envelope.to[0] ?? mail.to.address,
    message,
  };
}
