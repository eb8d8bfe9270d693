import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';

const tags = ['search'];
const signedIn = ['bearer', 'session'];

const searchQuery = z.object({
  q: z
    .string()
    .max(1000)
    .meta({
      description: 'What to look for; articles with any of the words are found, best first',
      examples: ['stem cells'],
    }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(512).optional(),
});

const searchItem = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    summary: z.string().nullable(),
    section: z.strictObject({ code: z.string(), name: z.string() }),
    authors: z.array(z.string()),
    publishedAt: z.iso.datetime().nullable(),
    score: z.number().meta({ description: 'Comparable within one answer only' }),
    url: z.string(),
  })
  .meta({ id: 'SearchItem' });

const searchResult = z
  .strictObject({
    items: z.array(searchItem),
    total: z.int().meta({ description: 'Articles found, as of `indexedAt`' }),
    nextCursor: z.string().nullable(),
    tookMs: z.number().meta({ description: 'Milliseconds in the monolith' }),
    indexedAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When the index was built; null before the first run' }),
  })
  .meta({ id: 'SearchResult' });

const batchRun = z
  .strictObject({
    id: z.int(),
    trigger: z.enum(['schedule', 'demand', 'sample']),
    status: z.enum(['running', 'succeeded', 'failed', 'killed']),
    startedAt: z.iso.datetime(),
    indexedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    durationMs: z.int().nullable(),
    articles: z.int(),
    rowsRead: z.int(),
    rowsWritten: z.int(),
    walBytes: z.int().meta({
      description: 'Write-ahead log that the whole database server wrote during the run, in bytes',
    }),
    error: z.string().nullable(),
  })
  .meta({ id: 'SearchBatchRun' });

const batchSettings = z
  .strictObject({
    intervalMs: z.int().meta({ description: 'Milliseconds between two runs; 0 is off' }),
    source: z.enum(['start', 'operator']).meta({ description: 'Where the interval comes from' }),
  })
  .meta({ id: 'SearchBatchSettings' });

const settingsChange = z.strictObject({
  intervalMs: z
    .union([z.literal(0), z.int().min(1000).max(604_800_000), z.null()])
    .meta({ description: '0 switches the batch off, null goes back to the interval of the start' }),
});

const runQuery = z.object({
  wait: z.enum(['true', 'false']).default('false').meta({
    description: 'Whether to answer when the run has ended (200) instead of at once (202)',
  }),
});
const runList = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(512).optional(),
});
const runPath = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

export const searchArticles = defineOperation({
  method: 'get',
  path: '/api/v1/search',
  operationId: 'searchArticles',
  summary: 'Find published articles by words of title and body',
  tags,
  query: searchQuery,
  responses: {
    200: { description: 'A page of articles, best first', schema: searchResult },
    400: ['validation_failed', 'cursor_invalid'],
  },
});

export const startSearchBatch = defineOperation({
  method: 'post',
  path: '/api/v1/search/batch-runs',
  operationId: 'startSearchBatch',
  summary: 'Rebuild the search index now (operator)',
  tags,
  security: signedIn,
  query: runQuery,
  responses: {
    200: { description: 'The run, which has ended', schema: batchRun },
    202: {
      description: 'The run, which has begun',
      schema: batchRun,
      headers: z.object({ location: z.string() }),
    },
    409: 'search_batch_running',
  },
});

export const listSearchBatches = defineOperation({
  method: 'get',
  path: '/api/v1/search/batch-runs',
  operationId: 'listSearchBatches',
  summary: 'Runs of the search batch, newest first (operator)',
  tags,
  security: signedIn,
  query: runList,
  responses: {
    200: {
      description: 'A page of runs',
      schema: z.strictObject({ items: z.array(batchRun), nextCursor: z.string().nullable() }),
    },
    400: ['validation_failed', 'cursor_invalid'],
  },
});

export const getSearchBatch = defineOperation({
  method: 'get',
  path: '/api/v1/search/batch-runs/{id}',
  operationId: 'getSearchBatch',
  summary: 'One run of the search batch (operator)',
  tags,
  security: signedIn,
  params: runPath,
  responses: {
    200: { description: 'The run', schema: batchRun },
    404: 'search_run_not_found',
  },
});

export const getSearchSettings = defineOperation({
  method: 'get',
  path: '/api/v1/search/batch-settings',
  operationId: 'getSearchSettings',
  summary: 'How often the search batch runs (operator)',
  tags,
  security: signedIn,
  responses: { 200: { description: 'The interval', schema: batchSettings } },
});

export const changeSearchSettings = defineOperation({
  method: 'post',
  path: '/api/v1/search/batch-settings',
  operationId: 'changeSearchSettings',
  summary: 'Change how often the search batch runs, or switch it off (operator)',
  description:
    'Runs start when a multiple of the interval since 1970 passes, so an hour means the full hour. Every instance notices within 5 seconds.',
  tags,
  security: signedIn,
  body: settingsChange,
  responses: { 200: { description: 'The new interval', schema: batchSettings } },
});

export const srchOperations = [
  searchArticles,
  startSearchBatch,
  listSearchBatches,
  getSearchBatch,
  getSearchSettings,
  changeSearchSettings,
];
