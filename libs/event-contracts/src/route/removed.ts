import { defineEvent, type EventOf } from '../define-event.ts';
import { exampleChange, routeChange, routeState } from './content.ts';

export const routeRemoved = defineEvent({
  type: 'newscience.route.Removed.v1',
  when: 'A route has been removed from the gateway: the monolith answers what it matched.',
  data: routeChange.extend({ from: routeState }),
  subject: ({ routeId }) => routeId,
  example: {
    id: 'route-table/9',
    source: 'urn:newscience:gateway',
    time: '2026-03-09T15:20:00.000Z',
    data: {
      ...exampleChange,
      revision: 9,
      why: 'the experiment is over',
      from: {
        path: '/api/v1/search',
        methods: ['GET', 'HEAD'],
        target: 'search-service',
        stage: 'cutover',
      },
    },
  },
});

export type RouteRemoved = EventOf<typeof routeRemoved>;
