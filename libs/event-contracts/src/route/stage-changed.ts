import { defineEvent, type EventOf } from '../define-event.ts';
import { exampleChange, routeChange, stageName } from './content.ts';

export const routeStageChanged = defineEvent({
  type: 'newscience.route.StageChanged.v1',
  when: 'A route has gone on to the next stage, or back to an earlier one.',
  data: routeChange.extend({ from: stageName, to: stageName }),
  subject: ({ routeId }) => routeId,
  example: {
    id: 'route-table/7',
    source: 'urn:newscience:gateway',
    time: '2026-03-02T11:00:00.000Z',
    data: { ...exampleChange, from: 'monolith', to: 'cutover' },
  },
});

export type RouteStageChanged = EventOf<typeof routeStageChanged>;
