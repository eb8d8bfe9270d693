import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

import { buildAsyncApi } from '../asyncapi.ts';
import { type Release, releaseOf, releaseSchema } from '../compatibility/release.ts';
import { contracts } from '../registry.ts';
import { topics } from '../topics.ts';

const documentFile = (folder: string) => join(folder, 'asyncapi.yaml');
const releaseFolder = (folder: string) => join(folder, 'released');

const documentText = (): string =>
  `# Generated from the schemas by \`npm run contracts -- write\`. Do not edit.\n${stringify(
    buildAsyncApi(),
    { aliasDuplicateObjects: false, lineWidth: 100 },
  )}`;

/** Whether the committed AsyncAPI document says what the schemas say. */
export function checkDocument(folder: string): 'fresh' | 'stale' | 'missing' {
  try {
    return readFileSync(documentFile(folder), 'utf8') === documentText() ? 'fresh' : 'stale';
  } catch {
    return 'missing';
  }
}

export function writeDocument(folder: string): string {
  writeFileSync(documentFile(folder), documentText());
  return documentFile(folder);
}

export const currentReleases = (): Release[] => contracts.map((one) => releaseOf(one, topics));

/** @throws Error for a file that holds no contract */
export function readReleases(folder: string): Release[] {
  return releasedFiles(folder).map((name) => {
    const content: unknown = JSON.parse(readFileSync(join(releaseFolder(folder), name), 'utf8'));
    return releaseSchema.parse(content);
  });
}

/** Makes what the contracts say now the last release; those that are gone are removed. */
export function writeReleases(folder: string): void {
  mkdirSync(releaseFolder(folder), { recursive: true });
  for (const name of releasedFiles(folder)) rmSync(join(releaseFolder(folder), name));
  for (const release of currentReleases())
    writeFileSync(
      join(releaseFolder(folder), `${release.type}.json`),
      `${JSON.stringify(release, null, 2)}\n`,
    );
}

function releasedFiles(folder: string): string[] {
  try {
    return readdirSync(releaseFolder(folder))
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch {
    return [];
  }
}
