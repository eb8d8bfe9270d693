import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import type { SMTPServerOptions } from 'smtp-server';
import { SMTPServer } from 'smtp-server';
import { createMailer } from './create-mailer.ts';
import { folderOf } from './file-mailer.ts';
import type { Mail } from './mailer.ts';
import { createSmtpMailer, serverOf } from './smtp-mailer.ts';

const from = 'New Science <digest@newscience.example>';
const mail: Mail = {
  key: 'digest-2026-03-01-0b8c2c5e',
  to: { name: 'Zoë "Z" Öz, Dr.', address: 'zoe@example.org' },
  subject: 'New Science, 2026-03-01: 1 new article – CO₂',
  text: `Line one\n.\n.dot\n${'long '.repeat(400)}\n`,
  html: '<p>Grüße &amp; CO₂</p>',
  unsubscribeUrl: `https://ns.example/unsubscribe/${'x'.repeat(32)}`,
};

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listening(
  server: { listen: Server['listen'] },
  address: () => AddressInfo | string | null,
): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const given = address();
  if (given === null || typeof given === 'string') throw new Error('no port');
  return given.port;
}

type Received = { raw: string; from: string; to: string[] };

async function smtp(
  options: SMTPServerOptions = {},
): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const sender = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        received.push({
          raw: Buffer.concat(chunks).toString(),
          from: sender,
          to: envelope.rcptTo.map(({ address }) => address),
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: await listening(server.server, () => server.server.address()), received };
}

async function expectTheMail(raw: string): Promise<void> {
  const parsed = await simpleParser(raw);
  expect(parsed.subject).toBe(mail.subject);
  expect(parsed.from?.text).toBe('"New Science" <digest@newscience.example>');
  expect(parsed.to).toMatchObject({ value: [{ name: mail.to.name, address: mail.to.address }] });
  expect(parsed.text?.trim()).toBe(mail.text.trim());
  expect(parsed.html).toContain(mail.html);
  expect(parsed.messageId).toBe('<digest-2026-03-01-0b8c2c5e@newscience.example>');
  expect(raw).toMatch(/^List-Unsubscribe: <https:\/\/ns\.example\/unsubscribe\/x{32}>\r$/m);
  expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
}

describe('the mail folder', () => {
  it('gets a whole .eml file per mail, and the same one when it is sent again', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'ns-mail-')), 'made', 'here');
    closers.push(() => rm(join(folder, '../..'), { recursive: true }));
    const mailer = createMailer({ url: pathToFileURL(folder).href, from });
    expect(mailer.mayRepeat).toBe(true);
    expect(await mailer.send(mail)).toEqual({ ok: true, value: null });
    expect(await mailer.send(mail)).toEqual({ ok: true, value: null });
    expect(await readdir(folder)).toEqual([`${mail.key}.eml`]);
    await expectTheMail(await readFile(join(folder, `${mail.key}.eml`), 'utf8'));
    if (process.platform !== 'win32')
      expect((await stat(join(folder, `${mail.key}.eml`))).mode & 0o777).toBe(0o600);
  });

  it('that cannot be made is a failure to try again', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'ns-mail-')), 'a-file');
    closers.push(() => rm(join(file, '..'), { recursive: true }));
    await writeFile(file, '');
    const sent = await createMailer({ url: pathToFileURL(join(file, 'mail')).href, from }).send(
      mail,
    );
    expect(sent).toMatchObject({ ok: false, error: { kind: 'refused', permanent: false } });
  });

  it('is named by an absolute or a relative URL', () => {
    expect(folderOf('file:///var/mail/new%20ones')).toMatch(/new ones$/);
    expect(folderOf('file:.newscience/mail')).toBe(join(process.cwd(), '.newscience/mail'));
  });
});

