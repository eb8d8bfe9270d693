import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { chromiumPath, openBrowser, type TestBrowser } from './browser.ts';
import { freePort } from './free-port.ts';

const pages: Record<string, string> = {
  '/good': `<!doctype html><html lang="en"><title>Good</title><link rel="icon" href="data:,">
    <main><h1>Good</h1><p>Nothing is wrong here.</p></main></html>`,
  '/bad': `<!doctype html><html lang="en"><title>Bad</title><link rel="icon" href="data:,">
    <main><h1>Bad</h1><img src="/missing.png"><script>setTimeout(() => { throw new Error('on purpose') })</script></main></html>`,
};

(chromiumPath() ? describe : describe.skip)('a real browser', () => {
  let server: Server;
  let url: string;
  let browser: TestBrowser;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    server = createServer((request, response) => {
      const body = pages[request.url ?? ''];
      response.writeHead(body === undefined ? 404 : 200, {
        'content-type': 'text/html; charset=utf-8',
        ...(request.url === '/good'
          ? { 'content-security-policy': "default-src 'none'; img-src data:" }
          : {}),
      });
      response.end(body ?? 'nothing here');
    }).listen(port, '127.0.0.1');
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  it('finds nothing on a good page, whatever its content security policy', async () => {
    const { page, errors, axe, close } = await browser.open({ width: 390, touch: true });
    await page.goto(`${url}/good`);
    expect(await axe()).toEqual([]);
    expect(errors()).toEqual([]);
    await close();
  });

  it('tells what is wrong with a bad one, and forgets it when asked to', async () => {
    const { page, errors, forgetErrors, axe, close } = await browser.open();
    await page.goto(`${url}/bad`);
    const findings = await axe();
    expect(findings.map(({ rule }) => rule)).toContain('image-alt');
    expect(findings.find(({ rule }) => rule === 'image-alt')).toMatchObject({
      impact: 'critical',
      where: ['img'],
    });
    expect(errors().join('\n')).toMatch(/404/);
    expect(errors()).toContain('exception: on purpose');
    forgetErrors();
    expect(errors()).toEqual([]);
    await close();
  });

  it('writes a picture, and runs no script where that is asked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'newscience-browser-'));
    const { page, errors, screenshot, close } = await browser.open({
      javaScript: false,
      scheme: 'dark',
    });
    await page.goto(`${url}/bad`);
    expect(errors().filter((error) => error.startsWith('exception'))).toEqual([]);
    const file = join(folder, 'deep', 'bad.png');
    await screenshot(file);
    expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
    await close();
    rmSync(folder, { recursive: true });
  });
});
