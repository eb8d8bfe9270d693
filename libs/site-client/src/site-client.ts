import { ok, type Result } from '@newscience/service-kit/result';
import type { Site } from './find-site.ts';
import { login, type AccessToken } from './login.ts';
import { send, type Incoming, type Outgoing } from './send.ts';
import type { SiteError } from './site-error.ts';

export type Call = Omit<Outgoing, 'timeoutMs'> & {
  /** Starts with a slash, query included. */
  path: string;
  /** Which door: what readers use, or the gateway's operator API. Default `site`. */
  door?: 'site' | 'operator';
  /** Default 30,000. */
  timeoutMs?: number;
};

/**
 * Talks to one site as one account. Logs in at the first call, again shortly before the token ends, and
 * once more if the site says 401 to a token that it issued itself (its keys may have been rotated).
 */
export class SiteClient {
  readonly #site: Site;
  readonly #now: () => number;
  #token: AccessToken | undefined;

  constructor(site: Site, { now = Date.now }: { now?: () => number } = {}) {
    this.#site = site;
    this.#now = now;
  }

  /** The answer to one call; every failure comes back as data. Rejects only when the call's own `signal` aborts. */
  async call({
    path,
    door = 'site',
    timeoutMs = 30_000,
    ...outgoing
  }: Call): Promise<Result<Incoming, SiteError>> {
    const base = door === 'site' ? this.#site.url : this.#site.operatorUrl;
    if (base === undefined) return { ok: false, error: unknownDoor(door) };
    const first = await this.#attempt(base + path, { ...outgoing, timeoutMs });
    const expired =
      !first.ok && first.error.code === 'not_authorised' && first.error.refusal.status === 401;
    if (!expired || this.#site.credentials.kind !== 'password') return first;
    this.#token = undefined;
    return this.#attempt(base + path, { ...outgoing, timeoutMs });
  }

  async #attempt(url: string, outgoing: Outgoing): Promise<Result<Incoming, SiteError>> {
    const token = await this.#currentToken();
    if (!token.ok) return token;
    return send(url, {
      ...outgoing,
      headers: { ...outgoing.headers, authorization: `Bearer ${token.value}` },
    });
  }

  async #currentToken(): Promise<Result<string, SiteError>> {
    if (this.#token === undefined || this.#token.renewAt <= this.#now()) {
      const fresh = await login(this.#site.url, this.#site.credentials, { now: this.#now });
      if (!fresh.ok) return fresh;
      this.#token = fresh.value;
    }
    return ok(this.#token.value);
  }
}

function unknownDoor(door: 'site' | 'operator'): SiteError {
  const [what, option] =
    door === 'site'
      ? ['site', '--url or NEWSCIENCE_URL']
      : ['operator API', '--operator-url or NEWSCIENCE_OPERATOR_URL'];
  const detail = `the address of the ${what} is not known: name it with ${option}`;
  return { code: 'site_not_found', detail };
}
