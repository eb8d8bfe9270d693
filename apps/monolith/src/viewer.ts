import type { IncomingMessage } from 'node:http';

/** Reader, contributor, editor, operator: each may do what those before it may. */
export type UsrRol = 'R' | 'C' | 'E' | 'O';

export type AnonymousViewer = { kind: 'anonymous' };

export type UserViewer = {
  kind: 'user';
  usrId: number;
  usrRef: string;
  nm: string;
  rol: UsrRol;
  /** How the request proved who it is: the page cookie or an `Authorization: Bearer` token. */
  via: 'session' | 'bearer';
  /** The session's CSRF token; only there with `via: 'session'`. */
  csrf?: string;
};

/** Who asks. */
export type Viewer = AnonymousViewer | UserViewer;

const anonymous: AnonymousViewer = { kind: 'anonymous' };
const viewers = new WeakMap<IncomingMessage, Viewer>();

/** Remembers who asks; accounts' `identify` middleware calls it once a request. */
export function setViewer(req: IncomingMessage, viewer: Viewer): void {
  viewers.set(req, viewer);
}

/** Who asks; anonymous where nobody identified the request. */
export function viewerOf(req: IncomingMessage): Viewer {
  return viewers.get(req) ?? anonymous;
}
