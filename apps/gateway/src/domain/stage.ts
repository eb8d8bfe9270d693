import type { RouteFault } from './fault.ts';
import { err, ok, type Result } from './result.ts';

/**
 * How far the traffic of a route has moved away from the monolith. Each member carries the data that its
 * stage needs and no other has; these two need none. `shadow`, `canary` and `retired` join the union
 * between and after them: each is then one member here and one line in `STAGES`, and the compiler names
 * every place that has to say something about it.
 */
export type Stage = { name: 'monolith' } | { name: 'cutover' };

export type StageName = Stage['name'];

type StageRule = {
  /** Place in monolith → shadow → canary → cutover → retired: a smaller one is earlier. */
  order: number;
  /** Whose answer the client gets. */
  answeredBy: 'monolith' | 'target';
  /** Later stages that may directly follow. Every earlier one always may: that is the way back. */
  onwardTo: readonly StageName[];
};

const STAGES: Readonly<Record<StageName, StageRule>> = {
  monolith: { order: 0, answeredBy: 'monolith', onwardTo: ['cutover'] },
  cutover: { order: 3, answeredBy: 'target', onwardTo: [] },
};

export const STAGE_NAMES: readonly StageName[] = ['monolith', 'cutover'];

export function parseStage(name: string): Result<Stage, RouteFault> {
  const known = STAGE_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return ok({ name: known });
  return err({
    code: 'stage_unknown',
    pointer: '/stage',
    value: name,
    problem: 'no such stage',
    remedy: `use one of: ${STAGE_NAMES.join(', ')}`,
  });
}

export function answeredBy(stage: Stage): 'monolith' | 'target' {
  return STAGES[stage.name].answeredBy;
}

/** Why a route may not go from one stage to the other, in words; `undefined` where it may. */
export function whyNotTo(from: Stage, to: Stage): string | undefined {
  if (from.name === to.name) return `it is at stage "${from.name}" already`;
  const [here, there] = [STAGES[from.name], STAGES[to.name]];
  if (there.order < here.order || here.onwardTo.includes(to.name)) return undefined;
  return `from "${from.name}" the next may be ${here.onwardTo.join(' or ') || 'none'}, or any earlier stage`;
}
