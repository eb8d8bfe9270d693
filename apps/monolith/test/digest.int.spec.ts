import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { ArtInt } from '../src/articles/art-int.ts';
import type { DgstInt } from '../src/digest/dgst-int.ts';
import { createDigest, startDigest } from '../src/digest/dgst-mod.ts';
import { digestRunsSchema } from '../src/digest/operations.ts';
import { digestRoutes } from '../src/digest/routes.ts';
import type { Mail, MailFault } from '../src/digest/mailer.ts';
import type { SubInt } from '../src/subscriptions/sub-int.ts';
import { createSub } from '../src/subscriptions/sub-mod.ts';
import { eventually } from '@newscience/testing/eventually';
import type { Base, Person } from './articles-site.ts';
import { addPerson, logger, must, published, startBase, startSite } from './articles-site.ts';

let base: Base;
let sub: SubInt;
let outbox: Mail[];
let answer: (mail: Mail) => Promise<Result<null, MailFault>>;
let dayNo = 0;

beforeAll(async () => {
  base = await startBase();
  sub = createSub({ pool: base.pool, art: base.art, now: () => base.clock.now });
  await published(
    base,
    { artRef: 'seed', tops: ['Optics', 'Birds'], sectCd: 'neuroscience' },
    new Date('2020-01-01'),
  );
});
afterAll(() => base.close());

beforeEach(async () => {
  await base.pool.query('delete from dgst_snt');
  await base.pool.query('delete from sub_itm');
  await base.pool.query('delete from dgst_cfg');
  outbox = [];
  answer = () => Promise.resolve(ok(null));
  // Each test has days of its own, far from each other.
  dayNo += 100;
  at('-1T12:00');
});

/** `0T06:00` is six o'clock of the test's day. */
function at(text: string): void {
  const [day, time] = text.split('T');
  base.clock.now = new Date(
    Date.UTC(2021, 0, dayNo + Number(day)) + Date.parse(`1970-01-01T${time ?? ''}:00Z`),
  );
}
const day = (n: number) => new Date(Date.UTC(2021, 0, dayNo + n)).toISOString().slice(0, 10);

function instance({
  art = base.art,
  mayRepeat = true,
}: { art?: ArtInt; mayRepeat?: boolean } = {}): DgstInt {
  const mailer = {
    mayRepeat,
    send: (mail: Mail) => {
      outbox.push(mail);
      return answer(mail);
    },
  };
  return createDigest({
    pool: base.pool,
    art,
    mailer,
    siteUrl: 'https://ns.example/',
    at: '06:00',
    logger,
    now: () => base.clock.now,
  });
}

/** Articles that are not found before `wake`: the instance sleeps between its claim and its mail. */
function sleeper(): { art: ArtInt; wake: () => void } {
  const gate = Promise.withResolvers<undefined>();
  const lstNew: ArtInt['lstNew'] = async (...given) => {
    await gate.promise;
    return base.art.lstNew(...given);
  };
  return { art: { ...base.art, lstNew }, wake: () => gate.resolve(undefined) };
}

const follow = async (who: Person, topNm = 'Optics') =>
  must(await sub.addSub(who.usrId, 'T', topNm));
let n = 0;
const publish = (topNm = 'Optics', pubTs?: Date) => {
  n += 1;
  return published(base, { artRef: `new-${n}`, ttl: `New ${n}`, tops: [topNm] }, pubTs);
};
const titles = (mail: Mail | undefined) =>
  (mail?.text.match(/^New \d+$/gm) ?? []).map((title) => title.slice(4)).map(Number);
const row = async (who: Person, of = 0) => {
  const { rows } = await base.pool.query<{ sts: string; att: number; err: string | null }>(
    'select sts, att, err from dgst_snt where usr_id = $1 and dy = $2',
    [who.usrId, day(of)],
  );
  return rows[0];
};

