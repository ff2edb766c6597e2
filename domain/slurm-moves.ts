/** Moves of waiting Slurm jobs to another start: tasks of one array that go together stay together. */
import type { Instant } from './time.js';

/** Slurm accepts neither `Z` nor an offset: the zone is said by TZ=UTC. */
export const slurmTime = (at: Instant): string => at.slice(0, 19);

/** What scontrol is told; a list of tasks has characters that a shell would read. */
export const moveArgs = ({ target, to }: Pick<QueueMove, 'target' | 'to'>): [string, string, string] => [
  'update',
  `JobId=${target}`,
  `StartTime=${slurmTime(to)}`,
];

/** The command itself, as a person can paste it. */
export const moveCommand = (move: Pick<QueueMove, 'target' | 'to'>): string => {
  const [verb, job, start] = moveArgs(move);
  return `TZ=UTC scontrol ${verb} ${/^[\w.=-]+$/.test(job) ? job : `'${job}'`} ${start}`;
};

/** A job, or tasks of one array, that go to one start together. */
export interface QueueMove {
  /** `76`, `76_3` or `76_[0-4,7]` */
  readonly target: string;
  readonly cluster: string | null;
  /** from when it may start as far as we know; a queue that says otherwise was changed by somebody else. Null: not known */
  readonly from: Instant | null;
  readonly to: Instant;
  /** the jobs of it, each by its own number */
  readonly targets: readonly string[];
}

/** Pieces of one command's list of tasks; Slurm takes far longer ones, a reader does not. */
const MOST_RANGES = 100;

/** Tasks of one array that go from and to the same start become one move: Slurm then keeps the array in one piece. */
export const moveTogether = (moves: readonly QueueMove[]): QueueMove[] => {
  const arrays = new Map<string, { first: QueueMove; tasks: number[] }>();
  const all: (QueueMove | { first: QueueMove; tasks: number[] })[] = [];
  for (const move of moves) {
    const { target, cluster, from, to } = move;
    const [array, task] = target.split('_');
    if (task === undefined) {
      all.push(move);
      continue;
    }
    const key = JSON.stringify([array, cluster, from, to]);
    const known = arrays.get(key);
    if (known) known.tasks.push(Number(task));
    else {
      const group = { first: move, tasks: [Number(task)] };
      arrays.set(key, group);
      all.push(group);
    }
  }
  return all.flatMap((one) => ('tasks' in one ? listed(one.first, one.tasks) : [one]));
};

const listed = (first: QueueMove, tasks: number[]): QueueMove[] => {
  if (tasks.length === 1) return [first];
  const array = first.target.split('_')[0]!;
  const ranges: [number, number][] = [];
  for (const task of tasks.sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === task - 1) last[1] = task;
    else ranges.push([task, task]);
  }
  const moves: QueueMove[] = [];
  for (let at = 0; at < ranges.length; at += MOST_RANGES) {
    const part = ranges.slice(at, at + MOST_RANGES);
    const list = part.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(',');
    const targets = part.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => `${array}_${a + i}`));
    moves.push({ ...first, target: `${array}_[${list}]`, targets });
  }
  return moves;
};
