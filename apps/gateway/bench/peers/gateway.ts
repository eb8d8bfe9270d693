import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics } from '@newscience/service-kit/metrics';
import { createCurrentTable } from '../../src/current-table.ts';
import { draftRoute } from '../../src/domain/route.ts';
import { EMPTY_TABLE, decide, evolve, type RouteTable } from '../../src/domain/route-table.ts';
import type { TargetPolicy } from '../../src/domain/target.ts';
import { batchedAccessLog } from '../../src/proxy/access-log.ts';
import { createFacade } from '../../src/proxy/facade.ts';
import { serve } from './announce.ts';

/**
 * The gateway as it runs: facade with all its rules, access log, metrics, and a compiled route table.
 * Only the table's database is left out, which no request touches.
 */
const origin = process.argv[2] ?? '';
const policy: TargetPolicy = {
  upstreams: new Map([
    ['monolith', origin],
    ['search', origin],
  ]),
  allowedHosts: new Set(),
  own: { hosts: new Set(), ports: new Set() },
};
const current = createCurrentTable(policy);
current.adopt({ lineage: 'benchmark', table: sampleTable() }, { kind: 'default' });

const logger = createLogger({ service: 'gateway' });
const facade = createFacade({
  decide: current.decide,
  logger,
  metrics: createMetrics('gateway'),
  accessLog: batchedAccessLog('gateway', (lines) => {
    process.stdout.write(lines);
  }),
});
serve(facade.server);

/** As many routes as the transformation has steps, of which one takes what is measured. */
function sampleTable(): RouteTable {
  const paths = ['/api/v1/search', '/download', '/api/v1/articles/:id', '/api/v1/articles/:id/*'];
  for (const name of ['comments', 'me', 'feeds', 'authors', 'subscriptions', 'digest']) {
    paths.push(`/api/v1/${name}`, `/api/v1/${name}/*`);
  }
  const actor = { id: '11111111-1111-4111-8111-111111111111', name: 'Benchmark' };
  const occasion = { at: '2026-01-01T00:00:00.000Z', actor, why: 'to be measured' };
  let table = EMPTY_TABLE;
  for (const [index, path] of paths.entries()) {
    const written = { id: `route-${index}`, path, methods: [], target: 'search', stage: 'cutover' };
    const draft = draftRoute(written, policy);
    if (!draft.ok) throw new Error(JSON.stringify(draft.error));
    const { id } = written;
    const expected = { kind: 'absent' } as const;
    const decided = decide(
      { type: 'DefineRoute', id, content: draft.value, expected, occasion },
      table,
    );
    if (!decided.ok) throw new Error(decided.error.code);
    for (const event of decided.value) table = evolve(table, event);
  }
  return table;
}