describe('the digest', () => {
  it('goes out at its time to followers of topics and sections, with what is new to each', async () => {
    const { reader, other, writer, editor } = base.people;
    const before = await publish();
    at('-1T13:00');
    await follow(reader);
    must(await sub.addSub(other.usrId, 'S', 'space-and-physics'));
    await follow(writer, 'Birds');
    at('-1T14:00');
    const first = await publish('Optics');
    at('-1T15:00');
    const second = await publish('Birds');
    at('0T05:59');
    const digest = instance();
    await digest.tckDgst();
    expect(outbox).toEqual([]);
    at('0T06:00');
    await digest.tckDgst();
    const to = (who: Person) => outbox.filter(({ to: { name } }) => name === who.nm);
    expect(outbox).toHaveLength(3);
    const numbers = [first, second].map(({ ttl }) => Number(ttl.slice(4)));
    expect(titles(to(reader)[0])).toEqual([numbers[0]]);
    expect(titles(to(other)[0])).toEqual([numbers[1], numbers[0]]);
    expect(titles(to(writer)[0])).toEqual([numbers[1]]);
    expect(to(editor)).toEqual([]);
    expect(to(reader)[0]?.text).not.toContain(before.ttl);
    expect(to(reader)[0]?.unsubscribeUrl).toMatch(
      /^https:\/\/ns\.example\/unsubscribe\/[\w-]{32}$/,
    );
    expect(await digest.lstDgst(5)).toEqual([
      { dy: day(0), opn: 0, snt: 3, non: 0, fld: 0, unk: 0 },
    ]);
  });

  it('is sent once a day, and names each article once', async () => {
    await follow(base.people.reader);
    at('-1T14:00');
    await publish();
    at('0T06:00');
    const digest = instance();
    await digest.tckDgst();
    at('0T06:01');
    await publish();
    await digest.tckDgst();
    await instance().tckDgst();
    expect(outbox).toHaveLength(1);
    at('1T06:00');
    await digest.tckDgst();
    expect(outbox.map(titles)).toEqual([[n - 1], [n]]);
    at('2T06:00');
    await digest.tckDgst();
    expect(outbox).toHaveLength(2);
    expect(await row(base.people.reader, 2)).toMatchObject({ sts: 'N' });
  });

  it('names an article that became visible after the digest it belongs to', async () => {
    await follow(base.people.reader);
    at('0T06:00');
    await instance().tckDgst();
    at('0T06:10');
    await publish('Optics', new Date(base.clock.now.getTime() - 20 * 60_000));
    at('1T06:00');
    await instance().tckDgst();
    expect(outbox.map(titles)).toEqual([[n]]);
  });

  it('leaves out who follows nothing, has switched it off, is suspended or gone', async () => {
    const { reader, other, writer } = base.people;
    const suspended = await addPerson(base.pool, `Suspended ${dayNo}`, 'R');
    for (const who of [reader, other, writer, suspended]) await follow(who);
    await sub.delSub(reader.usrId, 'T', 'Optics');
    await sub.setDgst(other.usrId, false);
    await base.pool.query(`update usr set sts = 'X' where usr_id = $1`, [suspended.usrId]);
    at('-1T14:00');
    await publish();
    at('0T06:00');
    await instance().tckDgst();
    expect(outbox.map(({ to }) => to.name)).toEqual([writer.nm]);
  });

  it('leaves out who unsubscribes while it is being sent', async () => {
    const { reader, other } = base.people;
    await follow(reader);
    await follow(other);
    at('-1T14:00');
    await publish();
    at('0T06:00');
    answer = async () => {
      await sub.setDgst(reader.usrId, false);
      await sub.setDgst(other.usrId, false);
      return ok(null);
    };
    await instance().tckDgst();
    expect(outbox).toHaveLength(1);
  });

  it('is made up for later in the day when nobody was running at its time', async () => {
    await follow(base.people.reader);
    at('-1T14:00');
    await publish();
    at('0T18:00');
    await instance().tckDgst();
    expect(outbox).toHaveLength(1);
  });

  it('can be sent early by an operator, and then not again that day', async () => {
    await follow(base.people.reader);
    at('0T02:00');
    await publish();
    at('0T03:00');
    expect(await instance().runDgst()).toMatchObject({ dy: day(0), snt: 1 });
    at('0T06:00');
    await instance().tckDgst();
    expect(outbox).toHaveLength(1);
  });
});

