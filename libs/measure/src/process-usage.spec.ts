import { describe, expect, it } from '@jest/globals';
import { processUsage } from './process-usage.ts';

describe('processUsage', () => {
  it('knows the time and memory of this process', () => {
    const { cpuSeconds, residentBytes } = processUsage(process.pid);
    expect(cpuSeconds).toBeGreaterThan(0);
    expect(residentBytes).toBeGreaterThan(10_000_000);
  });

  it('throws for a process that does not exist', () => {
    expect(() => processUsage(2 ** 30)).toThrow();
  });
});
