import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { help, parseCommand } from './options.ts';

const places = { cwd: '/home/ada', root: '/srv/clone' };
const defaults = {
  port: 8080,
  dataDir: join('/srv/clone', '.newscience'),
  reset: false,
  yes: false,
  corpus: undefined,
  json: false,
};

describe('the command line', () => {
  it('may be empty', () => {
    expect(parseCommand([], places)).toEqual({ kind: 'start', options: defaults });
  });

  it('takes every option, paths from the folder of the user', () => {
    const args = [
      '--port',
      '9000',
      '--data=site',
      '--corpus',
      '/data/a.jsonl.gz',
      '--reset',
      '--yes',
      '--json',
    ];
    expect(parseCommand(args, places)).toEqual({
      kind: 'start',
      options: {
        port: 9000,
        dataDir: '/home/ada/site',
        corpus: '/data/a.jsonl.gz',
        reset: true,
        yes: true,
        json: true,
      },
    });
  });

  it('takes the data folder from the environment where it does not name one', () => {
    expect(parseCommand([], { ...places, dataFromEnv: 'elsewhere' })).toMatchObject({
      options: { dataDir: '/home/ada/elsewhere' },
    });
    expect(parseCommand(['--data', '/x'], { ...places, dataFromEnv: 'elsewhere' })).toMatchObject({
      options: { dataDir: '/x' },
    });
    expect(parseCommand([], { ...places, dataFromEnv: '' })).toMatchObject({
      options: { dataDir: '/srv/clone/.newscience' },
    });
  });

  it('takes the port from the environment where it does not name one', () => {
    expect(parseCommand([], { ...places, portFromEnv: '9100' })).toMatchObject({
      options: { port: 9100 },
    });
    expect(parseCommand(['--port', '9200'], { ...places, portFromEnv: '9100' })).toMatchObject({
      options: { port: 9200 },
    });
    expect(parseCommand([], { ...places, portFromEnv: '' })).toMatchObject({
      options: { port: 8080 },
    });
    expect(parseCommand([], { ...places, portFromEnv: 'http' })).toEqual({
      kind: 'wrong',
      faults: ['NEWSCIENCE_PORT should be a whole number from 1 to 65526, got "http".'],
    });
  });

  it.each(['1', '65526'])('accepts port %s', (port) => {
    expect(parseCommand(['--port', port], places)).toMatchObject({
      kind: 'start',
      options: { port: Number(port) },
    });
  });

  it.each(['0', '65527', '80.5', 'http', '-1', ' '])('refuses port %j', (port) => {
    expect(parseCommand([`--port=${port}`], places)).toMatchObject({ kind: 'wrong' });
  });

  it('reports all faults at once', () => {
    expect(
      parseCommand(['now', '--fast', '--port', 'x', '--yes', '--json=no', '--data'], places),
    ).toEqual({
      kind: 'wrong',
      faults: [
        '"now" is not an option: see --help.',
        '--fast is not an option: see --help.',
        '--json takes no value, got "no".',
        '--data needs a value: see --help.',
        '--port should be a whole number from 1 to 65526, got "x".',
        '--yes goes with --reset only.',
      ],
    });
  });

  it('asks for help before anything else, and every option is in it', () => {
    expect(parseCommand(['--help', '--port', 'x'], places)).toEqual({ kind: 'help' });
    expect(parseCommand(['-h'], places)).toEqual({ kind: 'help' });
    for (const option of ['--port', '--data', '--reset', '--yes', '--corpus', '--json', '--help'])
      expect(help).toContain(option);
  });
});
