import type { TargetProbe } from './adapters/target-probe.ts';
import type { CurrentTable } from './current-table.ts';
import type { RouteFault } from './domain/fault.ts';
import { err, type Result } from './domain/result.ts';
import { draftRoute, type Actor, type Route, type WrittenRoute } from './domain/route.ts';
import type { AtRevision, Expected, RouteCommand, RouteError } from './domain/route-table.ts';
import { answeredBy, parseStage } from './domain/stage.ts';
import { resolveTarget, targetText, type Target, type TargetPolicy } from './domain/target.ts';
import type { Change, RouteStore } from './route-store.ts';
import type { TableFeed } from './table-feed.ts';

/** Who asks, why, and whether a target that does not answer is taken all the same. */
export type Request = { actor: Actor; why: string; force: boolean };

export type AdministrationError =
  | RouteError
  | { code: 'route_invalid'; faults: readonly RouteFault[] }
  | { code: 'target_unreachable'; target: string; because: string };

export type Changed = Result<Change, AdministrationError>;

/** What an operator can do to the route table. */
export type RouteAdministration = {
  define: (written: WrittenRoute, expected: Expected, request: Request) => Promise<Changed>;
  changeStage: (
    id: string,
    stage: string,
    expected: AtRevision,
    request: Request,
  ) => Promise<Changed>;
  remove: (id: string, expected: AtRevision, request: Request) => Promise<Changed>;
};

export type AdministrationDependencies = {
  store: RouteStore;
  current: CurrentTable;
  feed: Pick<TableFeed, 'look'>;
  policy: TargetPolicy;
  probe: TargetProbe;
  now: () => Date;
};

export function createRouteAdministration(deps: AdministrationDependencies): RouteAdministration {
  const { store, current, feed, policy, now } = deps;

  const apply = async (command: RouteCommand): Promise<Changed> => {
    const changed = await store.change(command);
    // Whoever asks this instance next shall find what was just written.
    if (changed.ok && changed.value.events.length > 0) await feed.look();
    return changed;
  };
  const occasionOf = ({ actor, why }: Request) => ({ at: now().toISOString(), actor, why });

  return {
    async define(written, expected, request) {
      const draft = draftRoute(written, policy);
      if (!draft.ok) return err({ code: 'route_invalid', faults: draft.error });
      const { id } = written;
      const content = draft.value;
      const before = current.steering.table.routes.get(id);
      // The way back to the monolith is never barred by a target that is down.
      const inUse = answeredBy(content.stage) === 'target' || !sameTarget(before, content.target);
      if (inUse && !request.force) {
        const unreachable = await probeTarget(content.target, deps);
        if (unreachable !== undefined) return err(unreachable);
      }
      const occasion = occasionOf(request);
      return apply({ type: 'DefineRoute', id, content, expected, occasion });
    },
    async changeStage(id, name, expected, request) {
      const stage = parseStage(name);
      if (!stage.ok) return err({ code: 'route_invalid', faults: [stage.error] });
      const before = current.steering.table.routes.get(id);
      if (before !== undefined && answeredBy(stage.value) === 'target' && !request.force) {
        const unreachable = await probeTarget(before.target, deps);
        if (unreachable !== undefined) return err(unreachable);
      }
      const occasion = occasionOf(request);
      return apply({ type: 'ChangeRouteStage', id, stage: stage.value, expected, occasion });
    },
    remove: (id, expected, request) =>
      apply({ type: 'RemoveRoute', id, expected, occasion: occasionOf(request) }),
  };
}

function sameTarget(route: Route | undefined, target: Target): boolean {
  return route !== undefined && targetText(route.target) === targetText(target);
}

async function probeTarget(
  target: Target,
  { policy, probe }: AdministrationDependencies,
): Promise<AdministrationError | undefined> {
  const upstream = resolveTarget(target, policy);
  const because =
    upstream === undefined ? 'this instance does not know it' : await probe(upstream.origin);
  if (because === undefined) return undefined;
  return { code: 'target_unreachable', target: targetText(target), because };
}
