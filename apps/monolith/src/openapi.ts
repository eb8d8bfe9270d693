import { buildOpenApi } from '@newscience/service-kit/openapi';
import { acctOperations } from './accounts/operations.ts';
import { artOperations } from './articles/operations.ts';
import { autOperations } from './authors/operations.ts';
import { cmtOperations } from './comments/operations.ts';
import { feedOperations } from './feeds/operations.ts';
import { impOperations } from './import/operations.ts';
import { hitOperations } from './most-read/operations.ts';
import { srchOperations } from './search/operations.ts';

/** What the monolith answers under `/api/v1`, with the feeds and the key set; pages are not part of it. */
export const openApi = buildOpenApi({
  title: 'New Science monolith',
  version: '1.0.0',
  description:
    'Accounts, articles, comments, search, subscriptions and feeds of New Science. ' +
    'Send a bearer token (POST /api/v1/tokens), or the session cookie of the pages together with the header `x-csrf-token`.',
  operations: [
    ...acctOperations,
    ...artOperations,
    ...cmtOperations,
    ...hitOperations,
    ...autOperations,
    ...feedOperations,
    ...srchOperations,
    ...impOperations,
  ],
  securitySchemes: {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    session: { type: 'apiKey', in: 'cookie', name: 'ns_session' },
  },
});
