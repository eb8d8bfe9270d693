import { describe, expect, it } from '@jest/globals';

import { createLogger } from './logging.ts';
import type { LogLevel } from './logging.ts';
import { Secret } from './secret.ts';
import { beginTrace } from './tracing.ts';

function capture(level: LogLevel = 'info') {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'sample',
    level,
    destination: { write: (line) => lines.push(line) },
  });
  return { logger, lines, last: (): unknown => JSON.parse(lines.at(-1) ?? 'null') };
}

describe('createLogger', () => {
  it('writes one JSON object a line, with service, level as a word and time', () => {
    const { logger, lines, last } = capture();
    logger.info({ articles: 3 }, 'imported');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('}\n')).toBe(true);
    expect(last()).toMatchObject({
      level: 'info',
      service: 'sample',
      articles: 3,
      msg: 'imported',
    });
    expect(last()).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/));
  });

  it('is silent below its level', () => {
    const { logger, lines } = capture('warn');
    logger.info('no');
    logger.warn('yes');
    expect(lines).toHaveLength(1);
  });

  it.each([
    [
      'fields',
      {
        password: 'hunter2',
        headers: {
          authorization: 'Bearer hunter2',
          cookie: 'ns_session=hunter2',
          'set-cookie': ['hunter2'],
        },
      },
    ],
    ['secrets', { key: new Secret('hunter2'), config: { nested: new Secret('hunter2') } }],
    ['URLs', { url: 'postgres://u:hunter2@h/d', deep: { url: new URL('http://u:hunter2@h/') } }],
    [
      'errors',
      { err: new Error('refused postgres://u:hunter2@h/d', { cause: { token: 'hunter2' } }) },
    ],
    ['errors under another name', { problem: new Error('refused postgres://u:hunter2@h/d') }],
  ])('shows no secret in %s', (_name, fields) => {
    const { logger, lines } = capture();
    logger.info(fields, 'done');
    logger.child(fields).info('done');
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines).toHaveLength(2);
  });

  it('shows no password of a URL in a message, or in an error without a message of mine', () => {
    const { logger, lines } = capture();
    logger.info('connected to postgres://u:hunter2@h/d');
    logger.error(new Error('lost postgres://u:hunter2@h/d'));
    expect(lines.join('')).not.toContain('hunter2');
  });

  it('keeps what is needed of an error', () => {
    const { logger, last } = capture();
    logger.error({ err: Object.assign(new TypeError('broken'), { code: 'E1' }) }, 'failed');
    expect(last()).toMatchObject({
      msg: 'failed',
      err: { type: 'TypeError', message: 'broken', code: 'E1' },
    });
    expect(last()).toHaveProperty('err.stack', expect.stringContaining('TypeError: broken'));
  });

  it('names the request and its trace', async () => {
    const { logger, last } = capture();
    const trace = beginTrace({ name: 'x', requestId: 'request-1' });
    await trace.run(async () => {
      await Promise.resolve();
      logger.info('within');
    });
    expect(last()).toMatchObject({ requestId: 'request-1', traceId: trace.context.traceId });
    logger.info('outside');
    expect(last()).not.toHaveProperty('requestId');
  });
});
