import type { Pool, PoolClient } from 'pg';
import { withTransaction } from '@newscience/service-kit/postgres';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { ArtInt } from '../articles/art-int.ts';
import { maskMail } from './domain/mask-mail.ts';
import type { SubErr, SubInt, SubKnd, SubRec } from './sub-int.ts';
import * as sql from './sub-sql.ts';

/** `now` is the clock, for tests. */
export type SubDeps = { pool: Pool; art: ArtInt; now?: () => Date };

const mostItems = 200;
const tokenForm = /^[\w-]{32}$/;

async function sectionName(art: ArtInt, sectCd: string): Promise<string | null> {
  return (await art.lstSect()).find((sect) => sect.sectCd === sectCd)?.sectNm ?? null;
}

async function refusal(art: ArtInt, knd: SubKnd, val: string): Promise<SubErr | null> {
  if (knd === 'S') {
    if ((await sectionName(art, val)) !== null) return null;
    return { code: 'subscription_unknown_section', detail: 'There is no section with this code.' };
  }
  if (await art.hasTop(val)) return null;
  return { code: 'subscription_unknown_topic', detail: 'No article is on this topic.' };
}

async function follow(
  client: PoolClient,
  usrId: number,
  knd: SubKnd,
  val: string,
  now: Date,
): Promise<Result<null, SubErr>> {
  await sql.lockSettings(client, usrId, now);
  const items = await sql.selectItems(client, usrId);
  if (items.some((item) => item.knd === knd && item.val === val)) return ok(null);
  if (items.length >= mostItems) {
    return err({
      code: 'subscription_limit_reached',
      detail: `Nobody follows more than ${mostItems} topics and sections.`,
    });
  }
  await sql.insertItem(client, usrId, knd, val, now);
  await sql.setActive(client, usrId, true, now);
  return ok(null);
}

async function list(pool: Pool, art: ArtInt, usrId: number): Promise<SubRec[]> {
  const items = await sql.selectItems(pool, usrId);
  const sections = items.some(({ knd }) => knd === 'S') ? await art.lstSect() : [];
  const names = new Map(sections.map(({ sectCd, sectNm }) => [sectCd, sectNm]));
  return items.map((item) => ({
    ...item,
    nm: item.knd === 'S' ? (names.get(item.val) ?? item.val) : item.val,
  }));
}

/** The subscriptions module over its tables. */
export function createSub({ pool, art, now = () => new Date() }: SubDeps): SubInt {
  const byToken = async (tok: string) =>
    tokenForm.test(tok) ? sql.selectByToken(pool, tok) : null;
  return {
    lstSub: (usrId) => list(pool, art, usrId),
    addSub: async (usrId, knd, val) => {
      const refused = await refusal(art, knd, val);
      if (refused) return err(refused);
      return withTransaction(pool, (client) => follow(client, usrId, knd, val, now()));
    },
    delSub: async (usrId, knd, val) => !val.includes('\0') && sql.deleteItem(pool, usrId, knd, val),
    getDgst: (usrId) => sql.selectActive(pool, usrId),
    setDgst: (usrId, act) =>
      withTransaction(pool, async (client) => {
        await sql.lockSettings(client, usrId, now());
        await sql.setActive(client, usrId, act, now());
      }),
    getUns: async (tok) => {
      const found = await byToken(tok);
      return found && { emlMsk: maskMail(found.eml), act: found.act };
    },
    doUns: async (tok) => {
      const found = await byToken(tok);
      if (!found) return null;
      await sql.setActive(pool, found.usrId, false, now());
      return { emlMsk: maskMail(found.eml), act: false };
    },
  };
}
