import {
  collision,
  DEFAULT_ROUTE_ID,
  sameButForStage,
  type Occasion,
  type Route,
  type RouteContent,
} from './route.ts';
import { err, ok, type Result } from './result.ts';
import { whyNotTo, type Stage } from './stage.ts';

/** `revision` counts the changes ever made. */
export type RouteTable = { revision: number; routes: ReadonlyMap<string, Route> };

export const EMPTY_TABLE: RouteTable = { revision: 0, routes: new Map() };

export const MAX_ROUTES = 1000;

/** What the operator believes to be changing. Whoever looked at something else is told. */
export type Expected = { kind: 'absent' } | AtRevision;

export type AtRevision = { kind: 'revision'; revision: number };

export type RouteCommand =
  | {
      type: 'DefineRoute';
      id: string;
      content: RouteContent;
      expected: Expected;
      occasion: Occasion;
    }
  | { type: 'ChangeRouteStage'; id: string; stage: Stage; expected: AtRevision; occasion: Occasion }
  | { type: 'RemoveRoute'; id: string; expected: AtRevision; occasion: Occasion };

/** Facts. `revision` is the table's after the fact. */
export type RouteEvent = { id: string; revision: number; occasion: Occasion } & (
  | { type: 'RouteDefined'; from: RouteContent | null; to: RouteContent }
  | { type: 'RouteStageChanged'; from: Stage; to: Stage }
  | { type: 'RouteRemoved'; from: RouteContent }
);

export type RouteError =
  | { code: 'route_default_fixed' }
  | { code: 'route_not_found'; id: string }
  | { code: 'route_revision_conflict'; id: string; expected: Expected; current: Route | null }
  | { code: 'route_duplicate'; id: string; other: Route; methods: readonly string[] }
  | { code: 'route_stage_refused'; id: string; from: Stage; to: Stage; because: string }
  | { code: 'route_table_full'; limit: number };

type Refused = { ok: false; error: RouteError };

/** What a command leads to: the events, none where all is as asked already, or the reason for a refusal. */
export function decide(command: RouteCommand, table: RouteTable): Result<RouteEvent[], RouteError> {
  if (command.id === DEFAULT_ROUTE_ID) return err({ code: 'route_default_fixed' });
  const current = table.routes.get(command.id);
  if (command.type === 'DefineRoute') {
    return asExpected(command.expected, current)
      ? define(command, current, table)
      : conflict(command, current);
  }
  if (current === undefined) return err({ code: 'route_not_found', id: command.id });
  if (!asExpected(command.expected, current)) return conflict(command, current);
  if (command.type === 'ChangeRouteStage') return changeStage(command, current, table);
  const { id, occasion } = command;
  const revision = table.revision + 1;
  return ok([{ type: 'RouteRemoved', id, from: contentOf(current), revision, occasion }]);
}

function conflict({ id, expected }: RouteCommand, current: Route | undefined): Refused {
  return err({ code: 'route_revision_conflict', id, expected, current: current ?? null });
}

function define(
  { id, content, occasion }: Extract<RouteCommand, { type: 'DefineRoute' }>,
  current: Route | undefined,
  table: RouteTable,
): Result<RouteEvent[], RouteError> {
  if (current === undefined && table.routes.size >= MAX_ROUTES) {
    return err({ code: 'route_table_full', limit: MAX_ROUTES });
  }
  for (const other of table.routes.values()) {
    const methods = other.id === id ? [] : collision(content, other);
    if (methods.length > 0) return err({ code: 'route_duplicate', id, other, methods });
  }
  const revision = table.revision + 1;
  if (current === undefined)
    return ok([{ type: 'RouteDefined', id, from: null, to: content, revision, occasion }]);

  // A new stage is a fact of its own, also where it comes together with other changes.
  const events: RouteEvent[] = [];
  if (!sameButForStage(current, content)) {
    const to = { ...content, stage: current.stage };
    events.push({ type: 'RouteDefined', id, from: contentOf(current), to, revision, occasion });
  }
  if (current.stage.name !== content.stage.name) {
    const because = whyNotTo(current.stage, content.stage);
    if (because !== undefined)
      return err({
        code: 'route_stage_refused',
        id,
        from: current.stage,
        to: content.stage,
        because,
      });
    events.push({
      type: 'RouteStageChanged',
      id,
      from: current.stage,
      to: content.stage,
      revision: revision + events.length,
      occasion,
    });
  }
  return ok(events);
}

function changeStage(
  { id, stage, occasion }: Extract<RouteCommand, { type: 'ChangeRouteStage' }>,
  current: Route,
  table: RouteTable,
): Result<RouteEvent[], RouteError> {
  const because = whyNotTo(current.stage, stage);
  if (because !== undefined)
    return err({ code: 'route_stage_refused', id, from: current.stage, to: stage, because });
  return ok([
    {
      type: 'RouteStageChanged',
      id,
      from: current.stage,
      to: stage,
      revision: table.revision + 1,
      occasion,
    },
  ]);
}

/** The table after a fact. */
export function evolve(table: RouteTable, event: RouteEvent): RouteTable {
  const routes = new Map(table.routes);
  const { id, revision, occasion } = event;
  switch (event.type) {
    case 'RouteDefined':
      routes.set(id, { ...event.to, id, revision, lastChange: occasion });
      break;
    case 'RouteStageChanged': {
      const route = routes.get(id);
      if (route !== undefined)
        routes.set(id, { ...route, stage: event.to, revision, lastChange: occasion });
      break;
    }
    case 'RouteRemoved':
      routes.delete(id);
      break;
  }
  return { revision, routes };
}

function asExpected(expected: Expected, current: Route | undefined): boolean {
  return expected.kind === 'absent'
    ? current === undefined
    : current?.revision === expected.revision;
}

function contentOf({ pattern, methods, target, stage }: Route): RouteContent {
  return { pattern, methods, target, stage };
}
