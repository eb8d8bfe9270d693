import { buildOpenApi } from '@newscience/service-kit/openapi';

import { operations } from './routes/operations.ts';

export const openApi = buildOpenApi({
  title: 'New Science migrator: operator API',
  version: '1.0.0',
  description: 'Change capture from the legacy database: state, rejected rows, fresh snapshots.',
  operations,
  securitySchemes: {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'An access token of the role operator, from the site: POST /api/v1/tokens.',
    },
  },
});
