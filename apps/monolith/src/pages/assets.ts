import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Router } from 'express';
import type { Response } from 'express';
import { ProblemError } from '@newscience/service-kit/problem';
import { pictureOf } from './motif/section-motifs.ts';

type Asset = { type: string; content: Buffer; version: string };

export type Assets = {
  /** The path of a file of `public/`, with its version: it can be kept for ever. Throws for an unknown name. */
  url: (name: string) => string;
  routes: Router;
};

const year = 31_536_000;
const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};
/** No file of the site is a document that may do anything. */
const policy = "default-src 'none'; frame-ancestors 'none'";

function asset(name: string, content: Buffer): [string, Asset] {
  const version = createHash('sha256').update(content).digest('base64url').slice(0, 10);
  const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  return [name, { type, content, version }];
}

/** All files of `public/`; the sheets in `public/style/` become one, in the order of their names. */
function readAssets(folder: string): Map<string, Asset> {
  const sheets = readdirSync(join(folder, 'style'))
    .filter((name) => name.endsWith('.css'))
    .sort()
    .map((name) => readFileSync(join(folder, 'style', name)));
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => asset(name, readFileSync(join(folder, name))));
  return new Map([asset('style.css', Buffer.concat(sheets)), ...files]);
}

/** The site's own files, read once at the start, and the pictures, which are drawn when asked for. */
export function createAssets(folder = join(import.meta.dirname, '../../public')): Assets {
  const assets = readAssets(folder);
  const missing = (path: string) =>
    new ProblemError({ code: 'not_found', detail: `There is no file ${path}.` });

  function send(res: Response, { type, content }: Asset, cache: string): void {
    res
      .set({ 'content-type': type, 'cache-control': cache, 'content-security-policy': policy })
      .send(content);
  }

  const routes = Router();
  routes.get('/assets/:version/:name', (req, res) => {
    const { version, name } = req.params;
    const found = assets.get(name);
    if (found === undefined) throw missing(req.path);
    // A page of an older or newer instance still finds its styles, but nobody keeps them under that name.
    send(res, found, version === found.version ? `public, max-age=${year}, immutable` : 'no-cache');
  });
  for (const name of ['favicon.svg', 'robots.txt']) {
    const found = assets.get(name);
    if (found) {
      routes.get(`/${name}`, (_req, res) => {
        send(res, found, 'public, max-age=3600');
      });
    }
  }
  routes.get('/pictures/:section/:seed', (req, res) => {
    const { section, seed } = req.params;
    if (!seed.endsWith('.svg') || seed.length > 130 || section.length > 130)
      throw missing(req.path);
    const content = Buffer.from(pictureOf(section, seed.slice(0, -4)));
    send(res, { type: types['svg'] ?? '', content, version: '' }, 'public, max-age=604800');
  });

  return {
    url(name) {
      const found = assets.get(name);
      if (found === undefined) throw new Error(`There is no file ${name} in public/.`);
      return `/assets/${found.version}/${name}`;
    },
    routes,
  };
}
