import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';

/** Limits of one batch: lines, and bytes of the body. */
export const batchLimits = { lines: 200, bytes: 32 * 1024 * 1024 } as const;

const lineFault = z
  .strictObject({
    pointer: z.string().meta({ description: 'Into the line, such as `/title`; empty: the line' }),
    value: z.unknown().optional(),
    problem: z.string(),
    remedy: z.string().optional(),
  })
  .meta({ id: 'ImportFault' });

const lineResult = z
  .strictObject({
    line: z.int().min(1).meta({ description: 'Number of the line in this body, from 1' }),
    id: z.string().nullable(),
    outcome: z.enum(['created', 'updated', 'unchanged', 'rejected']),
    faults: z.array(lineFault).optional().meta({ description: 'With `rejected`' }),
  })
  .meta({ id: 'ImportLineResult' });

/** What the batch is answered with; the command line reads it with this schema. */
export const batchResult = z
  .strictObject({ results: z.array(lineResult) })
  .meta({ id: 'ImportBatchResult' });

export const importArticles = defineOperation({
  method: 'post',
  path: '/api/v1/imports/articles',
  operationId: 'importArticles',
  summary: 'Import published articles, one JSON object a line (editor)',
  description:
    'A line creates its article, brings it up to date, or changes nothing, each by itself: sending a batch twice is harmless. ' +
    `At most ${batchLimits.lines} lines and ${batchLimits.bytes} bytes. Blank lines count as lines and have no result.`,
  tags: ['import'],
  security: ['bearer', 'session'],
  body: z.string().meta({ description: 'JSON Lines, UTF-8' }),
  bodyContentType: 'application/x-ndjson',
  responses: {
    200: { description: 'What became of each line', schema: batchResult },
    400: ['import_batch_too_long', 'import_batch_empty'],
  },
});

export const impOperations = [importArticles];
