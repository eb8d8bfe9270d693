import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tableOf } from '../../test/sample-routes.ts';
import { createSnapshotFile, type Snapshot, type SnapshotFile } from './snapshot-file.ts';

let folder: string;
let file: SnapshotFile;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapshot-'));
  file = createSnapshotFile(join(folder, 'deeper', 'route-table.json'));
});

afterEach(() => rm(folder, { recursive: true }));

const snapshot: Snapshot = {
  savedAt: '2026-01-05T09:00:00.000Z',
  lineage: '5f0f3f0e-0000-4000-8000-000000000000',
  table: tableOf({
    search: { path: '/api/v1/search', methods: ['GET'] },
    all: { path: '/*', stage: 'monolith' },
  }),
};

describe('the snapshot', () => {
  it('is absent at first', async () => {
    expect(await file.read()).toEqual({ kind: 'absent' });
  });

  it('gives back what was written, and makes its folder', async () => {
    await file.write(snapshot);
    expect(await file.read()).toEqual({ kind: 'found', snapshot });
  });

  it('is replaced whole, for its owner alone, and leaves nothing beside it', async () => {
    await file.write(snapshot);
    const later = { ...snapshot, table: tableOf({}) };
    await file.write(later);
    expect(await file.read()).toEqual({ kind: 'found', snapshot: later });
    expect(await readdir(join(folder, 'deeper'))).toEqual(['route-table.json']);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, -40)],
    ['empty', () => ''],
    ['another table', (text: string) => text.replace('cutover', 'monolith')],
    ['another revision', (text: string) => text.replace('"revision": 2', '"revision": 3')],
    ['another format', (text: string) => text.replace('"format": 1', '"format": 2')],
    ['something else', () => '{"hello": 1}'],
    ['zeroes', (text: string) => '\0'.repeat(text.length)],
  ])('is damaged where it is %s', async (_, damage) => {
    await file.write(snapshot);
    const damaged = damage(await readFile(file.path, 'utf8'));
    await writeFile(file.path, damaged);
    expect(await file.read()).toMatchObject({ kind: 'damaged' });
  });

  it('is damaged where it cannot be read at all', async () => {
    const blocked = createSnapshotFile(folder);
    expect(await blocked.read()).toMatchObject({
      kind: 'damaged',
      detail: expect.stringContaining('EISDIR'),
    });
  });

  it('keeps the old one where the new one cannot be written', async () => {
    await file.write(snapshot);
    const broken = { ...snapshot, savedAt: 1n } as unknown as Snapshot;
    await expect(file.write(broken)).rejects.toThrow();
    expect(await file.read()).toEqual({ kind: 'found', snapshot });
    expect(await readdir(join(folder, 'deeper'))).toEqual(['route-table.json']);
  });

  it('says where its folder cannot be made', async () => {
    await writeFile(join(folder, 'deeper'), '');
    await expect(file.write(snapshot)).rejects.toThrow();
  });
});
