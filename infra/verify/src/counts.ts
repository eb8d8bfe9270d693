/** What one project's test run left in its `test-results/counts.json`. */
export type Counts = { passed: number; failed: number; skipped: number; skippedNames: string[] };

const empty: Counts = { passed: 0, failed: 0, skipped: 0, skippedNames: [] };

export function add(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, counts) => ({
      passed: sum.passed + counts.passed,
      failed: sum.failed + counts.failed,
      skipped: sum.skipped + counts.skipped,
      skippedNames: [...sum.skippedNames, ...counts.skippedNames],
    }),
    empty,
  );
}

/**
 * Reads a counts file, which another process wrote.
 *
 * @returns undefined where the text is not such a file, as after a run that was killed
 */
export function parseCounts(text: string): Counts | undefined {
  const value: unknown = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { passed, failed, skipped, skippedNames }: Partial<Record<keyof Counts, unknown>> = value;
  if (!isCount(passed) || !isCount(failed) || !isCount(skipped)) return undefined;
  if (!Array.isArray(skippedNames)) return undefined;
  return { passed, failed, skipped, skippedNames: skippedNames.map(String) };
}

export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
