import type { IncomingMessage } from 'node:http';
import { ProblemError } from '@newscience/service-kit/problem';
import { viewerOf } from '../viewer.ts';
import type { UserViewer, UsrRol, Viewer } from '../viewer.ts';

const ranks: Record<UsrRol, number> = { R: 0, C: 1, E: 2, O: 3 };
const names = { R: 'reader', C: 'contributor', E: 'editor', O: 'operator' } as const;

/** The public name of a role, as it stands in the API and in tokens. */
export type RoleName = (typeof names)[UsrRol];

/** The public name of a role letter. */
export function roleName(rol: UsrRol): RoleName {
  return names[rol];
}

const letters = {
  reader: 'R',
  contributor: 'C',
  editor: 'E',
  operator: 'O',
} as const satisfies Record<RoleName, UsrRol>;

/** The letter of a role's public name. */
export function rolOf(role: RoleName): UsrRol {
  return letters[role];
}

/** Whether the viewer has the role or one above it. */
export function hasRol(viewer: Viewer, rol: UsrRol): boolean {
  return viewer.kind === 'user' && ranks[viewer.rol] >= ranks[rol];
}

/** The user who asks. Throws the problem `unauthorized` (401) for an anonymous request. */
export function requireUser(req: IncomingMessage): UserViewer {
  const viewer = viewerOf(req);
  if (viewer.kind === 'user') return viewer;
  throw new ProblemError({
    code: 'unauthorized',
    detail: 'This needs an account: log in, or send a bearer token.',
  });
}

/**
 * The user who asks, with at least this role. Throws `unauthorized` (401) for an anonymous request
 * and `forbidden` (403) for a user with less.
 */
export function requireRol(req: IncomingMessage, rol: UsrRol): UserViewer {
  const viewer = requireUser(req);
  if (hasRol(viewer, rol)) return viewer;
  throw new ProblemError({
    code: 'forbidden',
    detail: `This needs the role ${names[rol]}; yours is ${names[viewer.rol]}.`,
  });
}
