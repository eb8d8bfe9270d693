import { buildOpenApi } from '@newscience/service-kit/openapi';
import type { Method, Operation } from '@newscience/service-kit/openapi';
import { acctOperations } from './accounts/operations.ts';
import { artOperations } from './articles/operations.ts';
import { autOperations } from './authors/operations.ts';
import { cmtOperations } from './comments/operations.ts';
import { digestOperations } from './digest/operations.ts';
import { feedOperations } from './feeds/operations.ts';
import { impOperations } from './import/operations.ts';
import { hitOperations } from './most-read/operations.ts';
import { srchOperations } from './search/operations.ts';
import { subOperations } from './subscriptions/operations.ts';

const operations: readonly Operation[] = [
  ...acctOperations,
  ...artOperations,
  ...cmtOperations,
  ...hitOperations,
  ...autOperations,
  ...feedOperations,
  ...subOperations,
  ...digestOperations,
  ...srchOperations,
  ...impOperations,
];

const unsafe: readonly Method[] = ['post', 'put', 'patch', 'delete'];

/** Whatever writes with the session cookie is protected in one place, so it is documented in one place. */
function withCsrf(operation: Operation): Operation {
  const { method, security = [], responses } = operation;
  if (!unsafe.includes(method) || !security.includes('session')) return operation;
  const codes = [responses[403] ?? 'forbidden'].flat();
  if (!codes.every((code) => typeof code === 'string')) return operation;
  return { ...operation, responses: { ...responses, 403: [...codes, 'csrf_refused'] } };
}

/** What the monolith answers under `/api/v1`, with the feeds and the key set; pages are not part of it. */
export const openApi = buildOpenApi({
  title: 'New Science monolith',
  version: '1.0.0',
  description:
    'Accounts, articles, comments, search, subscriptions and feeds of New Science. ' +
    'Send a bearer token (POST /api/v1/tokens), or the session cookie of the pages together with the header `x-csrf-token`.',
  operations: operations.map(withCsrf),
  securitySchemes: {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    session: { type: 'apiKey', in: 'cookie', name: 'ns_session' },
  },
});
