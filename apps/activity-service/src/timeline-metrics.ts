import type { Metrics } from '@newscience/service-kit/metrics';

import type { Look } from './adapters/placing.ts';

/** Counts what the looks of this instance did; the head is the same in all instances. */
export function watchTimeline(metrics: Metrics): (look: Look) => void {
  const placed = metrics.counter('activity_placed_total', 'Arrivals put into the timeline.');
  const erased = metrics.counter(
    'activity_erased_total',
    'Older activities whose personal data was erased.',
  );
  const last = metrics.gauge('activity_timeline_head', 'The last id of the timeline.');
  return (look) => {
    placed.inc(look.placed);
    erased.inc(look.erased);
    last.set(look.head);
  };
}
