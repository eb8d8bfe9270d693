import { defineEvent, type EventOf } from '../define-event.ts';
import { exampleChange, routeChange, routeState } from './content.ts';

export const routeDefined = defineEvent({
  type: 'newscience.route.Defined.v1',
  when: 'A route has been added to the gateway, or what it matches or leads to has changed.',
  data: routeChange.extend({
    from: routeState.nullable().meta({ description: 'Null for a new route.' }),
    to: routeState,
  }),
  subject: ({ routeId }) => routeId,
  example: {
    id: 'route-table/5',
    source: 'urn:newscience:gateway',
    time: '2026-03-01T11:00:00.000Z',
    data: {
      ...exampleChange,
      revision: 5,
      why: 'the search service is ready to be tried',
      from: null,
      to: {
        path: '/api/v1/search',
        methods: ['GET', 'HEAD'],
        target: 'search-service',
        stage: 'monolith',
      },
    },
  },
});

export type RouteDefined = EventOf<typeof routeDefined>;
