import { Router } from 'express';
import type { Request, Response } from 'express';
import { ProblemError } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';
import { requireRol } from '../accounts/access.ts';
import type { ArtErr, ArtRec } from '../articles/art-int.ts';
import { mayEditArt, mayPublish } from '../articles/art-rgt.ts';
import { readable } from '../articles/readable.ts';
import { viewerOf } from '../viewer.ts';
import {
  deskField,
  deskFields,
  deskLabels,
  deskValues,
  differences,
  embargoOf,
  putOf,
} from './desk-form.ts';
import { stateNames } from './desk-list.ts';
import { fieldsOf, freshForm, refusedForm, typed } from './form.ts';
import type { Fields, FormView } from './form.ts';
import { given } from './given.ts';
import { links, withParameter } from './links.ts';
import type { PageDeps } from './page-deps.ts';
import { momentOf } from './wording.ts';

const kept = [...deskFields, 'embargo'];
const refusals: Record<ArtErr['code'], number> = {
  validation_failed: 400,
  cursor_invalid: 400,
  article_not_found: 404,
  article_id_taken: 409,
  article_section_unknown: 400,
  article_revision_conflict: 409,
  article_state_conflict: 409,
  article_incomplete: 400,
  article_embargo_past: 400,
};

type Again = { status: number; form: FormView };

