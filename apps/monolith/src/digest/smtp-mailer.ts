import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { Composed } from './compose.ts';
import { compose } from './compose.ts';
import type { Mailer, MailFault } from './mailer.ts';

/** Milliseconds; together less than the lease of a claim. */
export type SmtpTimes = { connectMs: number; answerMs: number };

const defaultTimes: SmtpTimes = { connectMs: 10_000, answerMs: 20_000 };

type Server = {
  host: string;
  port: number;
  secure: boolean;
  user: string;
  pass: string;
  ignoreTls: boolean;
  requireTls: boolean;
};

/** `smtp://user:pass@host:port?requireTLS=true` (or `ignoreTLS=true`); `smtps:` speaks TLS from the start. */
export function serverOf(given: string): Server {
  const url = new URL(given);
  const secure = url.protocol === 'smtps:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    user: decodeURIComponent(url.username),
    pass: decodeURIComponent(url.password),
    ignoreTls: url.searchParams.get('ignoreTLS') === 'true',
    requireTls: url.searchParams.get('requireTLS') === 'true',
  };
}

/** A server's "no" is an answer; silence is one only as long as it cannot have the whole mail. */
function faultOf(error: Error, bodyBegun: boolean): MailFault {
  const code =
    'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : null;
  const detail = error.message.slice(0, 500);
  if (code !== null) return { kind: 'refused', permanent: code >= 500, detail };
  return { kind: bodyBegun ? 'unknown' : 'refused', permanent: false, detail };
}

function deliver(
  server: Server,
  mail: Composed,
  times: SmtpTimes,
): Promise<Result<null, MailFault>> {
  return new Promise((resolve) => {
    let bodyBegun = false;
    const connection = new SMTPConnection({
      host: server.host,
      port: server.port,
      secure: server.secure,
      ignoreTLS: server.ignoreTls,
      requireTLS: server.requireTls,
      connectionTimeout: times.connectMs,
      greetingTimeout: times.connectMs,
      socketTimeout: times.answerMs,
    });
    const fail = (error: Error) => {
      connection.close();
      resolve(err(faultOf(error, bodyBegun)));
    };
    // Read only when the server has agreed to take the text.
    const message = new Readable({
      read() {
        bodyBegun = true;
        this.push(mail.message);
        this.push(null);
      },
    });
    const send = () => {
      connection.send({ from: mail.from, to: [mail.to] }, message, (error) => {
        if (error) {
          fail(error);
          return;
        }
        connection.quit();
        resolve(ok(null));
      });
    };
    connection.on('error', fail);
    connection.connect((error) => {
      if (error) {
        fail(error);
        return;
      }
      if (server.user === '') {
        send();
        return;
      }
      connection.login({ credentials: { user: server.user, pass: server.pass } }, (refused) => {
        if (refused) fail(refused);
        else send();
      });
    });
  });
}

/** Hands each mail to an SMTP server, over a connection of its own. */
export function createSmtpMailer(
  url: string,
  from: string,
  times: SmtpTimes = defaultTimes,
): Mailer {
  const server = serverOf(url);
  return {
    mayRepeat: false,
    async send(mail) {
      try {
        return await deliver(server, await compose(mail, from), times);
      } catch (error) {
        return err({
          kind: 'refused',
          permanent: true,
          detail: error instanceof Error ? error.message : String(error),
        });
      }
    },
  };
}
