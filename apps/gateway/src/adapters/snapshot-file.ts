import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf } from '@newscience/service-kit/error-text';
import { z } from 'zod';
import type { VersionedTable } from '../route-store.ts';
import { fromStored, toStored } from './stored-route.ts';

/** A route table in a file, so that a restart without the database finds what was last in force. */
export type Snapshot = VersionedTable & { savedAt: string };

export type SnapshotFile = {
  path: string;
  /** `absent` where there is none, `damaged` where there is one that cannot be trusted. */
  read: () => Promise<
    { kind: 'found'; snapshot: Snapshot } | { kind: 'absent' } | { kind: 'damaged'; detail: string }
  >;
  /** Replaces the file in one step: whoever reads it finds the old one or the new one, whole. */
  write: (snapshot: Snapshot) => Promise<void>;
};

const FORMAT = 1;

const contents = z.object({
  savedAt: z.iso.datetime(),
  lineage: z.string(),
  revision: z.int().nonnegative(),
  routes: z.array(z.unknown()),
});
const envelope = z.object({ format: z.literal(FORMAT), sha256: z.string(), table: contents });

/** The table's snapshot; its folder is made where it is missing. */
export function createSnapshotFile(path: string): SnapshotFile {
  return {
    path,
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if (codeOf(error) === 'ENOENT') {
          return { kind: 'absent' };
        }
        return { kind: 'damaged', detail: String(error) };
      }
      try {
        return { kind: 'found', snapshot: parse(text) };
      } catch (error) {
        return { kind: 'damaged', detail: messageOf(error) };
      }
    },
    async write(snapshot) {
      await mkdir(dirname(path), { recursive: true });
      const temporary = `${path}.${process.pid}.tmp`;
      try {
        const file = await open(temporary, 'w', 0o600);
        try {
          await file.writeFile(serialise(snapshot));
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
  };
}

function serialise({ savedAt, lineage, table: { revision, routes } }: Snapshot): string {
  const table = { savedAt, lineage, revision, routes: [...routes.values()].map(toStored) };
  return `${JSON.stringify({ format: FORMAT, sha256: checksum(table), table }, null, 2)}\n`;
}

function parse(text: string): Snapshot {
  const { sha256, table } = envelope.parse(JSON.parse(text));
  if (checksum(table) !== sha256) throw new Error('its checksum does not fit its content');
  const { savedAt, lineage, revision, routes } = table;
  const read = routes.map(fromStored);
  return { savedAt, lineage, table: { revision, routes: new Map(read.map((r) => [r.id, r])) } };
}

function checksum(table: z.output<typeof contents>): string {
  return createHash('sha256').update(JSON.stringify(table)).digest('hex');
}
