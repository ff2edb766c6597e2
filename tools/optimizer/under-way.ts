/** What has happened since a plan was made, on the grid of the problem that plans it again: overruns, events, where its jobs are. */
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import { enterEarlierOrders, holdAsChanged } from '../../domain/held.js';
import { JOBS } from '../../domain/job.js';
import { PLACEMENTS, type Placement, type Plan } from '../../domain/plan.js';
import { fromEpoch, type Instant, secondsBetween, toEpoch } from '../../domain/time.js';
import type { Hours } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { emptySchedule, type PowerEvent, type Schedule } from './engine/engine.js';
import type { FleetProblem } from './fleet-problem.js';

/**
 * In our own books a job takes what it takes; the workload is corrected before it is planned again. It stays the same job: who
 * holds it goes on to hold it.
 */
export const recordOverruns = async (
  world: World,
  plan: Plan,
  overran: readonly { jobId: string; durationHours: Hours }[],
) => {
  const rows = world.store.rows(JOBS);
  const changed = await Promise.all(
    overran.map(async ({ jobId, durationHours }) => {
      const job = await rows.find(plan.workloadId, jobId);
      if (!job) throw notFound(`workload ${plan.workloadId} has no job ${jobId}`, 'Name a job of the plan’s workload.');
      return { before: job, after: { ...job, durationHours } };
    }),
  );
  if (changed.length === 0) return;
  await enterEarlierOrders(world);
  await world.store.transaction(async (tx) => {
    await holdAsChanged(tx, world, changed);
    await tx.rows(JOBS).upsert(
      plan.workloadId,
      changed.map(({ after }) => ({ id: after.id, value: after })),
    );
  });
};

export const regionOf = (name: string, { problem, question }: FleetProblem): number => {
  const region = question.sites.find((site) => site.id === name)?.region ?? name;
  const r = problem.regions.findIndex((known) => known.id === region);
  if (r < 0)
    throw invalid(
      `there is no region or site ${name}`,
      `Known: ${problem.regions.map((known) => known.id).join(', ')}.`,
    );
  return r;
};

/** What announced work of others leaves of the event’s power, by stretches of slots from the first that has not begun. */
export const eventsOf = (
  event: { id: string; region: string; from: Instant; to: Instant; maxPowerKw: number },
  fleet: FleetProblem,
  step: number,
  nowSlot: number,
): PowerEvent[] => {
  const { origin, problem, takenKw } = fleet;
  // A slot that an event touches at all is capped in full; of one that has begun nothing can be changed.
  const fromSlot = Math.max(nowSlot, Math.floor((toEpoch(event.from) - origin) / step));
  const toSlot = Math.min(problem.slots, Math.ceil((toEpoch(event.to) - origin) / step));
  if (fromSlot >= toSlot)
    throw invalid(
      `event ${event.id} from ${event.from} to ${event.to} lies outside what can still be planned, from ${fromEpoch(origin + nowSlot * step)} on`,
      'Give a window within the plan, its end after its start and after now.',
    );
  const region = regionOf(event.region, fleet);
  const taken = (t: number) => takenKw?.[region * problem.slots + t] ?? 0;
  const events: PowerEvent[] = [];
  for (let t = fromSlot; t < toSlot; ) {
    let to = t + 1;
    while (to < toSlot && taken(to) === taken(t)) to++;
    events.push({
      id: event.id,
      region,
      fromSlot: t,
      toSlot: to,
      maxPowerKw: Math.max(0, event.maxPowerKw - taken(t)),
    });
    t = to;
  }
  return events;
};

/** Jobs that may be interrupted where they run and cannot be. */
export const runOn = (jobs: number, why: string | undefined): string[] =>
  jobs === 0 ? [] : [`${counted(jobs, 'job')} that may be interrupted ${jobs === 1 ? 'runs' : 'run'} on: ${why}`];

/** Of events that began before `from`, when something can first be changed. */
export const begunEvents = (events: readonly { id: string; from: Instant }[], from: Instant): string[] =>
  events
    .filter((event) => event.from < from)
    .map(
      (event) =>
        `event ${event.id} begins at ${event.from}, and nothing can be changed before ${from}: it is kept from then on`,
    );

/** What a plan was asked, to be asked again. */
export const questionOf = ({ workloadId, window, region, clusterId, carbonPricePerTonne }: Plan) => ({
  workloadId,
  from: window.start,
  horizonHours: secondsBetween(window.start, window.end) / 3600,
  ...(region === null ? {} : { region }),
  ...(clusterId === null ? {} : { clusterId }),
  carbonPricePerTonne,
  tardinessWeight: 1,
});

/** Where the old plan has each job, on the problem's grid. */
export const currentOf = async (world: World, plan: Plan, { problem, origin }: FleetProblem): Promise<Schedule> => {
  const step = world.method.slotMinutes * 60;
  const row = new Map(problem.jobs.ids.map((id, j) => [id, j]));
  const regions = new Map(problem.regions.map((region, r) => [region.id, r]));
  const found = new Map<number, { r: number; pieces: [number, number][] }>();
  for await (const page of world.store.rows(PLACEMENTS).pages(plan.id))
    for (const piece of page as Placement[]) {
      const [j, r] = [row.get(piece.jobId), regions.get(piece.region)];
      if (j === undefined || r === undefined) continue;
      const at = found.get(j) ?? { r, pieces: [] };
      at.pieces.push([
        Math.round((toEpoch(piece.start) - origin) / step),
        Math.ceil((toEpoch(piece.end) - origin) / step - 1e-9),
      ]);
      found.set(j, at);
    }
  const current = emptySchedule(problem.jobs.count);
  for (const [j, { r, pieces }] of found) {
    const list = pieces.sort((a, b) => a[0] - b[0]).flat();
    if (list[0]! < 0 || list.at(-1)! > problem.slots)
      throw new Fault(
        'conflict',
        `plan ${plan.id} does not lie on the present grid of slots`,
        'Plan anew: the slot length has changed since it was made.',
      );
    current.region[j] = r;
    current.start[j] = list[0]!;
    // Kept as pieces always: the job may have become longer since.
    current.pieces.set(j, Int32Array.from(list));
  }
  return current;
};
