import { existsSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  desk,
  fakeSite,
  line,
  lines,
  type Desk,
  type Printed,
} from '../../test/import-terminal.ts';

let site: Awaited<ReturnType<typeof fakeSite>>;
let at: Desk;
beforeEach(async () => {
  site = await fakeSite();
  at = desk({ NEWSCIENCE_URL: site.url, NEWSCIENCE_EMAIL: 'e@x.org', NEWSCIENCE_PASSWORD: 'p' });
});
afterEach(async () => {
  at.clear();
  await site.close();
});

/** Fields and line numbers of the report. */
function report(name: string): string[] {
  const text = readFileSync(join(at.folder, `.newscience/import/${name}.rejected.jsonl`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((json) => {
      const { line: number, field, reason } = JSON.parse(json) as Record<string, string>;
      return `${number} ${field}: ${reason}`;
    });
}

const ledgers = (): string[] =>
  readdirSync(join(at.folder, '.newscience/import')).filter((name) => name.endsWith('.sqlite'));

const json = ({ out }: Printed): unknown => JSON.parse(out);

describe('npm run import', () => {
  it('brings in a file, and a second time changes nothing and says so', async () => {
    at.file('a.jsonl', `${lines(250).join('\n')}\n`);
    const first = await at.run(['a.jsonl']);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^250 created, 0 updated, 0 unchanged, 0 rejected\. /);
    expect(site.batches.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(site.logins()).toBe(1);
    expect(ledgers()).toEqual([]);
    const second = await at.run(['a.jsonl']);
    expect(second.code).toBe(0);
    expect(second.out).toMatch(/^Nothing changed: all 250 articles are as in the file\./);
  });

  it('updates a line that changed', async () => {
    at.file('a.jsonl', lines(3).join('\n'));
    await at.run(['a.jsonl']);
    at.file('a.jsonl', [...lines(2), line('line-3', { title: 'Other' })].join('\n'));
    expect((await at.run(['a.jsonl'])).out).toMatch(/^0 created, 1 updated, 2 unchanged/);
  });

  it('takes gzip, BOM, CRLF, blank lines and no line feed at the end', async () => {
    const text = `\ufeff${line('one')}\r\n\r\n${line('two')}\r\n   \n${line('three')}`;
    at.file('a.jsonl.gz', gzipSync(text));
    const done = await at.run(['a.jsonl.gz', '--json']);
    expect(json(done)).toMatchObject({ outcome: 'complete', lines: 5, created: 3, rejected: 0 });
  });

  it('says of an empty file that there is nothing to do', async () => {
    at.file('empty.jsonl', '');
    expect(await at.run(['empty.jsonl'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('The file has no lines') as unknown,
    });
    expect(site.batches).toEqual([]);
  });

  it('lists every rejected line with field and reason, and goes on behind it', async () => {
    const bad = [
      line('ok-1'),
      '{"id":',
      line('no-date', { publishedAt: '2020-02-30' }),
      line('html', { title: '<i>Title</i>' }),
      line('ok-1', { title: 'Again' }),
      JSON.stringify({ id: 'types', title: 5, authors: 'x', publishedAt: 2020, body: [] }),
      line('refused-by-the-site'),
      line('ok-2'),
    ];
    const body = Buffer.concat([
      Buffer.from(`${bad.join('\n')}\n`),
      Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]),
      Buffer.from(`${line('long', { body: 'x'.repeat(524_289) })}\n`),
      Buffer.from(`${line('fits', { body: 'x'.repeat(524_288) })}\n${line('ok-3')}`),
    ]);
    at.file('bad.jsonl', body);
    const done = await at.run(['bad.jsonl']);
    expect(done.code).toBe(1);
    expect(done.out).toMatch(/^4 created, 0 updated, 0 unchanged, 8 rejected\./);
    expect([...site.taken.keys()].sort()).toEqual([
      'fits',
      'ok-1',
      'ok-2',
      'ok-3',
      'refused-by-the-site',
    ]);
    expect(report('bad')).toEqual([
      expect.stringMatching(/^2 : is no JSON/),
      '3 publishedAt: is no date. Give a day of the calendar as YYYY-MM-DD.',
      '4 title: contains an HTML tag. Give plain text; a less-than sign may stand alone.',
      '5 id: is the id of line 1 too. Leave one of the two out.',
      '6 title: is no string. Give a value of type string.',
      '6 authors: is no array. Give a value of type array.',
      '6 publishedAt: is no string. Give a value of type string.',
      '6 body: is no string. Give a value of type string.',
      '7 id: is not liked',
      '9 : is no valid UTF-8. Encode the line as UTF-8.',
      '10 body: is too long. Give at most 524288 bytes of UTF-8.',
    ]);
    expect((await at.run(['bad.jsonl', '--allow-rejects'])).code).toBe(0);
  });

  it('counts a line of 50 MB as rejected and goes on', async () => {
    const long = Buffer.alloc(50_000_000, 'x');
    at.file('long.jsonl', Buffer.concat([long, Buffer.from(`\n${line('after')}\n`)]));
    const done = await at.run(['long.jsonl', '--json']);
    expect(done.code).toBe(1);
    expect(json(done)).toMatchObject({ created: 1, rejected: 1, lines: 2 });
    expect(report('long')).toEqual(['1 : has 50000000 bytes. Give at most 4194304 bytes a line.']);
  });

  it('brings in all before the cut of a truncated gzip, and says what is wrong', async () => {
    at.file('cut.jsonl.gz', gzipSync(lines(3000).join('\n')));
    const path = join(at.folder, 'cut.jsonl.gz');
    truncateSync(path, Math.floor(statSync(path).size / 2));
    const done = await at.run(['cut.jsonl.gz']);
    expect(done.code).toBe(4);
    expect(done.err).toMatch(/Ended after line [\d,]+: the gzip file ends too early/);
    expect(site.taken.size).toBeGreaterThan(1000);
  });

  it('checks without sending anything', async () => {
    at.file('a.jsonl', [...lines(5), line('bad', { title: '' })].join('\n'));
    const done = await at.run(['a.jsonl', '--dry-run'], { env: { NEWSCIENCE_URL: '' } });
    expect(done.code).toBe(1);
    expect(done.out).toMatch(/^Checked 6 lines: 1 would be rejected\. Nothing was sent\./);
    expect(site.batches).toEqual([]);
    expect(ledgers()).toEqual([]);
  });

  it('mentions fields that nothing is made of', async () => {
    at.file(
      'a.jsonl',
      [line('a', { institution: 'x' }), line('b', { institution: 'y' })].join('\n'),
    );
    expect((await at.run(['a.jsonl'])).err).toMatch(/the field "institution" \(2 lines\)/);
  });

  it('shows a bar on a terminal', async () => {
    at.file('a.jsonl', lines(300).join('\n'));
    expect((await at.run(['a.jsonl'], { tty: true })).err).toMatch(/lines \| \d+\/s \| .* left/);
  });

  it.each([
    [[], /missing required argument 'file'/],
    [['missing.jsonl'], /missing\.jsonl cannot be read \(ENOENT\)/],
    [['.'], /is no file/],
    [['a.jsonl', '--nonsense'], /unknown option '--nonsense'/],
    [['a.jsonl', '--retry-for', 'long'], /Give seconds from 0 to 86400/],
    [['a.jsonl', '--report', '/dev/null/x/report.jsonl'], /The report cannot be written/],
  ])('%j is wrong usage', async (args, said) => {
    at.file('a.jsonl', line('a'));
    const done = await at.run(args);
    expect(done.code).toBe(2);
    expect(done.err).toMatch(said);
    expect(site.batches).toEqual([]);
  });

  it('explains itself', async () => {
    const { code, out } = await at.run(['--help']);
    expect(code).toBe(0);
    for (const word of ['--dry-run', '--allow-rejects', '--report', '--json', 'Exit codes']) {
      expect(out).toContain(word);
    }
  });
});

describe('an import that does not get to its end', () => {
  it('tries again while the site is away', async () => {
    at.file('a.jsonl', lines(150).join('\n'));
    const statuses = [0, 503, 502, 200];
    site.answer((_ids, attempt) => statuses[attempt - 1] ?? 200);
    const done = await at.run(['a.jsonl', '--retry-for', '30']);
    expect(done.code).toBe(0);
    expect(done.err.match(/Trying again for/g)).toHaveLength(3);
    expect(site.taken.size).toBe(150);
  });

  it('gives up in the end, says how to go on, and goes on', async () => {
    at.file('a.jsonl', [...lines(250), line('bad', { title: '' })].join('\n'));
    site.answer((_ids, attempt) => (attempt <= 2 ? 200 : 503));
    const broken = await at.run(['a.jsonl', '--retry-for', '0']);
    expect(broken.code).toBe(3);
    expect(broken.out).toMatch(/^200 created/);
    expect(broken.err).toMatch(
      /Stopped after line 200\. Give the same command again to go on from there/,
    );
    expect(ledgers()).toHaveLength(1);

    site.answer(() => 200);
    site.batches.length = 0;
    const done = await at.run(['a.jsonl', '--json']);
    expect(done.code).toBe(1);
    expect(done.err).toMatch(/Going on after line 200/);
    expect(json(done)).toMatchObject({
      created: 250,
      rejected: 1,
      lines: 251,
      continuedAfterLine: 200,
    });
    expect(site.batches.flat()).toHaveLength(50);
    expect(ledgers()).toEqual([]);
  });

  it('finds a double id on both sides of the stop, and reports each line once', async () => {
    const all = [line('bad', { title: '' }), ...lines(150), line('line-3')];
    at.file('a.jsonl', all.join('\n'));
    site.answer((_ids, attempt) => (attempt === 1 ? 200 : 503));
    await at.run(['a.jsonl', '--retry-for', '0']);
    site.answer(() => 200);
    expect((await at.run(['a.jsonl'])).code).toBe(1);
    expect(report('a')).toEqual([
      '1 title: is empty. Give a text.',
      '152 id: is the id of line 4 too. Leave one of the two out.',
    ]);
  });

  it('is stopped by a signal after the batch in flight', async () => {
    at.file('a.jsonl', lines(1000).join('\n'));
    const stop = new AbortController();
    site.answer((_ids, attempt) => {
      if (attempt === 3) stop.abort();
      return 200;
    });
    const stopped = await at.run(['a.jsonl'], { signal: stop.signal });
    expect(stopped.code).toBe(3);
    expect(stopped.err).toMatch(/Stopped after line 300/);
    expect(site.taken.size).toBe(300);
    expect((await at.run(['a.jsonl', '--json'])).out).toMatch(/"continuedAfterLine":300/);
    expect(site.batches.flat()).toHaveLength(1000);
  });

  it('is stopped by a signal while it waits for the site', async () => {
    at.file('a.jsonl', lines(10).join('\n'));
    const stop = new AbortController();
    site.answer(() => {
      setTimeout(() => stop.abort(), 50);
      return 503;
    });
    const stopped = await at.run(['a.jsonl', '--retry-for', '3600'], { signal: stop.signal });
    expect(stopped.code).toBe(3);
    expect(stopped.err).toMatch(/Stopped after line 0/);
  });

  it('begins anew when asked to, and when the file changed', async () => {
    const name = at.file('a.jsonl', lines(250).join('\n'));
    const broken = async (): Promise<void> => {
      site.answer((_ids, attempt) => (attempt % 2 === 1 ? 200 : 503));
      site.batches.length = 0;
      await at.run([name, '--retry-for', '0', '--restart']);
      site.answer(() => 200);
      site.batches.length = 0;
    };
    await broken();
    await at.run([name, '--restart']);
    expect(site.batches.flat()).toHaveLength(250);
    await broken();
    utimesSync(join(at.folder, name), new Date(), new Date(Date.now() + 5000));
    await at.run([name]);
    expect(site.batches.flat()).toHaveLength(250);
  });

  it('is refused while another one of the same file is running', async () => {
    const name = at.file('a.jsonl', lines(10).join('\n'));
    let second: Promise<Printed> | undefined;
    site.answer(async () => {
      second ??= at.run([name]);
      await second;
      return 200;
    });
    expect((await at.run([name])).code).toBe(0);
    expect(await second).toMatchObject({
      code: 2,
      err: expect.stringContaining('Another import of this file is running') as unknown,
    });
  });

  it.each([
    [401, /nope/],
    [403, /nope/],
    [400, /nope/],
  ])('does not insist when the site answers %d', async (status, said) => {
    at.file('a.jsonl', lines(10).join('\n'));
    site.answer(() => status);
    const done = await at.run(['a.jsonl']);
    expect(done.code).toBe(3);
    expect(done.err.toLowerCase()).toMatch(said);
    expect(site.batches.length).toBeLessThanOrEqual(2);
  });

  it('says so when no site is known, and when none listens', async () => {
    at.file('a.jsonl', line('a'));
    const unknown = await at.run(['a.jsonl'], { env: { NEWSCIENCE_URL: '' } });
    expect(unknown.code).toBe(3);
    expect(unknown.err).toMatch(/no running site is known/i);
    await site.close();
    const away = await at.run(['a.jsonl', '--retry-for', '0']);
    expect(away.code).toBe(3);
    expect(away.err).toMatch(/Nothing listens at/);
    expect(existsSync(join(at.folder, '.newscience/import'))).toBe(true);
  });
});
