import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { routeStageChanged } from '@newscience/event-contracts/route/stage-changed';

const { example } = routeStageChanged;

/** The n-th event of a key; its id tells both. */
export function sampleEvent(key: string, n: number, why = example.data.why): CloudEvent {
  return {
    ...example,
    id: `${key}/${n}`,
    subject: key,
    data: { ...example.data, routeId: key, revision: n + 1, why },
  };
}

/** The key and number in the id of a sample event. */
export function partsOf(id: string): { readonly key: string; readonly n: number } {
  const [key = '', n = ''] = id.split('/');
  return { key, n: Number(n) };
}

/** Of each key its ids, repetitions left out, in the order in which they came first. */
export function firstComings(ids: readonly string[]): Map<string, number[]> {
  const byKey = new Map<string, number[]>();
  for (const id of new Set(ids)) {
    const { key, n } = partsOf(id);
    byKey.set(key, [...(byKey.get(key) ?? []), n]);
  }
  return byKey;
}

/** The same event without a trace. */
export function untraced(event: CloudEvent): CloudEvent {
  const copy = { ...event };
  delete copy.traceparent;
  return copy;
}
