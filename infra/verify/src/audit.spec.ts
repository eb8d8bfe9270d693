import { describe, expect, it } from '@jest/globals';
import { severeFindings } from './audit.ts';

const report = (high: number, critical: number) =>
  JSON.stringify(
    {
      auditReportVersion: 2,
      vulnerabilities: { left: { severity: 'low' } },
      metadata: { vulnerabilities: { info: 0, low: 1, moderate: 2, high, critical, total: 3 } },
    },
    null,
    2,
  );

describe('an audit report', () => {
  it.each([
    [0, 0, 0],
    [1, 0, 1],
    [0, 1, 1],
    [2, 3, 5],
  ])('with %i high and %i critical findings has %i severe ones', (high, critical, severe) => {
    expect(severeFindings(report(high, critical))).toBe(severe);
  });

  it('is not what a registry says that refuses audits', () => {
    expect(severeFindings('{"message":"405 Method Not Allowed"}')).toBeUndefined();
    expect(severeFindings('')).toBeUndefined();
  });
});
