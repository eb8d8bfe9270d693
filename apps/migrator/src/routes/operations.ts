import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';

import {
  actionPageSchema,
  captureStateSchema,
  actionQuery,
  rejectedPageSchema,
  rejectedQuery,
  whyBody,
} from './schemas.ts';

const security = ['bearer'];
const tags = ['capture'];

export const showCapture = defineOperation({
  method: 'get',
  path: '/api/v1/capture',
  operationId: 'showCapture',
  summary:
    'What this instance is doing: capturing, standing by, taking a snapshot, or stopped and why',
  tags,
  security,
  responses: { 200: { description: 'The state', schema: captureStateSchema } },
});

export const listRejected = defineOperation({
  method: 'get',
  path: '/api/v1/capture/rejected',
  operationId: 'listRejectedRows',
  summary: 'Legacy rows that cannot be told, oldest first; a row leaves when it can be told again',
  tags,
  security,
  query: rejectedQuery,
  responses: { 200: { description: 'Some of them', schema: rejectedPageSchema } },
});

export const requestSnapshot = defineOperation({
  method: 'post',
  path: '/api/v1/capture/resnapshot',
  operationId: 'requestSnapshot',
  summary: 'Drop the position and compare everything anew; what was told before is not told again',
  tags,
  security,
  body: whyBody,
  responses: {
    202: {
      description: 'The instance that captures begins within a second',
      schema: z.object({ why: z.string() }),
    },
    409: 'snapshot_running',
  },
});

export const listActions = defineOperation({
  method: 'get',
  path: '/api/v1/capture/audit',
  operationId: 'listCaptureActions',
  summary: 'Snapshots and stops: who, when, why; newest first',
  tags,
  security,
  query: actionQuery,
  responses: { 200: { description: 'Some of them', schema: actionPageSchema } },
});

export const operations = [showCapture, listRejected, requestSnapshot, listActions];
