import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { checkOpenApi, writeOpenApi } from '@newscience/service-kit/openapi';

/** What became of one service's document. `problem` says what to do where it is not in order. */
export type DocumentOutcome = {
  readonly file: string;
  readonly outcome: 'written' | 'unchanged' | 'fresh' | 'stale' | 'missing' | 'unreadable';
  readonly problem?: string;
};

type Work = (file: string, document: object) => Exclude<DocumentOutcome['outcome'], 'unreadable'>;

/** Writes `<apps>/<service>/openapi.yaml` of each service that has a `src/openapi.ts`. */
export const writeDocuments = (apps: string): Promise<DocumentOutcome[]> =>
  each(apps, writeOpenApi);

/** Compares `<apps>/<service>/openapi.yaml` of each service with what its `src/openapi.ts` says. */
export const checkDocuments = (apps: string): Promise<DocumentOutcome[]> =>
  each(apps, checkOpenApi);

async function each(apps: string, work: Work): Promise<DocumentOutcome[]> {
  const services = readdirSync(apps)
    .filter((service) => existsSync(join(apps, service, 'src', 'openapi.ts')))
    .sort();
  const outcomes: DocumentOutcome[] = [];
  for (const service of services) outcomes.push(await one(join(apps, service), work));
  return outcomes;
}

async function one(folder: string, work: Work): Promise<DocumentOutcome> {
  const file = join(folder, 'openapi.yaml');
  const source = join(folder, 'src', 'openapi.ts');
  const loaded = await load(source);
  if (typeof loaded === 'string') {
    return { file: shown(file), outcome: 'unreadable', problem: `${shown(source)} ${loaded}` };
  }
  const outcome = work(file, loaded);
  if (outcome !== 'stale' && outcome !== 'missing') return { file: shown(file), outcome };
  const problem = `${shown(file)} is ${outcome}. Run: npm run openapi -- write`;
  return { file: shown(file), outcome, problem };
}

/** The document, or what is wrong with the module that should export it. */
async function load(source: string): Promise<object | string> {
  try {
    const module: unknown = await import(pathToFileURL(source).href);
    const document: unknown =
      typeof module === 'object' && module !== null && 'openApi' in module
        ? module.openApi
        : undefined;
    if (typeof document !== 'object' || document === null || !('openapi' in document)) {
      return 'does not export an OpenAPI document. Export it as openApi.';
    }
    return document;
  } catch (error) {
    return `cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** As it is seen from where the command was called. */
const shown = (path: string): string => relative(process.cwd(), path).replaceAll('\\', '/');
