import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { EXIT, runContracts } from './program.ts';

const committed = join(import.meta.dirname, '../..');
const release = 'released/newscience.article.Published.v1.json';

let folder: string;
const run = (...args: string[]) => {
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  return { code: runContracts(args, { folder, out: say, err: say }), text: () => lines.join('\n') };
};
const rewrite = (file: string, change: (text: string) => string) =>
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'newscience-contracts-'));
  cpSync(join(committed, 'released'), join(folder, 'released'), { recursive: true });
  cpSync(join(committed, 'asyncapi.yaml'), join(folder, 'asyncapi.yaml'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('contracts check', () => {
  it('finds what is committed in order', () => {
    const { code, text } = run('check');
    expect(text()).not.toContain('breaks');
    expect(code).toBe(EXIT.ok);
  });

  it('notices a stale document, which write brings up to date', () => {
    rewrite('asyncapi.yaml', (text) => text.replace('New Science', 'Old Science'));
    const stale = run('check');
    expect([stale.code, stale.text()]).toEqual([
      EXIT.refused,
      expect.stringContaining('asyncapi.yaml is stale. Run: npm run contracts -- write'),
    ]);
    run('write');
    expect(run('check').code).toBe(EXIT.ok);
  });

  it('notices a document that is missing', () => {
    rmSync(join(folder, 'asyncapi.yaml'));
    expect(run('check').text()).toContain('asyncapi.yaml is missing');
  });

  it('names a change that breaks consumers, with its place', () => {
    rewrite(release, (text) =>
      text.replace('"kicker": {', '"shelfMark": {"type": "string"},\n"kicker": {'),
    );
    const { code, text } = run('check');
    expect(code).toBe(EXIT.refused);
    expect(text()).toContain(
      'newscience.article.Published.v1 breaks consumers: /data/shelfMark is gone',
    );
  });

  it('names a change that breaks producers, and the remedy', () => {
    rewrite(release, (text) => text.replace('"kicker",', ''));
    const { text } = run('check');
    expect(text()).toContain(
      'newscience.article.Published.v1 breaks producers: /data/kicker may no longer be left out',
    );
    expect(text()).toContain('as the next version beside it');
  });

  it('notices another number of partitions', () => {
    rewrite(release, (text) => text.replace('"partitions": 8', '"partitions": 4'));
    expect(run('check').text()).toContain('had 4 partitions and has 8');
  });

  it('notices a contract that is gone, and takes a new one', () => {
    rewrite(release, (text) => text.replaceAll('article.Published.v1', 'article.Praised.v1'));
    const { code, text } = run('check');
    expect(code).toBe(EXIT.refused);
    expect(text()).toContain(
      'newscience.article.Praised.v1 breaks consumers: the event the contract is gone',
    );
    expect(text()).not.toContain('newscience.article.Published.v1 breaks');
    expect(text()).toMatch(/, [1-9]\d* new, 1 removed/);
  });

  it('tells programs the same', () => {
    const report: unknown = JSON.parse(run('--json', 'check').text());
    expect(report).toMatchObject({ inOrder: true, asyncapi: 'fresh' });
  });
});

describe('contracts release', () => {
  it('refuses to break anybody unless a reason is given', () => {
    rewrite(release, (text) => text.replace('"kicker",', ''));
    expect(run('release').code).toBe(EXIT.refused);
    expect(run('check').code).toBe(EXIT.refused);
    expect(run('release', '--breaking', 'nobody has used it yet').code).toBe(EXIT.ok);
    expect(run('check').code).toBe(EXIT.ok);
  });
});

describe('contracts list and show', () => {
  it('lists every event with the sentence on when it happens', () => {
    expect(run('list').text()).toMatch(/newscience\.route\.StageChanged\.v1 +A route has gone on/);
  });

  it('shows topic, schema and example of one', () => {
    const { text } = run('show', 'newscience.article.Withdrawn.v1');
    expect(text()).toContain('Topic: newscience.article, 8 partitions, keeps the latest event');
    expect(text()).toContain('"withdrawnAt"');
  });

  it('says of an unknown one where to look', () => {
    const { code, text } = run('show', 'newscience.article.Praised.v1');
    expect([code, text()]).toEqual([EXIT.refused, expect.stringContaining('contracts -- list')]);
  });

  it.each([
    [['--help'], EXIT.ok],
    [['check', '--help'], EXIT.ok],
    [['dance'], EXIT.usage],
    [['show'], EXIT.usage],
  ])('answers %j with exit code %i', (args, code) => expect(run(...args).code).toBe(code));
});
