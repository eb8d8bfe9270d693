import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { type ConsumerSite, consumerSite, eventOf, type Member } from '../test/consumer-site.ts';
import {
  discardDeadLetter,
  listDeadLetterActions,
  listDeadLetters,
  replayDeadLetter,
  showDeadLetter,
} from './dead-letters.ts';

const actor = { id: 'u1', name: 'Olga' };
let site: ConsumerSite;
let member: Member;
let broken: Set<string>;

beforeEach(async () => {
  site = await consumerSite();
  broken = new Set(['a/1']);
  site.fails = (id) => (broken.has(id) ? new Error(`${id} is poison`) : undefined);
  member = await site.start();
});
afterEach(() => site.close());

/** Makes `a/1` and whatever else is broken dead, and gives the ids, the oldest first. */
async function dead(...ids: string[]): Promise<string[]> {
  await member.deliver(ids);
  await eventually(async () => expect(await site.count('inbox_waiting')).toBe(0));
  return (await listDeadLetters(site.pool)).map(({ id }) => id).reverse();
}
const soon = (ids: readonly string[]): Promise<void> =>
  eventually(async () => expect(await site.effects()).toEqual(ids));

describe('dead letters', () => {
  it('are listed, the latest first, by page and consumer', async () => {
    broken.add('b/1').add('c/1');
    const ids = await dead('a/1', 'b/1', 'c/1');
    const [first = '', second = '', third = ''] = ids;
    const list = async (query: Parameters<typeof listDeadLetters>[1]) =>
      (await listDeadLetters(site.pool, query)).map(({ id }) => id);
    expect(await list({ limit: 2 })).toEqual([third, second]);
    expect(await list({ before: second })).toEqual([first]);
    expect(await list({ consumer: 'activity' })).toHaveLength(3);
    expect(await list({ consumer: 'search' })).toEqual([]);
  });

  it('are shown with everything that is known', async () => {
    const [id = ''] = await dead('a/1');
    expect(await showDeadLetter(site.pool, id)).toEqual({
      ok: true,
      value: {
        ...{ id, consumer: 'activity', topic: 'newscience.route', partition: 0, position: '1' },
        ...{ key: 'a', event: eventOf('a/1'), attempts: 3, cause: 'a/1 is poison' },
        ...{ eventId: 'a/1', source: eventOf('a/1').source, type: eventOf('a/1').type },
        ...{ firstFailedAt: expect.any(Date), lastFailedAt: expect.any(Date) },
      },
    });
  });

  it.each(['0', '999999', '-1', 'x', '', '1;2', '99999999999999999999'])(
    'are not found under %j',
    async (id) => {
      const missing = { ok: false, error: { code: 'dead_letter_not_found' } };
      expect(await showDeadLetter(site.pool, id)).toMatchObject(missing);
      expect(await replayDeadLetter(site.pool, id, { actor })).toMatchObject(missing);
    },
  );
});

describe('a dead letter that is replayed', () => {
  it('has its effect once the cause is gone, and is written down', async () => {
    const [id = ''] = await dead('a/1', 'a/2');
    expect(await site.effects()).toEqual(['a/2']);
    broken.clear();
    expect(await replayDeadLetter(site.pool, id, { actor })).toMatchObject({
      ok: true,
      value: { id },
    });
    await soon(['a/2', 'a/1']);
    expect(await listDeadLetters(site.pool)).toEqual([]);
    expect(await listDeadLetterActions(site.pool)).toMatchObject([
      {
        ...{ action: 'replayed', actor, why: null, deadLetterId: id },
        deadLetter: { key: 'a', cause: 'a/1 is poison', eventId: 'a/1', type: eventOf('a/1').type },
      },
    ]);
  });

  it('comes behind what waits for its key', async () => {
    const [id = ''] = await dead('a/1');
    await member.stop();
    broken.add('a/2');
    const other = await site.start({ retry: { attempts: 1000, baseMs: 5, capMs: 20 } });
    await other.deliver(['a/2', 'a/3']);
    await replayDeadLetter(site.pool, id, { actor, why: 'mended' });
    broken.clear();
    await soon(['a/2', 'a/3', 'a/1']);
  });

  it('has all its attempts again, and is dead again after them', async () => {
    const [id = ''] = await dead('a/1');
    await replayDeadLetter(site.pool, id, { actor });
    const again = await eventually(async () => {
      const [letter] = await listDeadLetters(site.pool);
      expect(letter).toBeDefined();
      return letter;
    });
    expect(again).toMatchObject({ attempts: 3, eventId: 'a/1' });
    expect(again?.id).not.toBe(id);
  });

  it('is replayed once by two at the same time', async () => {
    const [id = ''] = await dead('a/1');
    broken.clear();
    const results = await Promise.all([
      replayDeadLetter(site.pool, id, { actor }),
      replayDeadLetter(site.pool, id, { actor }),
    ]);
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    await soon(['a/1']);
    expect(await listDeadLetterActions(site.pool)).toHaveLength(1);
  });
});

describe('a dead letter that is discarded', () => {
  it('never has its effect, not even when the bus delivers it again', async () => {
    const [id = ''] = await dead('a/1');
    broken.clear();
    expect(await discardDeadLetter(site.pool, id, { actor, why: 'a test' })).toMatchObject({
      ok: true,
    });
    await member.deliver(['a/1', 'a/2']);
    expect(await site.effects()).toEqual(['a/2']);
    expect(await listDeadLetterActions(site.pool)).toMatchObject([
      { action: 'discarded', actor, why: 'a test', deadLetterId: id },
    ]);
  });

  it.each([
    [2, false],
    [3, true],
    [500, true],
    [501, false],
  ])('with a reason of %i characters: %s', async (length, accepted) => {
    const [id = ''] = await dead('a/1');
    const why = 'x'.repeat(length);
    const result = await discardDeadLetter(site.pool, id, { actor, why });
    expect(result).toMatchObject(
      accepted ? { ok: true } : { ok: false, error: { code: 'reason_invalid' } },
    );
    expect(await site.count('inbox_dead_letter')).toBe(accepted ? 0 : 1);
  });

  it('is not discarded for blanks', async () => {
    const [id = ''] = await dead('a/1');
    expect(await discardDeadLetter(site.pool, id, { actor, why: '      ' })).toMatchObject({
      ok: false,
      error: { code: 'reason_invalid' },
    });
  });
});

describe('the audit log of dead letters', () => {
  it.each([
    "UPDATE audit.dead_letter_action SET why = 'nothing happened'",
    'DELETE FROM audit.dead_letter_action',
    'TRUNCATE audit.dead_letter_action',
  ])('cannot be rewritten by the service: %s', async (statement) => {
    await expect(site.pool.query(statement)).rejects.toThrow(/permission denied/);
  });
});
