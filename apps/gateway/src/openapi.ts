import { buildOpenApi } from '@newscience/service-kit/openapi';
import { operations } from './routes/operations.ts';

/** The operator API. What readers see is the monolith's and the services' own. */
export const openApi = buildOpenApi({
  title: 'New Science gateway: operator API',
  version: '1.0.0',
  description:
    'Steers the routes of the facade, one at a time, at run time. On a port of its own. Each change is published ' +
    'as an event: `newscience.route.Defined.v1`, `newscience.route.StageChanged.v1`, `newscience.route.Removed.v1`.',
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
