import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Drill } from './drill.ts';
import type { Report } from './report.ts';
import { withSession, type SessionOptions } from './session.ts';
import { judge, type Verdict } from './wanted.ts';

export type Happening = { atMs: number; text: string };

export type DrillReport = Report & {
  /** What the drill told with `event`; milliseconds since its start. */
  timeline: Happening[];
  /** What broke, one sentence each; empty where all invariants held. */
  broken: string[];
};

/**
 * Runs a drill in a folder of its own that is gone afterwards. Its invariants are rows of `wanted`
 * with the limit 0.
 *
 * @throws what the drill threw, and an Error when it stated no invariant
 */
export async function runDrill(
  drill: Drill,
  options: Omit<SessionOptions, 'declared'>,
): Promise<DrillReport> {
  return await withSession(
    { ...options, declared: drill },
    async ({ context, figures, machine }) => {
      const folder = await mkdtemp(join(tmpdir(), `newscience-drill-${drill.name}-`));
      context.cleanUp(() => rm(folder, { recursive: true, force: true }));
      const invariants: Verdict[] = [];
      const broken: string[] = [];
      const timeline: Happening[] = [];
      const started = performance.now();
      await drill.run({
        ...context,
        folder,
        freePort,
        event(text) {
          timeline.push({ atMs: Math.round(performance.now() - started), text });
          context.progress(text);
        },
        invariant(name, violations, detail) {
          const holds = violations === 0;
          invariants.push({ name, measured: violations, limit: 0, unit: 'violations', holds });
          if (!holds)
            broken.push(`${name}: ${violations} violations${detail ? `: ${detail}` : ''}`);
        },
      });
      if (invariants.length === 0) throw new Error(`${drill.name} stated no invariant`);
      return {
        name: drill.name,
        machine: machine(),
        figures: figures(),
        wanted: [...invariants, ...judge(drill.wanted ?? [], figures())],
        timeline,
        broken,
      };
    },
  );
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port was given'));
      });
    });
  });
}
