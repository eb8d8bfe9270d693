import { request, type ClientRequest } from 'node:http';

/** What a client of a stream has seen so far, as a browser's EventSource would. */
export type EventStream = {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Ids of the activities, in the order of their coming. */
  readonly ids: number[];
  readonly summaries: string[];
  /** Every block as it came. */
  readonly blocks: string[];
  readonly named: (event: string) => string[];
  /** What it would send as Last-Event-ID. */
  readonly lastEventId: () => string | undefined;
  /** How it ended: in order, or broken off. */
  readonly ended: Promise<'whole' | 'broken'>;
  readonly body: () => string;
  /** Stops reading; the connection stays. */
  readonly stall: () => void;
  readonly resume: () => void;
  readonly close: () => void;
};

export type StreamRequest = {
  readonly url: string;
  readonly token: string;
  readonly lastEventId?: string | undefined;
};

/** Connects and resolves as soon as the head of the answer is there. */
export function openEventStream({ url, token, lastEventId }: StreamRequest): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    };
    const req: ClientRequest = request(url, { headers, agent: false }, (res) => {
      let text = '';
      let rest = '';
      let last: string | undefined;
      const seen = { ids: [] as number[], summaries: [] as string[], blocks: [] as string[] };
      const take = (block: string): void => {
        seen.blocks.push(block);
        const field = (name: string): string | undefined =>
          block
            .split('\n')
            .find((line) => line.startsWith(`${name}: `))
            ?.slice(name.length + 2);
        last = field('id') ?? last;
        if (field('event') !== 'activity') return;
        const data: unknown = JSON.parse(field('data') ?? '{}');
        if (typeof data !== 'object' || data === null) throw new Error('no activity');
        if ('id' in data) seen.ids.push(Number(data.id));
        if ('summary' in data) seen.summaries.push(String(data.summary));
      };
      res.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        rest += chunk;
        const blocks = rest.split('\n\n');
        rest = blocks.pop() ?? '';
        blocks.forEach(take);
      });
      const ended = new Promise<'whole' | 'broken'>((done) => {
        res.once('end', () => done('whole'));
        res.once('error', () => done('broken'));
        res.once('close', () => done(res.complete ? 'whole' : 'broken'));
      });
      resolve({
        status: res.statusCode ?? 0,
        contentType: res.headers['content-type'],
        ...seen,
        named: (event) => seen.blocks.filter((block) => block.startsWith(`event: ${event}\n`)),
        lastEventId: () => last,
        ended,
        body: () => text,
        stall: () => res.pause(),
        resume: () => res.resume(),
        close: () => req.destroy(),
      });
    });
    req.once('error', reject);
    req.end();
  });
}
