import { expect } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

export type Block = { readonly event?: string; readonly id?: string; readonly data?: string };

export type EventStream = {
  readonly status: number;
  readonly headers: Headers;
  /** All blocks so far that have data. */
  readonly events: () => readonly Block[];
  /** The `data` of all `activity` blocks so far. */
  readonly ids: () => number[];
  /** What a client sends as Last-Event-ID when it connects again. */
  readonly lastId: () => string | undefined;
  readonly until: (enough: (ids: number[]) => boolean) => Promise<void>;
  readonly ended: Promise<void>;
  readonly cut: () => Promise<void>;
};

const open = new Set<() => Promise<void>>();

/** For afterEach: a stream that a failed test left open would keep Jest from ending. */
export async function cutAllStreams(): Promise<void> {
  await Promise.all([...open].map((cut) => cut()));
}

/** A client of server-sent events, by the rules of the HTML standard as far as the site needs them. */
export async function openStream(
  url: string,
  token: string,
  lastEventId?: string,
): Promise<EventStream> {
  const aborter = new AbortController();
  const response = await fetch(url, {
    signal: aborter.signal,
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  const found: Block[] = [];
  let lastId: string | undefined;
  const ended = read();

  async function read(): Promise<void> {
    let rest = '';
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        rest += piece;
        const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/);
        rest = blocks.pop() ?? '';
        for (const block of blocks) take(block);
      }
    } catch {
      // cut, here or there
    }
  }

  function take(text: string): void {
    const fields = text.split(/\r\n|\n|\r/).flatMap((line) => {
      const [, name = '', value = ''] = /^([^:]+)(?:: ?(.*))?$/s.exec(line) ?? [];
      return name === '' ? [] : [[name, value] as const];
    });
    const of = (name: string): string | undefined =>
      fields.findLast(([field]) => field === name)?.[1];
    const lines = fields.filter(([name]) => name === 'data').map(([, value]) => value);
    const [event, id] = [of('event'), of('id')];
    if (id !== undefined) lastId = id;
    if (lines.length > 0)
      found.push({
        ...(event !== undefined && { event }),
        ...(id !== undefined && { id }),
        data: lines.join('\n'),
      });
  }

  const ids = (): number[] =>
    found
      .filter(({ event }) => event === 'activity')
      .map(({ data }) => (JSON.parse(data ?? '') as { id: number }).id);
  const cut = async (): Promise<void> => {
    open.delete(cut);
    aborter.abort();
    await ended;
  };
  open.add(cut);
  return {
    status: response.status,
    headers: response.headers,
    events: () => found,
    ids,
    lastId: () => lastId,
    until: (enough) => eventually(() => expect(enough(ids())).toBe(true)),
    ended,
    cut,
  };
}
