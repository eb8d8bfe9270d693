import { buildOpenApi } from '@newscience/service-kit/openapi';
import { acctOperations } from './accounts/operations.ts';

/** What the monolith answers under `/api/v1`, with the feeds and the key set; pages are not part of it. */
export const openApi = buildOpenApi({
  title: 'New Science monolith',
  version: '1.0.0',
  description:
    'Accounts, articles, comments, search, subscriptions and feeds of New Science. ' +
    'Send a bearer token (POST /api/v1/tokens), or the session cookie of the pages together with the header `x-csrf-token`.',
  operations: [...acctOperations],
  securitySchemes: {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    session: { type: 'apiKey', in: 'cookie', name: 'ns_session' },
  },
});
