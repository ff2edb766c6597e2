/**
 * A plan's moves as commands for Slurm. A job that came from Slurm's queue is moved there (`scontrol update … StartTime=`), never
 * submitted; what Slurm does not know yet is submitted once. Who may do which is known from the job, never from the look of its id.
 */
import { digest } from '../../domain/digest.js';
import { type Job, latestPlannedEnd, spanSeconds } from '../../domain/job.js';
import type { Recommendation } from '../../domain/plan.js';
import { moveCommand, moveTogether, type QueueMove, slurmTime } from '../../domain/slurm-moves.js';
import { oneLine, wellFormed } from '../../domain/text.js';
import { type Instant, secondsBetween, toEpoch } from '../../domain/time.js';

/** POSIX shell: within single quotes nothing is special. Control characters are refused by spaces: no name may break a line. */
export const shellQuote = (text: string): string => `'${oneLine(text, 1000).replaceAll("'", "'\\''")}'`;

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
  const single: QueueMove[] = [];
  const submissions: Submission[] = [];
  const left: NotMoved[] = [];
  for (const { recommendation: r, job } of rows) {
    const why = job === undefined ? 'it is in no workload any more' : whyNot(r, job);
    if (why !== null) left.push({ jobId: job?.slurm?.id ?? r.jobId, why });
    else if (job!.slurm !== undefined) {
      const before = job!.slurm.eligibleAt;
      const target = job!.slurm.id;
      const [from, to] = undo ? [r.toStart, before ?? r.fromStart] : [before, r.toStart];
      single.push({ target, cluster: job!.slurm.cluster, from, to, targets: [target] });
    } else if (undo)
      left.push({ jobId: r.jobId, why: 'a submission is undone with scancel, by the number that it got' });
    else submissions.push({ jobId: r.jobId, name: job!.name, start: r.toStart, key: keyOf(job!) });
  }
  return { moves: moveTogether(single), submissions, left };
};

const whyNot = (r: Recommendation, job: Job): string | null => {
  if (r.fromRegion !== r.toRegion) return `the plan takes it to ${r.toRegion}, which no start time can say`;
  if (job.kubernetes !== undefined)
    return 'it waits in Kubernetes, which has no start time: caco changes lists what is done there';
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

/** As it is where a shell sees nothing in it, else quoted. */
const word = (text: string): string => (/^[\w.=-]+$/.test(text) ? text : text === '' ? "''" : shellQuote(text));

/** A line of the script: what is expected and wanted, in seconds since 1970, and the command. */
export const moveLine = (move: QueueMove): string => {
  const { target, cluster, from, to } = move;
  return `move ${word(target)} ${word(cluster ?? '')} ${from === null ? 0 : toEpoch(from)} ${toEpoch(to)} env ${moveCommand(move)}`;
};

export const submitLine = ({ jobId, name, start, key }: Submission): string =>
  `submit ${key} ${word(jobId)} env TZ=UTC sbatch --begin=${slurmTime(start)} --job-name=${shellQuote(name)} --comment=caco:op=${key} "$JOB_SCRIPTS"/${shellQuote(jobId.replaceAll('/', '_').replace(/^\.+/, '_'))}.sh`;

export const leftLine = ({ jobId, why }: NotMoved): string =>
  `# not moved: ${oneLine(jobId, 200)}: ${oneLine(why, 300)}`;