describe('with two instances', () => {
  it('each subscriber gets one mail', async () => {
    const followers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => addPerson(base.pool, `Many ${dayNo} ${i}`, 'R')),
    );
    for (const who of followers) await follow(who);
    at('-1T14:00');
    await publish();
    at('0T06:00');
    await Promise.all([instance().tckDgst(), instance().tckDgst(), instance().runDgst()]);
    expect(outbox.map(({ to }) => to.name).sort()).toEqual(followers.map(({ nm }) => nm).sort());
    await base.pool.query('delete from usr where usr_id = any($1)', [
      followers.map(({ usrId }) => usrId),
    ]);
  });

  it('one that stops before the mail is taken over, and finds on waking that it has lost it', async () => {
    await follow(base.people.reader);
    at('-1T14:00');
    await publish();
    at('0T06:00');
    const { art, wake } = sleeper();
    const asleep = instance({ art }).tckDgst();
    await eventually(async () => expect(await row(base.people.reader)).toMatchObject({ sts: 'C' }));
    base.clock.now = new Date(base.clock.now.getTime() + 60_000);
    await instance().tckDgst();
    expect(outbox).toEqual([]);
    base.clock.now = new Date(base.clock.now.getTime() + 1);
    await instance().tckDgst();
    expect(outbox).toHaveLength(1);
    wake();
    await asleep;
    expect(outbox).toHaveLength(1);
    expect(await row(base.people.reader)).toMatchObject({ sts: 'S', att: 2 });
  });
});

describe('of two sleepers on one mail', () => {
  it('the one that was taken over sends nothing, whenever it wakes', async () => {
    await follow(base.people.reader);
    at('-1T14:00');
    await publish();
    at('0T06:00');
    const [first, second] = [sleeper(), sleeper()];
    const a = instance({ art: first.art }).tckDgst();
    await eventually(async () => expect(await row(base.people.reader)).toMatchObject({ att: 1 }));
    at('0T06:02');
    const b = instance({ art: second.art }).tckDgst();
    await eventually(async () => expect(await row(base.people.reader)).toMatchObject({ att: 2 }));
    first.wake();
    await a;
    expect(outbox).toEqual([]);
    expect(await row(base.people.reader)).toMatchObject({ sts: 'C' });
    second.wake();
    await b;
    expect(outbox).toHaveLength(1);
    expect(await row(base.people.reader)).toMatchObject({ sts: 'S', att: 2 });
  });
});

describe('a crash while the mail is handed over', () => {
  async function crash(mayRepeat: boolean): Promise<void> {
    await follow(base.people.reader);
    at('-1T14:00');
    await publish();
    at('0T06:00');
    answer = () => new Promise(() => undefined);
    void instance({ mayRepeat }).tckDgst();
    await eventually(() => expect(outbox).toHaveLength(1));
    answer = () => Promise.resolve(ok(null));
    at('0T06:02');
    await instance({ mayRepeat }).tckDgst();
  }

  it('into the folder is repeated: the file is the same', async () => {
    await crash(true);
    expect(outbox.map(({ key }) => key)).toEqual([outbox[0]?.key, outbox[0]?.key]);
    expect(outbox[1]).toEqual(outbox[0]);
    expect(await row(base.people.reader)).toMatchObject({ sts: 'S' });
  });

  it('to a server is not repeated but told, and the next day names the article again', async () => {
    await crash(false);
    expect(outbox).toHaveLength(1);
    expect(await row(base.people.reader)).toMatchObject({
      sts: 'U',
      err: 'handed over, then the sender died',
    });
    at('1T06:00');
    await instance({ mayRepeat: false }).tckDgst();
    expect(outbox.map(titles)).toEqual([[n], [n]]);
  });

  it('that happens each time is given up', async () => {
    await crash(true);
    await base.pool.query(`update dgst_snt set sts = 'T', att = 5, clm_ts = $1`, [base.clock.now]);
    at('0T06:10');
    await instance().tckDgst();
    expect(await row(base.people.reader)).toMatchObject({
      sts: 'F',
      err: 'the sender died each time',
    });
  });
});

