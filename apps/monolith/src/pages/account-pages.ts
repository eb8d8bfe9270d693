import { Router } from 'express';
import type { Request, Response } from 'express';
import { requireUser, roleName } from '../accounts/access.ts';
import { fieldsOf, freshForm, refusedForm, typed } from './form.ts';
import type { FormView } from './form.ts';
import { given, notFound } from './given.ts';
import { links, withParameter } from './links.ts';
import type { PageDeps } from './page-deps.ts';
import { refusedStatus } from './entry-pages.ts';
import { dayOf } from './wording.ts';

type Forms = { password: FormView; follow: FormView; removal: FormView };

const passwordLabels = { currentPassword: 'Current password', newPassword: 'New password' };
const followLabels = { section: 'Section', topic: 'Topic' };
const removalLabels = { password: 'Password' };

/** The reader's own page: password, what is followed, the daily mail, the end of the account. */
export function accountPages({ acct, art, sub, show }: PageDeps): Router {
  const router = Router();

  async function accountPage(
    req: Request,
    res: Response,
    forms: Partial<Forms> = {},
    status = 200,
  ) {
    const { usrId } = requireUser(req);
    const [usr, subs, mailOn, topics, allSections] = await Promise.all([
      acct.getUsrById(usrId),
      sub.lstSub(usrId),
      sub.getDgst(usrId),
      art.lstTop(200),
      art.lstSect(),
    ]);
    if (usr === null) throw notFound('The account is gone.');
    const head = { title: 'Your account', path: '/account', place: 'account', status } as const;
    await show.page(req, res, { ...head, listed: false, stored: false }, '/account', {
      forms: {
        password: forms.password ?? freshForm(),
        follow: forms.follow ?? freshForm(),
        removal: forms.removal ?? freshForm(),
      },
      removing: forms.removal !== undefined,
      user: { name: usr.nm, email: usr.eml, role: roleName(usr.rol), since: dayOf(usr.crtTs) },
      follows: subs.map(({ knd, val, nm }) => ({
        kind: knd,
        value: val,
        name: nm,
        url: knd === 'T' ? links.topic(val) : links.section(val),
      })),
      mailOn,
      topics: topics.map(({ topNm }) => topNm),
      sections: allSections.map(({ sectCd, sectNm }) => ({ value: sectCd, label: sectNm })),
    });
  }

  router.get('/account', async (req, res) => {
    await accountPage(req, res);
  });

  router.post('/account/password', async (req, res) => {
    requireUser(req);
    const fields = fieldsOf(req);
    const changed = await acct.chgPwd(req, res, fields('currentPassword'), fields('newPassword'));
    if (changed.ok) {
      res.redirect(303, '/account?done=password');
      return;
    }
    const { error } = changed;
    const wrong = error.code === 'account_password_wrong';
    const faults = wrong
      ? [{ pointer: '/currentPassword', problem: 'is wrong' }]
      : (error.faults ?? []);
    const password = refusedForm({}, { ...error, faults }, passwordLabels);
    await accountPage(req, res, { password }, refusedStatus(res, error));
  });

  /** Follows from the account page, or from the page of a section or topic, which `next` names. */
  router.post('/account/follow', async (req, res) => {
    const { usrId } = requireUser(req);
    const fields = fieldsOf(req);
    const wanted = [
      { knd: 'S', val: fields('section'), pointer: '/section' },
      { knd: 'T', val: fields('topic').trim(), pointer: '/topic' },
    ] as const;
    const chosen = wanted.filter(({ val }) => val !== '');
    const faults =
      chosen.length === 0
        ? [{ pointer: '/topic', problem: 'is empty', remedy: 'Choose a section or name a topic.' }]
        : [];
    for (const { knd, val, pointer } of chosen) {
      const added = await sub.addSub(usrId, knd, val);
      if (!added.ok)
        faults.push({ pointer, problem: 'is not followed', remedy: added.error.detail });
    }
    if (faults.length === 0) {
      const next = acct.safeNext(fields('next'), '/account#following');
      res.redirect(303, withParameter(next, 'done', 'followed'));
      return;
    }
    const values = typed(fields, ['section', 'topic']);
    const follow = refusedForm(values, { detail: '', faults }, followLabels);
    await accountPage(req, res, { follow }, 400);
  });

  router.post('/account/unfollow', async (req, res) => {
    const { usrId } = requireUser(req);
    const fields = fieldsOf(req);
    if (fields('section') !== '') await sub.delSub(usrId, 'S', fields('section'));
    if (fields('topic') !== '') await sub.delSub(usrId, 'T', fields('topic'));
    const next = acct.safeNext(fields('next'), '/account#following');
    res.redirect(303, withParameter(next, 'done', 'unfollowed'));
  });

  router.post('/account/mail', async (req, res) => {
    const { usrId } = requireUser(req);
    const on = fieldsOf(req)('active') === 'on';
    await sub.setDgst(usrId, on);
    res.redirect(303, `/account?done=mail-${on ? 'on' : 'off'}#following`);
  });

  router.post('/account/delete', async (req, res) => {
    requireUser(req);
    const gone = await acct.delUsr(req, res, fieldsOf(req)('password'));
    if (gone.ok) {
      res.redirect(303, '/?done=account-deleted');
      return;
    }
    if (gone.error.code === 'account_not_found') given(gone);
    const wrong = gone.error.code === 'account_password_wrong';
    const faults = wrong ? [{ pointer: '/password', problem: 'is wrong' }] : [];
    const removal = refusedForm({}, { ...gone.error, faults }, removalLabels);
    await accountPage(req, res, { removal }, refusedStatus(res, gone.error));
  });

  /** The page behind the link in a mail; the form on it is answered by the module of subscriptions. */
  router.get('/unsubscribe/:token', async (req, res) => {
    const { token } = req.params;
    const found = await sub.getUns(token);
    if (found === null) throw notFound('This link is not valid, or no longer.');
    const head = { title: 'Daily mail', path: '/', listed: false, stored: false };
    await show.page(req, res, head, '/unsubscribe', {
      email: found.emlMsk,
      active: found.act,
      action: `/unsubscribe/${encodeURIComponent(token)}`,
    });
  });

  return router;
}
