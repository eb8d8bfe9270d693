import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '@newscience/service-kit/problem';
import { setViewer } from '../viewer.ts';
import type { UsrRol } from '../viewer.ts';
import { hasRol, requireRol, requireUser, rolOf, roleName } from './access.ts';

function requestOf(rol: UsrRol | null): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  if (rol !== null)
    setViewer(req, { kind: 'user', via: 'bearer', usrId: 7, usrRef: 'u', nm: 'Ada', rol });
  return req;
}

function codeOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof ProblemError ? error.error.code : String(error);
  }
}

const roles = ['R', 'C', 'E', 'O'] as const;

describe('who may do what', () => {
  it.each(
    roles.flatMap((own, rank) =>
      roles.map((needed, wanted) => [own, needed, rank >= wanted] as const),
    ),
  )('%s where %s is needed: %s', (own, needed, allowed) => {
    const req = requestOf(own);
    expect(codeOf(() => requireRol(req, needed))).toBe(allowed ? null : 'forbidden');
    expect(hasRol(requireUser(req), needed)).toBe(allowed);
  });

  it('asks a stranger to log in, whatever is needed', () => {
    for (const rol of roles)
      expect(codeOf(() => requireRol(requestOf(null), rol))).toBe('unauthorized');
    expect(codeOf(() => requireUser(requestOf(null)))).toBe('unauthorized');
    expect(hasRol({ kind: 'anonymous' }, 'R')).toBe(false);
  });

  it('knows each role by its letter and its name', () => {
    for (const rol of roles) expect(rolOf(roleName(rol))).toBe(rol);
  });
});
