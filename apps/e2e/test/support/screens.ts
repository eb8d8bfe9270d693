import { join } from 'node:path';
import type { View } from '@newscience/testing/browser';
import { root } from '../site.ts';

/** The widths at which pages are looked at, in CSS pixels. */
export const widths = [1280, 390] as const;

const folder = join(root, 'apps/e2e/test-results/screenshots');

/** What is wrong with the page as it is shown, in words; leaves a picture of it. */
export async function look(view: View, name: string): Promise<string[]> {
  const { page } = view;
  const findings = await view.axe();
  const wide: unknown = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  // Pictures below the fold load when they come into sight.
  await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
  await page.waitForLoadState('networkidle');
  await page.evaluate('window.scrollTo(0, 0)');
  await view.screenshot(join(folder, `${name}.png`));
  return [
    ...view.errors().map((error) => `${name}: ${error}`),
    ...findings.map(
      ({ rule, impact, where }) => `${name}: ${rule} (${impact}) at ${where.join(', ')}`,
    ),
    ...(wide === 0 ? [] : [`${name}: ${String(wide)} px wider than the window`]),
  ];
}

/** Logs in through the page. */
export async function logInAs(
  { page }: View,
  base: string,
  { email, password }: { email: string; password: string },
): Promise<void> {
  await page.goto(`${base}/login`);
  await page.getByLabel('Mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`${base}/`);
}
