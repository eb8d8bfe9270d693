import { describe, expect, it } from '@jest/globals';

import { readSettings, spellOutSettings } from './settings.ts';

const declared = {
  parameters: { kills: { default: 200, summary: 'how many' } },
  choices: { bus: { default: 'postgres', oneOf: ['postgres', 'kafka'], summary: 'which' } },
};

describe('settings', () => {
  it('have their defaults', () => {
    const { parameter, choice } = readSettings(declared, {});
    expect([parameter('kills'), choice('bus')]).toEqual([200, 'postgres']);
  });

  it('are what was given', () => {
    const { parameter, choice } = readSettings(declared, { kills: '3.5', bus: 'kafka' });
    expect([parameter('kills'), choice('bus')]).toEqual([3.5, 'kafka']);
  });

  it('are refused all at once, with what would be right', () => {
    expect(() => readSettings(declared, { kills: 'many', bus: 'nats', sed: '1' })).toThrow(
      'kills should be a number, got many; bus should be postgres or kafka, got nats; ' +
        'no parameter is called sed; declared: kills, bus',
    );
  });

  it('cannot be asked for where they are not declared', () => {
    const { parameter, choice } = readSettings(declared, {});
    expect(() => parameter('bus')).toThrow('no parameter is called bus');
    expect(() => choice('kills')).toThrow('no parameter is called kills');
  });
});

describe('parameters written like options', () => {
  it.each([
    ['drill x --kills 200 --bus kafka', 'drill x --set kills=200 --set bus=kafka'],
    ['drill x --kills=20', 'drill x --set kills=20'],
    ['drill x --json --kills 5 --strict', 'drill x --json --set kills=5 --strict'],
    ['bench x --rounds 2 --set a=1 --help', 'bench x --rounds 2 --set a=1 --help'],
    ['bench x --set --kills', 'bench x --set --kills'],
    ['drill x --kills', 'drill x --set kills='],
  ])('%s', (line, spelled) => {
    expect(spellOutSettings(line.split(' ')).join(' ')).toBe(spelled);
  });
});
