import { fieldsNamedBy, hopByHop } from './hop-by-hop.ts';

type Special =
  | 'dropped'
  | 'connection'
  | 'upgrade'
  | 'transfer-encoding'
  | 'content-length'
  | 'host'
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'x-forwarded-host'
  | 'x-request-id'
  | 'traceparent';

const specials = new Map<string, Special>([
  ...hopByHop.map((name) => [name, 'dropped'] as const),
  // The upstream's interim answer is not waited for: the facade invites the body itself.
  ['expect', 'dropped'],
  // Trailers of requests are not passed on, so they are not announced either.
  ['trailer', 'dropped'],
  ['connection', 'connection'],
  ['upgrade', 'upgrade'],
  ['transfer-encoding', 'transfer-encoding'],
  ['content-length', 'content-length'],
  ['host', 'host'],
  ['x-forwarded-for', 'x-forwarded-for'],
  ['x-forwarded-proto', 'x-forwarded-proto'],
  ['x-forwarded-host', 'x-forwarded-host'],
  ['x-request-id', 'x-request-id'],
  ['traceparent', 'traceparent'],
]);

/** Most names are told apart by their length alone, without making a lower-case copy. */
const specialLengths = Array.from({ length: 32 }, (_, length) =>
  [...specials.keys()].some((name) => name.length === length),
);

/**
 * What one pass over a request's header section found. A class, because it is made for every request
 * and keeps one shape. Positions point at values in `forward`; -1 is "not there".
 */
export class SeenFields {
  /** All but hop-by-hop fields, in the client's order and case. */
  readonly forward: string[] = [];
  bytes = 0;
  /** Lower-case names that a `Connection` field makes hop-by-hop. */
  named: string[] | undefined;
  upgrade: string | undefined;
  coding: string | undefined;
  codings = 0;
  length: string | undefined;
  lengths = 0;
  host: string | undefined;
  hosts = 0;
  forwardedForAt = -1;
  forwardedProtoAt = -1;
  forwardedHostAt = -1;
  requestIdAt = -1;
  traceparentAt = -1;

  /** @param raw name, value, name, value, ... */
  constructor(raw: readonly string[]) {
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at] ?? '';
      const value = raw[at + 1] ?? '';
      // With the colon, the space and the line end.
      this.bytes += name.length + value.length + 4;
      const special =
        specialLengths[name.length] === true ? specials.get(name.toLowerCase()) : undefined;
      if (special === undefined || this.#note(special, value)) this.forward.push(name, value);
    }
  }

  /** Returns whether the field is passed on. */
  #note(special: Special, value: string): boolean {
    const valueAt = this.forward.length + 1;
    switch (special) {
      case 'dropped':
        return false;
      case 'connection': {
        const names = fieldsNamedBy(value);
        if (names !== undefined) this.named = [...(this.named ?? []), ...names];
        return false;
      }
      case 'upgrade':
        this.upgrade = value;
        return false;
      case 'transfer-encoding':
        this.coding = value;
        this.codings += 1;
        return false;
      case 'content-length':
        this.length = value;
        this.lengths += 1;
        return true;
      case 'host':
        this.host = value;
        this.hosts += 1;
        return true;
      case 'x-forwarded-for':
        this.forwardedForAt = valueAt;
        return true;
      case 'x-forwarded-proto':
        this.forwardedProtoAt = valueAt;
        return true;
      case 'x-forwarded-host':
        this.forwardedHostAt = valueAt;
        return true;
      case 'x-request-id':
        if (this.requestIdAt === -1) this.requestIdAt = valueAt;
        return true;
      case 'traceparent':
        if (this.traceparentAt === -1) this.traceparentAt = valueAt;
        return true;
    }
  }
}
