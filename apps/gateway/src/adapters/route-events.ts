import { randomUUID } from 'node:crypto';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { routeDefined, type RouteDefined } from '@newscience/event-contracts/route/defined';
import { routeRemoved, type RouteRemoved } from '@newscience/event-contracts/route/removed';
import {
  routeStageChanged,
  type RouteStageChanged,
} from '@newscience/event-contracts/route/stage-changed';
import type { RouteContent } from '../domain/route.ts';
import type { RouteEvent } from '../domain/route-table.ts';
import { storedContent } from './stored-route.ts';

const SOURCE = 'urn:newscience:gateway';

/** A change of the route table as the other services hear of it. */
export function toCloudEvent(event: RouteEvent): CloudEvent {
  return {
    specversion: '1.0',
    // Not the revision: that comes again in a new or restored database, and would pass for a repetition.
    id: randomUUID(),
    source: SOURCE,
    subject: event.id,
    time: event.occasion.at,
    datacontenttype: 'application/json',
    ...typed(event),
  };
}

type Typed = Pick<RouteDefined | RouteStageChanged | RouteRemoved, 'type' | 'data'>;

function typed(event: RouteEvent): Typed {
  const { id: routeId, revision, occasion } = event;
  const change = { routeId, revision, by: occasion.actor, why: occasion.why };
  switch (event.type) {
    case 'RouteDefined': {
      const from = event.from === null ? null : stateOf(event.from);
      return { type: routeDefined.type, data: { ...change, from, to: stateOf(event.to) } };
    }
    case 'RouteStageChanged': {
      const [from, to] = [event.from.name, event.to.name];
      return { type: routeStageChanged.type, data: { ...change, from, to } };
    }
    case 'RouteRemoved':
      return { type: routeRemoved.type, data: { ...change, from: stateOf(event.from) } };
  }
}

const stateOf = (content: RouteContent) => ({
  ...storedContent(content),
  stage: content.stage.name,
});
