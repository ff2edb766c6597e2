/** Kubernetes as an order needs to know it: whose Jobs may be held, how they stand, and what holds them and lets go. */
import { hostname } from 'node:os';
import { Fault } from '../../../domain/fault.js';
import { spanSeconds } from '../../../domain/job.js';
import { kubernetesTarget } from '../../../domain/kubernetes.js';
import { defineCollection, defineRows, type Store } from '../../../domain/store.js';
import { type Instant, plusSeconds, secondsBetween } from '../../../domain/time.js';
import type { Clock } from '../../../domain/world.js';
import { type Book, BookRow, type Desk, type Free, type Item, type Left, Receipt } from '../orders/orders.js';
import { type Api, saidIn } from './api.js';
import { applyHold, holdCommand, isPast } from './hold.js';
import { agoText, leading, leaseAt } from './lease.js';
import { lookAtAll, lookAtOne, type Seen } from './look.js';
import type { Waiting } from './queue.js';
import { RELEASER_LEASE, RELEASER_SILENT_SECONDS } from './release.js';

export const BOOK: Book = {
  rows: defineRows('kubernetes_orders', BookRow),
  receipts: defineCollection('kubernetes_order_receipts', Receipt),
};

export interface Ground {
  readonly api: Api;
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  /** patches are told and not sent */
  readonly rehearses: boolean;
  /** whose Jobs may be held: those whose label says so, or all but those whose label says no */
  readonly consent: 'label' | 'all';
  /** those that are ours; none: all */
  readonly namespaces: readonly string[];
  /** where the leases are */
  readonly home: string;
  /** What waits, by target. */
  queue(): Promise<ReadonlyMap<string, Waiting>>;
}

const PLACING_LEASE = 'caco-placing';
const PLACING_SECONDS = 60;
/** A hold ends at an instant of the cluster's clock. */
export const MOST_SKEW_SECONDS = 60;

/** Seconds by which the server's clock is before ours, or behind it (below 0); 0 within the time that the answer took. */
export const skewOf = async (api: Api, clock: Pick<Clock, 'now'>): Promise<number> => {
  const asked = clock.now();
  const { date } = await api.ask('/version');
  const answered = clock.now();
  if (date === null) return 0;
  return date < asked ? secondsBetween(asked, date) : date > answered ? secondsBetween(answered, date) : 0;
};

export const deskOf = (ground: Ground): Desk => {
  const { api, store, clock, rehearses } = ground;
  // What was looked at last: a hold names the version that it was decided on.
  let seen: ReadonlyMap<string, Seen> = new Map();
  let check = () => {};
  return {
    ...{ store, clock, rehearses, book: BOOK },
    deed: async (work) => {
      const ahead = await skewOf(api, clock);
      if (Math.abs(ahead) > MOST_SKEW_SECONDS)
        throw new Fault(
          'conflict',
          `the clock of Kubernetes is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} this program’s: Jobs would start at other times than were planned`,
          'Set the clocks (chronyc tracking), or leave out --now and CACO_NOW: a real cluster lives in the present.',
        );
      const holder = `${hostname()}-${process.pid}`;
      const lease = { namespace: ground.home, name: PLACING_LEASE, holder, seconds: PLACING_SECONDS };
      return leading(api, lease, (holds) => {
        check = holds;
        return work();
      });
    },
    known: ({ kubernetes }) =>
      kubernetes === undefined ? null : { target: kubernetesTarget(kubernetes), eligibleAt: kubernetes.eligibleAt },
    judge: async () => {
      if (!rehearses) await requireReleaser(api, ground.home);
      const queue = await ground.queue();
      return (item, before) => whyNot(item, before, queue, ground.consent);
    },
    lookAt: async (targets) => {
      seen = await lookAtAll(api, ground.namespaces, targets);
      return new Map([...seen].map(([target, { standing }]) => [target, standing]));
    },
    movesOf: (free) => {
      const moves = free.flatMap((one) => moveOf(ground, one, seen.get(one.target), () => check()));
      return {
        moves: moves.map(({ target, command }) => ({ targets: [target], command })),
        run: async () => {
          const said = new Map<string, string>();
          for (const { target, patch } of moves) {
            const trouble = await patch();
            if (trouble !== null) said.set(target, trouble);
          }
          return said;
        },
      };
    },
    unmoved: 'Kubernetes took the patch and the Job stands otherwise',
  };
};