/** Writing at the editor's desk: a new draft, changes, publishing, an embargo, withdrawing. */
export function deskPages({ art, show }: PageDeps): Router {
  const router = Router();

  const sectionOptions = async () =>
    (await art.lstSect()).map(({ sectCd, sectNm }) => ({ value: sectCd, label: sectNm }));

  /** The section is looked at last by the articles; here it is said together with all the rest. */
  async function withSection(error: ArtErr, sectCd: string): Promise<ArtErr> {
    if (error.code !== 'validation_failed' || sectCd === '') return error;
    const known = (await art.lstSect()).some((section) => section.sectCd === sectCd);
    const fault = { pointer: '/sectCd', problem: 'is unknown', remedy: 'Choose one of the list.' };
    return known ? error : { ...error, faults: [...(error.faults ?? []), fault] };
  }

  async function newPage(req: Request, res: Response, form: FormView, status = 200) {
    const head = { title: 'New article', path: '/desk/new', place: 'desk', status } as const;
    await show.page(req, res, { ...head, listed: false, stored: false }, '/desk-new', {
      form,
      sections: await sectionOptions(),
    });
  }

  router.get('/desk/new', async (req, res) => {
    const { nm } = requireRol(req, 'C');
    await newPage(req, res, freshForm({ authors: nm }));
  });

  router.post('/desk/new', async (req, res) => {
    const { usrId } = requireRol(req, 'C');
    const fields = fieldsOf(req);
    const made = await art.crtArt(putOf(fields), usrId);
    if (made.ok) {
      res.redirect(303, withParameter(links.desk(made.value.artRef), 'done', 'created'));
      return;
    }
    const error = await withSection(made.error, fields('section'));
    const form = refusedForm(typed(fields, kept), error, deskLabels, deskField);
    await newPage(req, res, form, refusals[made.error.code]);
  });

  /** The article if the viewer may change it. Throws `forbidden` for one that can only be read. */
  async function editable(req: Request, artRef: string): Promise<ArtRec> {
    const viewer = requireRol(req, 'C');
    const rec = readable(viewer, await art.getArt(artRef));
    if (mayEditArt(viewer, rec)) return rec;
    throw new ProblemError({
      code: 'forbidden',
      detail: 'The article has left your hands: an editor looks after it now.',
    });
  }

  /** What somebody else saved meanwhile, beside what was typed; null when nobody did. */
  function conflictOf(rec: ArtRec, seen: number, form: FormView) {
    if (seen === rec.rev) return null;
    return {
      seen,
      revision: rec.rev,
      when: momentOf(rec.updTs),
      differences: differences(deskValues(rec), form.values),
      reload: links.desk(rec.artRef),
    };
  }

  async function editPage(
    req: Request,
    res: Response,
    rec: ArtRec,
    seen = rec.rev,
    again: Again = { status: 200, form: freshForm(deskValues(rec)) },
  ): Promise<void> {
    const { form, status } = again;
    const head = {
      title: `Edit: ${rec.ttl}`,
      path: links.desk(rec.artRef),
      place: 'desk',
    } as const;
    const editor = mayPublish(viewerOf(req));
    await show.page(req, res, { ...head, status, listed: false, stored: false }, '/desk-edit', {
      form,
      sections: await sectionOptions(),
      title: rec.ttl,
      state: rec.sts,
      stateName: stateNames[rec.sts],
      revision: rec.rev,
      changed: momentOf(rec.updTs),
      until: rec.sts === 'E' && rec.embTs ? momentOf(rec.embTs) : null,
      conflict: conflictOf(rec, seen, form),
      action: links.desk(rec.artRef),
      view: links.article(rec.artRef),
      may: {
        save: rec.sts !== 'W',
        publish: editor && rec.sts !== 'P',
        schedule: editor && (rec.sts === 'D' || rec.sts === 'E'),
        withdraw: editor && (rec.sts === 'P' || rec.sts === 'E'),
      },
    });
  }

  router.get('/desk/articles/:ref', async (req, res) => {
    await editPage(req, res, await editable(req, req.params.ref));
  });

  const revisionOf = (fields: Fields) =>
    /^[1-9]\d{0,8}$/.test(fields('revision')) ? Number(fields('revision')) : 0;

  /** The page again after a refusal, on the newest revision, with everything that was typed. */
  async function refused(req: Request, res: Response, rec: ArtRec, seen: number, error: ArtErr) {
    const now = await art.getArt(rec.artRef);
    if (now === null) throw new ProblemError(error);
    const values = typed(fieldsOf(req), kept);
    const conflict = error.code === 'article_revision_conflict';
    const form = conflict ? freshForm(values) : refusedForm(values, error, deskLabels, deskField);
    const status = refusals[error.code];
    await editPage(req, res, now, conflict ? seen : now.rev, { status, form });
  }

  /** What the pressed button asks for once the text is saved. */
  async function act(todo: string, rec: ArtRec, fields: Fields): Promise<Result<ArtRec, ArtErr>> {
    if (todo === 'publish') return art.pubArt(rec.artRef, rec.rev);
    const embTs = embargoOf(fields('embargo'));
    if (embTs !== null) return art.schArt(rec.artRef, rec.rev, embTs);
    const fault = {
      pointer: '/embTs',
      problem: fields('embargo') === '' ? 'is empty' : 'is no date and time',
      remedy: 'Give the day and the time (UTC) at which the article is to be published.',
    };
    const detail = 'The text is saved, but there is no end of the embargo.';
    return { ok: false, error: { code: 'validation_failed', detail, faults: [fault] } };
  }

  router.post('/desk/articles/:ref', async (req, res) => {
    const rec = await editable(req, req.params.ref);
    const fields = fieldsOf(req);
    const todo = fields('do');
    const acts = todo === 'publish' || todo === 'schedule';
    if (acts) requireRol(req, 'E');
    const seen = revisionOf(fields);

    // What is withdrawn cannot be changed; its form has no fields.
    const saved: Result<ArtRec, ArtErr> =
      rec.sts === 'W'
        ? { ok: true, value: { ...rec, rev: seen } }
        : await art.updArt(rec.artRef, putOf(fields), seen);
    if (!saved.ok) {
      await refused(req, res, rec, seen, saved.error);
      return;
    }
    if (acts) {
      const acted = await act(todo, saved.value, fields);
      if (!acted.ok) {
        await refused(req, res, rec, saved.value.rev, acted.error);
        return;
      }
    }
    const done = todo === 'publish' ? 'published' : acts ? 'scheduled' : 'saved';
    res.redirect(303, withParameter(links.desk(rec.artRef), 'done', done));
  });

  router.post('/desk/articles/:ref/withdraw', async (req, res) => {
    requireRol(req, 'E');
    const rec = await editable(req, req.params.ref);
    const seen = revisionOf(fieldsOf(req));
    const gone = await art.wdrArt(rec.artRef, seen);
    if (gone.ok) {
      res.redirect(303, withParameter(links.desk(rec.artRef), 'done', 'withdrawn'));
      return;
    }
    const now = given({ ok: true, value: await art.getArt(rec.artRef) }) ?? rec;
    const form = { ...freshForm(deskValues(now)), problem: gone.error.detail };
    await editPage(req, res, now, now.rev, { status: refusals[gone.error.code], form });
  });

  return router;
}
