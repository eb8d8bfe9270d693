import { execFile } from 'node:child_process';
import type { Counts } from './counts.ts';

/**
 * Known vulnerabilities of what a service runs with, development tools left out: high and critical ones fail.
 * Skipped by name where the registry does not answer such questions, as mirrors may not.
 */
export async function audit(root: string): Promise<Counts> {
  const found = severeFindings(await report(root));
  if (found === undefined) {
    const skippedNames = ['npm audit (the registry does not answer audits)'];
    return { passed: 0, failed: 0, skipped: 1, skippedNames };
  }
  if (found > 0) process.stdout.write(`npm audit --omit=dev: ${found} high or critical findings\n`);
  return { passed: found === 0 ? 1 : 0, failed: found === 0 ? 0 : 1, skipped: 0, skippedNames: [] };
}

/** @returns undefined where the text is no audit report */
export function severeFindings(text: string): number | undefined {
  const match = /"vulnerabilities":\s*\{[^{}]*"high":\s*(\d+),\s*"critical":\s*(\d+)[^{}]*\}/.exec(
    text,
  );
  return match === null ? undefined : Number(match[1]) + Number(match[2]);
}

function report(root: string): Promise<string> {
  const npm = process.env['npm_execpath'];
  const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const args = [...first, 'audit', '--omit=dev', '--json'];
  return new Promise((resolve) => {
    // npm exits with 1 where it found something; the report says what.
    execFile(program, args, { cwd: root, timeout: 60_000 }, (_error, stdout) => resolve(stdout));
  });
}
