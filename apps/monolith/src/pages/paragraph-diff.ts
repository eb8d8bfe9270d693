/** One paragraph of a comparison: in both texts, only in the first, only in the second; or how many alike were left out. */
export type DiffPart =
  { kind: 'same' | 'gone' | 'new'; text: string } | { kind: 'skipped'; count: number };

const mostCells = 1_000_000;

function paragraphs(text: string): string[] {
  return text
    .replace(/\r\n?/g, '\n')
    .split(/\n\s*\n/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Lengths of the longest common subsequences of all tails. */
function commonTails(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = rows[i];
      if (row === undefined) continue;
      row[j] =
        a[i] === b[j]
          ? (rows[i + 1]?.[j + 1] ?? 0) + 1
          : Math.max(rows[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

function compared(a: readonly string[], b: readonly string[]): DiffPart[] {
  if (a.length * b.length > mostCells) {
    return [
      ...a.map((text) => ({ kind: 'gone', text }) as const),
      ...b.map((text) => ({ kind: 'new', text }) as const),
    ];
  }
  const tails = commonTails(a, b);
  const parts: DiffPart[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      parts.push({ kind: 'same', text: left });
      i += 1;
      j += 1;
    } else if (
      right === undefined ||
      (left !== undefined && (tails[i + 1]?.[j] ?? 0) >= (tails[i]?.[j + 1] ?? 0))
    ) {
      parts.push({ kind: 'gone', text: left ?? '' });
      i += 1;
    } else {
      parts.push({ kind: 'new', text: right });
      j += 1;
    }
  }
  return parts;
}

/** What is different from the first text to the second, by paragraphs; long runs of equal ones are left out. */
export function diffOf(before: string, after: string): DiffPart[] {
  const shown: DiffPart[] = [];
  let run: DiffPart[] = [];
  const flush = () => {
    if (run.length <= 3) shown.push(...run);
    else
      shown.push(...run.slice(0, 1), { kind: 'skipped', count: run.length - 2 }, ...run.slice(-1));
    run = [];
  };
  for (const part of compared(paragraphs(before), paragraphs(after))) {
    if (part.kind === 'same') run.push(part);
    else {
      flush();
      shown.push(part);
    }
  }
  flush();
  return shown;
}
