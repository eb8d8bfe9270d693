import { err, ok, type Result } from '@newscience/service-kit/result';
import type { Site } from './find-site.ts';
import { login, type AccessToken } from './login.ts';
import { open, send, type Incoming, type Outgoing } from './send.ts';
import type { SiteError } from './site-error.ts';

export type Door = 'site' | 'operator' | { url: string };

export type Call = Omit<Outgoing, 'timeoutMs'> & {
  /** Starts with a slash, query included. */
  path: string;
  /** Which door: what readers use, the gateway's operator API, or that of a service. Default `site`. */
  door?: Door;
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
  call(call: Call): Promise<Result<Incoming, SiteError>> {
    return this.#authorised(call, send);
  }

  /** As `call`, for an answer that is read while it goes on. The time-out is for its beginning. */
  open(call: Call): Promise<Result<Response, SiteError>> {
    return this.#authorised(call, open);
  }

  async #authorised<T>(
    { path, door = 'site', timeoutMs = 30_000, ...outgoing }: Call,
    transport: Transport<T>,
  ): Promise<Result<T, SiteError>> {
    const base = this.#baseOf(door);
    if (!base.ok) return base;
    const attempt = () => this.#attempt(base.value + path, { ...outgoing, timeoutMs }, transport);
    const first = await attempt();
    const expired =
      !first.ok && first.error.code === 'not_authorised' && first.error.refusal.status === 401;
    if (!expired || this.#site.credentials.kind !== 'password') return first;
    this.#token = undefined;
    return attempt();
  }

  #baseOf(door: Door): Result<string, SiteError> {
    if (typeof door === 'object') return ok(door.url);
    const base = door === 'site' ? this.#site.url : this.#site.operatorUrl;
    return base === undefined ? err(unknownDoor(door)) : ok(base);
  }

  async #attempt<T>(
    url: string,
    outgoing: Outgoing,
    transport: Transport<T>,
  ): Promise<Result<T, SiteError>> {
    const token = await this.#currentToken();
    if (!token.ok) return token;
    return transport(url, {
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

type Transport<T> = (url: string, outgoing: Outgoing) => Promise<Result<T, SiteError>>;

function unknownDoor(door: 'site' | 'operator'): SiteError {
  const [what, option] =
    door === 'site'
      ? ['site', '--url or NEWSCIENCE_URL']
      : ['operator API', '--operator-url or NEWSCIENCE_OPERATOR_URL'];
  const detail = `the address of the ${what} is not known: name it with ${option}`;
  return { code: 'site_not_found', detail };
}
