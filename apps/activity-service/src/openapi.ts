import { eventOperations } from '@newscience/outbox/operator-api';
import { buildOpenApi } from '@newscience/service-kit/openapi';

import { operations } from './routes/operations.ts';

export const openApi = buildOpenApi({
  title: 'New Science activity service',
  version: '1.0.0',
  description:
    'What happened on the site, from all events: timeline, live stream, counters. For operators.',
  operations: [...operations, ...eventOperations],
  securitySchemes: {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'An access token of the role operator, from the site: POST /api/v1/tokens.',
    },
  },
});
