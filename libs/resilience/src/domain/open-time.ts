import type { OptionFaults } from './option-faults.ts';

/** How long a circuit stays open: always the same, or longer each time that its probes fail. Milliseconds. */
export type OpenTime =
  | number
  | {
      readonly firstMs: number;
      /** Each time in a row is so many times as long as the one before. Default 2. */
      readonly factor?: number;
      readonly capMs: number;
    };

/** @param opens how often in a row, 1 for the first */
export function openTimeMs(openTime: OpenTime, opens: number): number {
  if (typeof openTime === 'number') return openTime;
  const { firstMs, factor = 2, capMs } = openTime;
  return Math.min(capMs, firstMs * factor ** (opens - 1));
}

export function checkOpenTime(faults: OptionFaults, openTime: OpenTime): void {
  if (typeof openTime === 'number') {
    faults.number('openMs', openTime, 1);
    return;
  }
  faults
    .number('openMs.firstMs', openTime.firstMs, 1)
    .number('openMs.factor', openTime.factor ?? 2, 1)
    .number('openMs.capMs', openTime.capMs, openTime.firstMs);
}
