/** Slurm as an order needs to know it: whose jobs may be moved, how they stand, and what moves them. */
import { type Job, spanSeconds } from '../../../domain/job.js';
import { latestSafeEnd } from '../../../domain/slurm.js';
import { moveCommand, moveTogether } from '../../../domain/slurm-moves.js';
import { defineCollection, defineRows, type Store } from '../../../domain/store.js';
import { type Instant, plusSeconds } from '../../../domain/time.js';
import type { Clock } from '../../../domain/world.js';
import { type Book, BookRow, type Desk, type Item, type Left, Receipt } from '../orders/orders.js';
import type { Slurm } from './commands.js';
import { askInTime, type Controller } from './controller.js';
import { lookAt } from './look.js';
import type { Waiting } from './queue.js';
import { tellMoves } from './tell-moves.js';

export const BOOK: Book = {
  rows: defineRows('slurm_orders', BookRow),
  receipts: defineCollection('slurm_order_receipts', Receipt),
};

export interface Cluster {
  readonly slurm: Slurm;
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  /** commands are told and not run */
  readonly rehearses: boolean;
  /** whose jobs may be moved: those whose comment says so, or all but those whose comment says no */
  readonly consent: 'comment' | 'all';
  controller(): Promise<Controller>;
  /** What waits, by Slurm's number. */
  queue(): Promise<ReadonlyMap<string, Waiting>>;
}

export const deskOf = (cluster: Cluster): Desk => {
  const { slurm, store, clock, rehearses, controller } = cluster;
  return {
    ...{ store, clock, rehearses, book: BOOK },
    deed: async (work) => {
      await askInTime(controller, clock);
      return work();
    },
    known: ({ slurm: told }) => (told === undefined ? null : { target: told.id, eligibleAt: told.eligibleAt }),
    judge: async () => {
      const [queue, { cluster: name }] = [await cluster.queue(), await controller()];
      return (item, before) => whyNot(item, before, queue, name, cluster.consent);
    },
    lookAt: (targets) => lookAt(slurm, targets),
    movesOf: (free) => {
      const moves = moveTogether(
        free.map(({ target, eligibleAt, to }) => ({ target, cluster: null, from: eligibleAt, to, targets: [target] })),
      );
      return {
        moves: moves.map((one) => ({ targets: one.targets, command: moveCommand(one) })),
        run: () => tellMoves(slurm, moves),
      };
    },
    unmoved: 'Slurm took the command and the start is another',
  };
};

const whyNot = (
  { job, pieces, moved }: Item,
  before: boolean,
  queue: ReadonlyMap<string, Waiting>,
  cluster: string,
  consent: Cluster['consent'],
): Left | null => {
  const left = (why: string): Left => ({ state: 'left', why });
  const { slurm } = job;
  if (slurm === undefined) return left('Slurm does not know it; caco export --sbatch writes what submits it');
  if (!moved && !before) return { state: 'not-needed', why: null };
  if (slurm.cluster !== null && slurm.cluster !== cluster)
    return left(`it belongs to cluster ${slurm.cluster}, this is ${cluster}`);
  const waiting = queue.get(slurm.id);
  if (waiting === undefined) return { state: 'lost', why: 'it no longer waits among the jobs that are planned' };
  if (waiting.slurm.stays !== null) return left(waiting.slurm.stays);
  if (consent === 'comment' && !waiting.leave) return { ...left(ONLY_RECOMMENDED), lacksLeave: true };
  if (job.category === 'urgent') return left('it is urgent');
  if (pieces.length > 1) return left('the plan pauses it, which no start time can say');
  const { region, start } = pieces[0]!;
  if (region !== job.region) return left(`the plan takes it to ${region}, which no start time can say`);
  return leavesRoom(waiting, job, start) ? null : left('Slurm would remove it at its deadline');
};

/** Slurm takes a start that leaves no room to a deadline, and removes the job at that start. */
const leavesRoom = ({ slurm }: Waiting, job: Job, start: Instant): boolean => {
  const seconds = spanSeconds(job);
  const latest = latestSafeEnd(slurm, seconds);
  return latest === null || plusSeconds(start, seconds) <= latest;
};

const ONLY_RECOMMENDED = 'only recommended: its comment does not say that it may be moved (caco:flex=MINUTES)';
