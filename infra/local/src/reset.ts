import { existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';

import { entriesToReset, type Layout } from './layout.ts';
import { Refusal } from './refusal.ts';

export type Question = {
  readonly isTTY: boolean;
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
};

/**
 * Removes what a data folder holds, after asking. What is not ours stays.
 *
 * @throws Refusal where nobody can be asked, or the answer is no
 */
export async function resetData(
  layout: Layout,
  services: readonly string[],
  yes: boolean,
  question: Question,
): Promise<void> {
  const entries = entriesToReset(layout, services).filter((path) => existsSync(path));
  if (entries.length === 0) return;
  if (!yes) await confirm(layout, question);
  for (const path of entries) rmSync(path, { recursive: true, force: true });
}

async function confirm({ dataDir }: Layout, { isTTY, input, output }: Question): Promise<void> {
  if (!isTTY) {
    throw new Refusal(
      '--reset asks before it throws data away, and this is no terminal: add --yes.',
      2,
    );
  }
  const lines = createInterface({ input, output });
  try {
    const answer = await lines.question(
      `Throw away all articles, accounts and logs in ${dataDir}? [y/N] `,
    );
    if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal('Nothing was changed.');
  } finally {
    lines.close();
  }
}
