import { describe, expect, it } from '@jest/globals';

import { decideUser } from './decide.ts';
import { translateUser } from './translate.ts';

const usr = {
  usr_id: '4',
  usr_ref: '0f8fad5b-d9cb-469f-a165-70867728950e',
  nm: 'Ines',
  rol: 'R',
  sts: 'A',
  crt_ts: '2026-02-11 20:41:00.123456+00',
};
const at = '2026-04-01T08:00:00.000Z';

function profile(changes: Partial<typeof usr> = {}) {
  const read = translateUser({ ...usr, ...changes });
  if (!read.ok) throw new Error(read.error.detail);
  return read.value;
}

describe('a user', () => {
  it('becomes a profile', () => {
    expect(profile()).toEqual({
      id: usr.usr_ref,
      name: 'Ines',
      role: 'reader',
      status: 'active',
      registeredAt: '2026-02-11T20:41:00.123Z',
    });
  });

  it.each([
    ['nm', ''],
    ['rol', 'Z'],
    ['usr_ref', 'x'],
  ])('whose %s is %j is rejected', (column, value) => {
    expect(translateUser({ ...usr, [column]: value })).toMatchObject({ ok: false });
  });

  it('registers, changes, and is removed', () => {
    const registered = decideUser(null, profile(), at);
    const same = decideUser(registered.published, profile(), at);
    const changed = decideUser(same.published, profile({ rol: 'E' }), at);
    const removed = decideUser(changed.published, null, at);
    const ids = [registered, same, changed, removed].map(({ events }) =>
      events.map(({ type, id }) => `${type.split('.')[2] ?? ''} ${id.split('/')[1] ?? ''}`),
    );
    expect(ids).toEqual([
      ['Registered registered'],
      [],
      ['ProfileChanged changed-2'],
      ['Removed removed'],
    ]);
    expect(removed.published).toBeNull();
    expect(removed.events[0]?.data).toEqual({ id: usr.usr_ref });
  });

  it('leaves no name in what is remembered', () => {
    expect(JSON.stringify(decideUser(null, profile(), at).published)).not.toContain('Ines');
  });

  it('that was never told is not removed', () => {
    expect(decideUser(null, null, at)).toEqual({ events: [], published: null });
  });
});
