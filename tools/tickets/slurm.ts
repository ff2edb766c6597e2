/**
 * A plan's moves as commands for Slurm. A job that came from Slurm's queue is moved there (`scontrol update … StartTime=`), never
 * submitted; what Slurm does not know yet is submitted once. Who may do which is known from the job, never from the look of its id.
 */
import { digest } from '../../domain/digest.js';
import { type Job, latestPlannedEnd, spanSeconds } from '../../domain/job.js';
import type { Recommendation } from '../../domain/plan.js';
import type { SlurmJob } from '../../domain/slurm.js';
import { oneLine, wellFormed } from '../../domain/text.js';
import { type Instant, secondsBetween, toEpoch } from '../../domain/time.js';

/** POSIX shell: within single quotes nothing is special. Control characters are refused by spaces: no name may break a line. */
export const shellQuote = (text: string): string => `'${oneLine(text, 1000).replaceAll("'", "'\\''")}'`;

/** Slurm accepts neither `Z` nor an offset: the zone is said by TZ=UTC. */
const slurmTime = (at: Instant): string => at.slice(0, 19);

/** A job, or tasks of one array, that go to one start together. */
export interface QueueMove {
  /** `76`, `76_3` or `76_[0-4,7]` */
  readonly target: string;
  readonly cluster: string | null;
  /** from when it may start as far as we know; a queue that says otherwise was changed by somebody else. Null: not known */
  readonly from: Instant | null;
  readonly to: Instant;
  readonly jobs: number;
}
export interface Submission {
  readonly jobId: string;
  readonly name: string;
  readonly start: Instant;
  /** the same for every plan of the same job */
  readonly key: string;
}
export interface NotMoved {
  /** Slurm's number, or our id where Slurm has none */
  readonly jobId: string;
  readonly why: string;
}
export interface SlurmMoves {
  readonly moves: QueueMove[];
  readonly submissions: Submission[];
  readonly left: NotMoved[];
}

/** `undo`: back to where each job was when the queue was read. */
export const slurmMoves = (
  rows: readonly { readonly recommendation: Recommendation; readonly job: Job | undefined }[],
  undo: boolean,
): SlurmMoves => {
  const single: (QueueMove & { readonly slurm: SlurmJob })[] = [];
  const submissions: Submission[] = [];
  const left: NotMoved[] = [];
  for (const { recommendation: r, job } of rows) {
    const why = job === undefined ? 'it is in no workload any more' : whyNot(r, job);
    if (why !== null) left.push({ jobId: job?.slurm?.id ?? r.jobId, why });
    else if (job!.slurm !== undefined) {
      const before = job!.slurm.eligibleAt;
      const [from, to] = undo ? [r.toStart, before ?? r.fromStart] : [before, r.toStart];
      single.push({ target: job!.slurm.id, cluster: job!.slurm.cluster, from, to, jobs: 1, slurm: job!.slurm });
    } else if (undo)
      left.push({ jobId: r.jobId, why: 'a submission is undone with scancel, by the number that it got' });
    else submissions.push({ jobId: r.jobId, name: job!.name, start: r.toStart, key: keyOf(job!) });
  }
  return { moves: together(single), submissions, left };
};

const whyNot = (r: Recommendation, job: Job): string | null => {
  if (r.fromRegion !== r.toRegion) return `the plan takes it to ${r.toRegion}, which no start time can say`;
  if (job.slurm === undefined) return null;
  if (job.slurm.stays !== null) return job.slurm.stays;
  if (secondsBetween(r.toStart, r.toEnd) > spanSeconds(job) + 1)
    return 'the plan pauses it, which no start time can say';
  const latest = latestPlannedEnd(job);
  if (latest !== null && secondsBetween(r.toStart, latest) < spanSeconds(job))
    return `Slurm would remove it: its time limit does not fit between the planned start and its deadline, with room to spare`;
  return null;
};

/** Which job it is, whichever plan or workload names it, and also when its file is read again at another time. */
const keyOf = ({ id, name, team, durationHours }: Job): string =>
  digest({ id: wellFormed(id), name: wellFormed(name), team: wellFormed(team), durationHours }).slice(0, 16);

/** Pieces of one command's list of tasks; Slurm takes far longer ones, a reader does not. */
const MOST_RANGES = 100;

/** Tasks of one array that go from and to the same start become one move: Slurm then keeps the array in one piece. */
const together = (moves: readonly QueueMove[]): QueueMove[] => {
  const arrays = new Map<string, { first: QueueMove; tasks: number[] }>();
  const all: (QueueMove | { first: QueueMove; tasks: number[] })[] = [];
  for (const { target, cluster, from, to, jobs } of moves) {
    const move = { target, cluster, from, to, jobs };
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
    const jobs = part.reduce((sum, [a, b]) => sum + b - a + 1, 0);
    moves.push({ ...first, target: `${array}_[${list}]`, jobs });
  }
  return moves;
};

/** As it is where a shell sees nothing in it, else quoted. */
const word = (text: string): string => (/^[\w.=-]+$/.test(text) ? text : text === '' ? "''" : shellQuote(text));

/** The command itself, as a person can paste it. */
export const moveCommand = ({ target, to }: Pick<QueueMove, 'target' | 'to'>): string =>
  `TZ=UTC scontrol update ${word(`JobId=${target}`)} StartTime=${slurmTime(to)}`;

/** A line of the script: what is expected and wanted, in seconds since 1970, and the command. */
export const moveLine = (move: QueueMove): string => {
  const { target, cluster, from, to } = move;
  return `move ${word(target)} ${word(cluster ?? '')} ${from === null ? 0 : toEpoch(from)} ${toEpoch(to)} env ${moveCommand(move)}`;
};

export const submitLine = ({ jobId, name, start, key }: Submission): string =>
  `submit ${key} ${word(jobId)} env TZ=UTC sbatch --begin=${slurmTime(start)} --job-name=${shellQuote(name)} --comment=caco:op=${key} "$JOB_SCRIPTS"/${shellQuote(jobId.replaceAll('/', '_').replace(/^\.+/, '_'))}.sh`;

export const leftLine = ({ jobId, why }: NotMoved): string =>
  `# not moved: ${oneLine(jobId, 200)}: ${oneLine(why, 300)}`;
