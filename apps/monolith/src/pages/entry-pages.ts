import { Router } from 'express';
import type { Request, Response } from 'express';
import type { AcctErr } from '../accounts/acct-int.ts';
import { viewerOf } from '../viewer.ts';
import { fieldsOf, freshForm, refusedForm, typed } from './form.ts';
import type { FormView } from './form.ts';
import { links, withParameter } from './links.ts';
import type { PageDeps } from './page-deps.ts';

/** The status of a page that shows a form again. */
export function refusedStatus(res: Response, error: AcctErr): number {
  if (error.retryAfterSeconds !== undefined)
    res.set('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  if (error.code === 'account_attempts_exceeded') return 429;
  return error.code === 'account_busy' ? 503 : 400;
}

const registerLabels = { name: 'Name', email: 'Mail address', password: 'Password' };
const logInLabels = { email: 'Mail address', password: 'Password' };

/** Register, log in, log out. */
export function entryPages({ acct, show }: PageDeps): Router {
  const router = Router();

  async function registerPage(req: Request, res: Response, form: FormView, status = 200) {
    const next = acct.safeNext(form.values['next']);
    const head = {
      title: 'Register',
      description: 'Make an account at New Science: comment, and follow topics and sections.',
      path: '/register',
      place: 'register',
      form: true,
      stored: false,
      status,
    } as const;
    await show.page(req, res, head, '/register', { form, next, logIn: links.logIn(next) });
  }

  router.get('/register', async (req, res) => {
    const next = acct.safeNext(req.query['next']);
    if (viewerOf(req).kind === 'user') {
      res.redirect(303, next);
      return;
    }
    await registerPage(req, res, freshForm({ next }));
  });

  router.post('/register', async (req, res) => {
    const fields = fieldsOf(req);
    const made = await acct.regUsr(req, {
      eml: fields('email').trim(),
      nm: fields('name'),
      pwd: fields('password'),
    });
    if (made.ok) {
      const logIn = links.logIn(acct.safeNext(fields('next')));
      res.redirect(303, withParameter(logIn, 'done', 'registered'));
      return;
    }
    const form = refusedForm(typed(fields, ['name', 'email', 'next']), made.error, registerLabels);
    await registerPage(req, res, form, refusedStatus(res, made.error));
  });

  async function logInPage(req: Request, res: Response, form: FormView, status = 200) {
    const next = acct.safeNext(form.values['next']);
    const register = next === '/' ? '/register' : withParameter('/register', 'next', next);
    const head = {
      title: 'Log in',
      path: '/login',
      place: 'login',
      form: true,
      stored: false,
      status,
    } as const;
    await show.page(req, res, head, '/login', { form, next, register });
  }

  router.get('/login', async (req, res) => {
    const next = acct.safeNext(req.query['next']);
    if (viewerOf(req).kind === 'user') {
      res.redirect(303, next);
      return;
    }
    await logInPage(req, res, freshForm({ next }));
  });

  router.post('/login', async (req, res) => {
    const fields = fieldsOf(req);
    const values = typed(fields, ['email', 'next']);
    const empty = Object.entries(logInLabels)
      .filter(([field]) => fields(field).trim() === '')
      .map(([field]) => ({ pointer: `/${field}`, problem: 'is empty' }));
    if (empty.length > 0) {
      const form = refusedForm(values, { detail: '', faults: empty }, logInLabels);
      await logInPage(req, res, form, 400);
      return;
    }
    const viewer = await acct.logIn(req, res, fields('email').trim(), fields('password'));
    if (viewer.ok) {
      res.redirect(303, acct.safeNext(fields('next')));
      return;
    }
    const form = refusedForm(values, viewer.error, logInLabels);
    await logInPage(req, res, form, refusedStatus(res, viewer.error));
  });

  router.post('/logout', async (req, res) => {
    await acct.logOut(req, res);
    res.redirect(303, '/?done=logged-out');
  });

  return router;
}