/** Nothing is held where nobody would let go of it. */
const requireReleaser = async (api: Api, home: string): Promise<void> => {
  const { renewedAt, now } = await leaseAt(api, home, RELEASER_LEASE);
  if (renewedAt !== null && secondsBetween(renewedAt, now) <= RELEASER_SILENT_SECONDS) return;
  throw new Fault(
    'unavailable',
    `nobody would let go of what is held: ${renewedAt === null ? 'no releaser has ever looked' : `the releaser looked ${agoText(renewedAt, now)}`} (lease ${home}/${RELEASER_LEASE})`,
    'kubectl apply -f docs/deploy/kubernetes.yaml, or leave `caco kubernetes release` running.',
  );
};

/** How often a Job that changed meanwhile is looked at again before it is left. */
const MOST_TRIES = 3;

interface Patch {
  readonly target: string;
  readonly command: string;
  /** Null: it was taken; else what Kubernetes said. Throws Fault `unavailable`. */
  patch(): Promise<string | null>;
}

const moveOf = (ground: Ground, { target, to }: Free, looked: Seen | undefined, check: () => void): Patch[] => {
  if (looked === undefined) return [];
  const until = isPast(to, ground.clock.now()) ? null : to;
  return [
    {
      target,
      command: holdCommand(looked, until),
      patch: async () => {
        let now: Seen = looked;
        for (let n = 1; ; n++) {
          check();
          // Letting go does no harm to what has changed; a hold would stop what has just started.
          const { status, body } = await applyHold(ground.api, now, until, until === null ? undefined : now.version);
          if (status < 300) return null;
          const again = status === 409 ? await lookAtOne(ground.api, target) : null;
          const isAsBefore =
            again !== null &&
            again.version !== now.version &&
            again.standing.phase === 'waits' &&
            again.standing.eligibleAt === looked.standing.eligibleAt;
          if (!isAsBefore || n === MOST_TRIES) return saidIn(body);
          now = again;
        }
      },
    },
  ];
};

const whyNot = (
  { job, pieces, moved }: Item,
  before: boolean,
  queue: ReadonlyMap<string, Waiting>,
  consent: Ground['consent'],
): Left | null => {
  const left = (why: string): Left => ({ state: 'left', why });
  const { kubernetes } = job;
  if (kubernetes === undefined) return left('Kubernetes does not know it; only Jobs that wait there can be held');
  // What arrived on hold starts only when that is let go, moved or not.
  if (!moved && !before && !kubernetes.held) return { state: 'not-needed', why: null };
  const waiting = queue.get(kubernetesTarget(kubernetes));
  if (waiting === undefined) return { state: 'lost', why: 'it no longer waits among the Jobs that are planned' };
  if (waiting.kubernetes.stays !== null) return left(waiting.kubernetes.stays);
  if (consent === 'label' && !waiting.leave) return { ...left(ONLY_RECOMMENDED), lacksLeave: true };
  if (job.category === 'urgent' && !kubernetes.held) return left('it is urgent');
  if (pieces.length > 1) return left('the plan pauses it, which would end its pods');
  const { region, start } = pieces[0]!;
  if (region !== job.region) return left(`the plan takes it to ${region}, which no hold can say`);
  return endsInTime(waiting, spanSeconds(job), start) ? null : left('its deadline has become too near');
};

/** The deadline that its owner states now. Kubernetes' own limit counts from the start and is no matter. */
const endsInTime = ({ draft: { deadline } }: Waiting, seconds: number, start: Instant): boolean =>
  deadline === undefined || deadline === null || plusSeconds(start, seconds) <= deadline;

const ONLY_RECOMMENDED = 'only recommended: its label does not say that it may be moved (caco.dev/move=yes)';
