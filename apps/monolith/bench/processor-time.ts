import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/**
 * Processor time in seconds of a process and all its children, those that have ended included. Wall time
 * depends on what else a machine does; this hardly. Linux only: undefined elsewhere.
 */
export function treeSeconds(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const living = children === '' ? [] : children.split(' ').map(Number);
  return [pid, ...living].reduce((total, one) => total + secondsOf(one, one === pid), 0);
}

function secondsOf(pid: number, withEnded: boolean): number {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended between the two looks: its parent counts it from now on.
    return 0;
  }
  // The name in parentheses may hold spaces: fields count from behind it, "state" being the third.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  return (user + system + (withEnded ? endedUser + endedSystem : 0)) / TICKS_PER_SECOND;
}