describe('an SMTP server', () => {
  it('gets the mail with its envelope', async () => {
    const { port, received } = await smtp();
    const mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from });
    expect(mailer.mayRepeat).toBe(false);
    expect(await mailer.send(mail)).toEqual({ ok: true, value: null });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      from: 'digest@newscience.example',
      to: ['zoe@example.org'],
    });
    await expectTheMail(received[0]?.raw ?? '');
  });

  it('is logged in to with the name and password of the URL', async () => {
    const { port, received } = await smtp({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        username === 'us er' && password === 'p@ss'
          ? done(null, { user: 1 })
          : done(new Error('no')),
    });
    expect(
      (await createMailer({ url: `smtp://us%20er:p%40ss@127.0.0.1:${port}`, from }).send(mail)).ok,
    ).toBe(true);
    const refused = await createMailer({
      url: `smtp://us%20er:wrong@127.0.0.1:${port}`,
      from,
    }).send(mail);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'refused', permanent: true } });
    expect(received).toHaveLength(1);
  });

  it.each([
    [550, true],
    [451, false],
  ])('that answers %i to the address refuses, permanently: %s', async (responseCode, permanent) => {
    const { port } = await smtp({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('No such mailbox'), { responseCode })),
    });
    const sent = await createMailer({ url: `smtp://127.0.0.1:${port}`, from }).send(mail);
    expect(sent).toMatchObject({ ok: false, error: { kind: 'refused', permanent } });
  });

  it('that refuses the text has certainly not taken it', async () => {
    const { port } = await smtp({
      onData(stream, _session, done) {
        stream.resume();
        stream.on('end', () => done(Object.assign(new Error('Full'), { responseCode: 452 })));
      },
    });
    const sent = await createMailer({ url: `smtp://127.0.0.1:${port}`, from }).send(mail);
    expect(sent).toMatchObject({ ok: false, error: { kind: 'refused', permanent: false } });
  });

  it('that is not there, or says nothing, has not got the mail', async () => {
    const silent = createServer();
    closers.push(() => new Promise((resolve) => silent.close(resolve)));
    const port = await listening(silent, () => silent.address());
    silent.on('connection', (socket) => closers.unshift(() => Promise.resolve(socket.destroy())));
    const times = { connectMs: 100, answerMs: 100 };
    expect(
      await createSmtpMailer(`smtp://127.0.0.1:${port}`, from, times).send(mail),
    ).toMatchObject({
      ok: false,
      error: { kind: 'refused', permanent: false },
    });
    const free = await listening(createServer().unref(), () => ({
      port: 1,
      address: '',
      family: '',
    }));
    expect(await createMailer({ url: `smtp://127.0.0.1:${free}`, from }).send(mail)).toMatchObject({
      ok: false,
      error: { kind: 'refused', permanent: false },
    });
  });

  it('that goes away before the text has not got it, after the text it may have', async () => {
    const script = (cutAt: 'rcpt' | 'text') =>
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.write('220 test\r\n');
        let inText = false;
        socket.on('data', (data) => {
          const line = data.toString();
          if (inText) {
            if (line.endsWith('\r\n.\r\n')) socket.destroy();
          } else if (line.startsWith('DATA')) {
            inText = true;
            socket.write('354 go on\r\n');
          } else if (line.startsWith('RCPT') && cutAt === 'rcpt') socket.destroy();
          else socket.write('250 fine\r\n');
        });
      });
    for (const [cutAt, kind] of [
      ['rcpt', 'refused'],
      ['text', 'unknown'],
    ] as const) {
      const server = script(cutAt);
      closers.push(() => new Promise((resolve) => server.close(resolve)));
      const port = await listening(server, () => server.address());
      const sent = await createMailer({ url: `smtp://127.0.0.1:${port}`, from }).send(mail);
      expect(sent).toMatchObject({ ok: false, error: { kind, permanent: false } });
    }
  });

  it('is described by its URL', () => {
    expect(serverOf('smtps://mail.example')).toMatchObject({
      host: 'mail.example',
      port: 465,
      secure: true,
      user: '',
    });
    expect(serverOf('smtp://u:p@[::1]:25?requireTLS=true')).toMatchObject({
      host: '::1',
      port: 25,
      secure: false,
      requireTls: true,
    });
    expect(serverOf('smtp://mail.example').port).toBe(587);
  });
});
