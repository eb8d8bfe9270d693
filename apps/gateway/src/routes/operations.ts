import { defineOperation } from '@newscience/service-kit/openapi';
import {
  auditPageSchema,
  auditQuery,
  conflictSchema,
  definitionHeaders,
  definitionSchema,
  etagHeader,
  explainQuery,
  explanationSchema,
  forceQuery,
  idParams,
  ifMatchHeader,
  removalSchema,
  routeListSchema,
  routeSchema,
  stageChangeSchema,
} from './schemas.ts';

const common = { tags: ['routes'], security: ['bearer'] } as const;

const route = (description: string) => ({ description, schema: routeSchema, headers: etagHeader });

const conflict = {
  description: 'Problem: `route_revision_conflict`, with the state as it is',
  schema: conflictSchema,
  contentType: 'application/problem+json',
} as const;

export const listRoutes = defineOperation({
  ...common,
  method: 'get',
  path: '/routes',
  operationId: 'listRoutes',
  summary: 'The route table as this instance uses it',
  responses: { 200: { description: 'In the order of precedence', schema: routeListSchema } },
});

export const explainRoute = defineOperation({
  ...common,
  method: 'get',
  path: '/routes/explain',
  operationId: 'explainRoute',
  summary: 'Which route takes a request, and why no other does',
  query: explainQuery,
  responses: { 200: { description: 'The decision', schema: explanationSchema } },
});

export const showRoute = defineOperation({
  ...common,
  method: 'get',
  path: '/routes/{id}',
  operationId: 'showRoute',
  summary: 'One route',
  params: idParams,
  responses: { 200: route('The route'), 404: 'route_not_found' },
});

export const defineRoute = defineOperation({
  ...common,
  method: 'put',
  path: '/routes/{id}',
  operationId: 'defineRoute',
  summary: 'Make or replace a route',
  description: 'Needs `If-Match` with the revision that is to be replaced, or `If-None-Match: *`.',
  params: idParams,
  query: forceQuery,
  headers: definitionHeaders,
  body: definitionSchema,
  responses: {
    200: route('Replaced, or as asked already'),
    201: route('Made'),
    400: [
      'route_invalid',
      'id_invalid',
      'path_invalid',
      'methods_invalid',
      'target_invalid',
      'target_unknown',
      'target_not_allowed',
      'stage_unknown',
      'validation_failed',
      'malformed_json',
    ],
    409: ['route_duplicate', 'route_stage_refused', 'route_table_full', 'target_unreachable'],
    412: conflict,
    428: 'precondition_required',
  },
});

export const changeRouteStage = defineOperation({
  ...common,
  method: 'post',
  path: '/routes/{id}/stage',
  operationId: 'changeRouteStage',
  summary: 'Move a route to another stage',
  description: 'Needs `If-Match` with the revision that you looked at.',
  params: idParams,
  query: forceQuery,
  headers: ifMatchHeader,
  body: stageChangeSchema,
  responses: {
    200: route('At the new stage'),
    400: ['stage_unknown', 'validation_failed', 'malformed_json'],
    404: 'route_not_found',
    409: ['route_stage_refused', 'route_default_fixed', 'target_unreachable'],
    412: conflict,
    428: 'precondition_required',
  },
});

export const removeRoute = defineOperation({
  ...common,
  method: 'delete',
  path: '/routes/{id}',
  operationId: 'removeRoute',
  summary: 'Remove a route; its requests go where the next one sends them',
  description: 'Needs `If-Match` with the revision that you looked at.',
  params: idParams,
  headers: ifMatchHeader,
  body: removalSchema,
  responses: {
    204: { description: 'Removed' },
    404: 'route_not_found',
    409: 'route_default_fixed',
    412: conflict,
    428: 'precondition_required',
  },
});

export const readAudit = defineOperation({
  ...common,
  method: 'get',
  path: '/audit',
  operationId: 'readAudit',
  summary: 'Who changed which route, when and why, from what to what',
  query: auditQuery,
  responses: { 200: { description: 'A page, newest first', schema: auditPageSchema } },
});

export const operations = [
  listRoutes,
  explainRoute,
  showRoute,
  defineRoute,
  changeRouteStage,
  removeRoute,
  readAudit,
];
