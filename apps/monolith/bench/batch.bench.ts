import { setTimeout as sleep } from 'node:timers/promises';
import { defineBenchmark } from '@newscience/measure/benchmark';

import { readCorpus } from './corpus.ts';
import { openLaboratory, type Laboratory } from './laboratory.ts';
import { startReaders } from './readers.ts';

const SIZES = [2_000, 5_000, 10_000, 20_000];
const IDLE_MS = 10_000;
const MEGABYTE = 1_000_000;

/**
 * What the search batch costs as the site grows, and what its readers notice of it. Each measured run
 * replaces an index of the same size, as the one of every hour does. Processor time is that of monolith
 * and PostgreSQL without what the readers cost.
 */
export const benchmark = defineBenchmark({
  name: 'batch',
  summary: 'Cost of the search batch at 2,000 to 20,000 articles, and what readers notice of it',
  rounds: 3,
  parameters: {
    largest: { default: 20_000, summary: 'leave out sizes above this number of articles' },
  },
  wanted: [],
  run: async (context) => {
    const { record, progress, version, cleanUp, parameter, rounds, signal } = context;
    const sizes = SIZES.filter((size) => size <= parameter('largest'));
    progress('reading articles');
    const corpus = await readCorpus(Math.max(...sizes));
    version('corpus', corpus.from);
    progress('starting PostgreSQL and the monolith');
    const laboratory = await openLaboratory(cleanUp);
    version('postgresql', laboratory.postgresVersion);
    const urls = corpus.articles.map(
      ({ put }) => `${laboratory.url}/api/v1/articles/${put.artRef}`,
    );

    let stored = 0;
    for (const size of sizes) {
      const at = `at ${size.toLocaleString('en')}`;
      progress(`${at}: adding articles`);
      await laboratory.add(corpus.articles.slice(stored, size));
      stored = size;
      progress(`${at}: first run, not measured`);
      await laboratory.runBatch();
      for (let round = 1; round <= rounds; round += 1) {
        if (signal.aborted) return;
        progress(`${at}: round ${round} of ${rounds}, idle`);
        const before = startReaders(urls.slice(0, size));
        const quiet = stopwatch(laboratory);
        await sleep(IDLE_MS, undefined, { signal }).catch(() => undefined);
        const { processor: ofReaders } = quiet();
        const idle = await before.stop();
        progress(`${at}: round ${round} of ${rounds}, batch`);
        const meanwhile = startReaders(urls.slice(0, size));
        const loud = stopwatch(laboratory);
        const run = await laboratory.runBatch();
        const { seconds, processor } = loud();
        const busy = await meanwhile.stop();

        record(`duration ${at}`, (run.durationMs ?? 0) / 1000, 's');
        if (processor !== undefined && ofReaders !== undefined) {
          const own = processor - (ofReaders * seconds) / (IDLE_MS / 1000);
          record(`processor time ${at}`, own, 's');
        }
        record(`rows read ${at}`, run.rowsRead, 'rows');
        record(`rows written ${at}`, run.rowsWritten, 'rows');
        record(`write-ahead log ${at}`, run.walBytes / MEGABYTE, 'MB');
        record(`article, idle, p50 ${at}`, idle.p50, 'ms');
        record(`article, during the batch, p50 ${at}`, busy.p50, 'ms');
        record(`article, idle, p99 ${at}`, idle.p99, 'ms');
        record(`article, during the batch, p99 ${at}`, busy.p99, 'ms');
      }
    }
  },
});

/** Seconds and processor seconds since its call. */
function stopwatch({ processorSeconds }: Laboratory) {
  const [started, used] = [performance.now(), processorSeconds()];
  return () => {
    const now = processorSeconds();
    return {
      seconds: (performance.now() - started) / 1000,
      processor: now === undefined || used === undefined ? undefined : now - used,
    };
  };
}