describe('a mail that fails', () => {
  const refused = (permanent: boolean): Result<null, MailFault> => ({
    ok: false,
    error: { kind: 'refused', permanent, detail: 'busy' },
  });

  beforeEach(async () => {
    await follow(base.people.reader);
    at('-1T14:00');
    await publish();
    at('0T06:00');
  });

  it('is tried again after a pause, and sent once it works', async () => {
    answer = () => Promise.resolve(refused(false));
    await instance().tckDgst();
    expect(await row(base.people.reader)).toEqual({ sts: 'P', att: 1, err: 'busy' });
    await instance().tckDgst();
    expect(outbox).toHaveLength(1);
    at('0T06:01');
    answer = () => Promise.resolve(ok(null));
    await instance().tckDgst();
    expect(outbox).toHaveLength(2);
    expect(await row(base.people.reader)).toEqual({ sts: 'S', att: 2, err: null });
  });

  it('is given up after five tries, and its articles come the next day', async () => {
    answer = () => Promise.resolve(refused(false));
    for (const time of [
      '0T06:00',
      '0T06:01',
      '0T06:06',
      '0T06:21',
      '0T07:21',
      '0T09:00',
      '0T12:00',
    ]) {
      at(time);
      await instance().tckDgst();
    }
    expect(outbox).toHaveLength(5);
    expect(await row(base.people.reader)).toEqual({ sts: 'F', att: 5, err: 'busy' });
    answer = () => Promise.resolve(ok(null));
    at('1T06:00');
    await instance().tckDgst();
    expect(titles(outbox[5])).toEqual([n]);
  });

  it('for good is given up at once', async () => {
    answer = () => Promise.resolve(refused(true));
    await instance().tckDgst();
    expect(await row(base.people.reader)).toMatchObject({ sts: 'F', att: 1 });
  });

  it('without an answer is not sent again', async () => {
    answer = () =>
      Promise.resolve({
        ok: false,
        error: { kind: 'unknown', permanent: false, detail: 'Timeout' },
      });
    await instance().tckDgst();
    at('0T12:00');
    await instance().tckDgst();
    expect(outbox).toHaveLength(1);
    expect(await row(base.people.reader)).toMatchObject({ sts: 'U', err: 'Timeout' });
  });

  it('and is still open the next day is closed: one mail a day', async () => {
    answer = () => Promise.resolve(refused(false));
    at('0T23:59');
    await instance().tckDgst();
    answer = () => Promise.resolve(ok(null));
    at('1T06:00');
    await instance().tckDgst();
    expect(outbox).toHaveLength(2);
    expect(await row(base.people.reader)).toMatchObject({ sts: 'F', err: 'busy' });
    expect(await row(base.people.reader, 1)).toMatchObject({ sts: 'S' });
  });

  it('is shown to the operator alone, with a masked address', async () => {
    answer = () => Promise.resolve(refused(false));
    const dgst = instance();
    const site = await startSite(base, [digestRoutes({ dgst })]);
    const { operator, editor } = base.people;
    const run = await site.ask('POST', '/api/v1/digest/runs', { as: operator });
    expect(run.body).toEqual({
      day: day(0),
      open: 1,
      sent: 0,
      nothingNew: 0,
      failed: 0,
      unconfirmed: 0,
    });
    const list = digestRunsSchema.parse(
      (await site.ask('GET', '/api/v1/digest/runs', { as: operator })).body,
    );
    expect(list.items).toHaveLength(1);
    expect(list.faults).toMatchObject([
      { address: 'r…r@example.org', state: 'retrying', attempts: 1, problem: 'busy' },
    ]);
    expect((await site.ask('POST', '/api/v1/digest/runs', { as: editor })).status).toBe(403);
    expect((await site.ask('GET', '/api/v1/digest/runs')).status).toBe(401);
    await site.close();
  });
});

describe('the job', () => {
  it('ticks, one at a time, and stops after the mail that it is sending', async () => {
    const { reader, other } = base.people;
    await follow(reader);
    await follow(other);
    at('-1T14:00');
    await publish();
    at('0T06:00');
    const gate = Promise.withResolvers<Result<null, MailFault>>();
    answer = () => gate.promise;
    const stop = startDigest({ dgst: instance(), logger, everyMs: 5 });
    await eventually(() => expect(outbox).toHaveLength(1));
    const stopped = stop();
    gate.resolve(ok(null));
    await stopped;
    expect(outbox).toHaveLength(1);
    expect([(await row(reader))?.sts, (await row(other))?.sts].sort()).toEqual(['P', 'S']);
  });
});
