import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

import { type BrowserContext, chromium, type Page } from 'playwright-core';

export type { Page } from 'playwright-core';

export type ViewOptions = {
  /** CSS pixels. Default 1280. */
  readonly width?: number;
  /** CSS pixels. Default 900. */
  readonly height?: number;
  /** What the page is told that its reader prefers. Default light. */
  readonly scheme?: 'light' | 'dark';
  /** Default true. */
  readonly javaScript?: boolean;
  /** A finger instead of a mouse, as on a phone. Default false. */
  readonly touch?: boolean;
};

/** What axe holds against a page. */
export type AxeFinding = {
  readonly rule: string;
  readonly impact: string;
  readonly help: string;
  /** Selectors of the elements, at most 5. */
  readonly where: readonly string[];
};

export type View = {
  readonly page: Page;
  /** Console errors, uncaught exceptions and failed requests of this view so far, in words. */
  readonly errors: () => readonly string[];
  /** Forgets the errors so far: for a step that has to provoke one. */
  readonly forgetErrors: () => void;
  /** WCAG 2.2 A and AA and axe's best practices, on the page as it is now. */
  readonly axe: () => Promise<readonly AxeFinding[]>;
  /** Writes a PNG of the whole page. */
  readonly screenshot: (file: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type TestBrowser = {
  /** A window with cookies and storage of its own. */
  readonly open: (options?: ViewOptions) => Promise<View>;
  readonly close: () => Promise<void>;
};

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable'];

/**
 * Where a Chromium is installed: `NEWSCIENCE_CHROMIUM`, else the places of Linux distributions. Undefined where
 * there is none; suites then skip themselves by name: `(chromiumPath() ? describe : describe.skip)(…)`.
 */
export function chromiumPath(): string | undefined {
  const given = process.env['NEWSCIENCE_CHROMIUM'];
  return [...(given === undefined ? [] : [given]), ...places].find((path) => existsSync(path));
}

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts the installed Chromium without a window. Close it in `afterAll`.
 *
 * @throws Error where there is none (see `chromiumPath`)
 */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    throw new Error('There is no Chromium. Install one, or name it in NEWSCIENCE_CHROMIUM.');
  }
  const browser = await chromium.launch({ executablePath, headless: true, args: quiet });
  return {
    open: async (options = {}) => {
      const { width = 1280, height = 900, scheme = 'light', javaScript = true } = options;
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        javaScriptEnabled: javaScript,
        hasTouch: options.touch ?? false,
        locale: 'en-GB',
        timezoneId: 'UTC',
        reducedMotion: 'reduce',
      });
      return view(context, await context.newPage());
    },
    close: () => browser.close(),
  };
}

function view(context: BrowserContext, page: Page): View {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => errors.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? 'failed';
    // A navigation that another one replaces is no fault of the page.
    if (why !== 'net::ERR_ABORTED') errors.push(`request: ${request.url()} ${why}`);
  });
  return {
    page,
    errors: () => [...errors],
    forgetErrors: () => void errors.splice(0),
    axe: () => runAxe(page),
    screenshot: async (file) => {
      mkdirSync(dirname(file), { recursive: true });
      await page.screenshot({ path: file, fullPage: true });
    },
    close: () => context.close(),
  };
}

let axeSource: string | undefined;

const axeRun = `axe.run(document, {
  resultTypes: ['violations'],
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
}).then(({ violations }) => violations.map(({ id, impact, help, nodes }) => ({
  rule: id,
  impact: impact ?? 'unknown',
  help,
  where: nodes.slice(0, 5).map(({ target }) => target.join(' ')),
})))`;

/** Through the debugger's evaluation, which a page's content security policy does not stop. */
async function runAxe(page: Page): Promise<readonly AxeFinding[]> {
  axeSource ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(`${axeSource};undefined`);
  return page.evaluate<AxeFinding[]>(axeRun);
}
