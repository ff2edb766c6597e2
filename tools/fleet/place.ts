/** A plan's placements handed to the fleet: each job once, whoever planned it before or asks again. */
import { z } from 'zod';
import { JobsDigest } from '../../domain/baseline.js';
import { leaveFor } from '../../domain/decision.js';
import { Fault, notFound } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import { handBack, handings, heldPieces, hold, holdersIn } from '../../domain/held.js';
import { ORDERS, type Order, orderKeyOf, PLANS, type Plan, RECOMMENDATIONS, worldName } from '../../domain/plan.js';
import { originOf } from '../../domain/provenance.js';
import { WATCHED } from '../../domain/watched.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { requireRoom } from './room.js';

const Input = z.strictObject({ planId: z.string().describe('id of the plan to carry out') });
const Output = z.strictObject({
  orderKey: z.string(),
  placed: z.number().int().describe('pieces of work that the fleet took'),
  moved: z.number().int().describe('jobs that run elsewhere or later than without the plan'),
  leftOut: z.number().int().describe('jobs that another plan had handed over before'),
  heldBy: z.array(z.string()).describe('the plans that hold those, at most 5'),
  left: z
    .number()
    .int()
    .optional()
    .describe('jobs that the fleet did not take: they run as without the plan; list_changes says why'),
  rehearsed: z
    .number()
    .int()
    .optional()
    .describe('jobs that would be moved; the fleet rehearses, and nothing was placed'),
  watched: z.literal(true).optional().describe('in a pilot: kept for its report'),
});
type Placed = z.output<typeof Output>;

const MOST_HOLDERS = 5;

const decided = async (planId: string, world: World, call: Running) => {
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists what was planned.');
  const { jobs } = await leaveFor(world.store, call.decisionId!, plan);
  return { plan, jobs };
};

/**
 * Placing again with the same key changes nothing that arrived, so it is also the way to ask after a crash. What the fleet
 * surely did not take is given back, so that another plan may have it.
 */
const place = async (plan: Plan, jobs: readonly string[] | null, world: World, call: Running): Promise<Placed> => {
  const { id: planId, workloadId } = plan;
  const order: Order = {
    planId,
    workloadId,
    key: orderKeyOf(plan),
    world: worldName(world),
    jobs: jobs === null ? null : [...jobs],
    span: { start: plan.window.start, end: plan.finishesAt },
    moved: plan.jobs.moved,
  };
  if (world.fleet.rehearses) return rehearse(order, world, call);
  const others = await reserve(world, plan, order, call);
  if (others.held === 0)
    return { orderKey: order.key, placed: 0, moved: 0, leftOut: others.leftOut, heldBy: others.by };
  try {
    const origin = await originOf(world.store, plan);
    const replaces = await replacedBy(world, plan);
    const pages = withMoves(
      world,
      order,
      others.leftOut === 0 ? handings(world.store, order) : heldPieces(world, order),
    );
    const { placed, left = [] } = await world.fleet.place({ key: order.key, origin, replaces, pages });
    if (placed === 0) await giveBack(world, order);
    else if (left.length > 0) await giveBack(world, order, new Set(left));
    const said = { orderKey: order.key, placed, leftOut: others.leftOut, heldBy: others.by };
    if (placed > 0)
      call.commit((tx) =>
        tx.collection(ORDERS).put(planId, { ...order, decisionId: call.decisionId!, leftOut: others.leftOut }),
      );
    const whole = others.leftOut === 0 && left.length === 0;
    const moved = !whole ? await movedOf(world, order) : jobs === null ? plan.jobs.moved : jobs.length;
    return { ...said, moved, ...(left.length === 0 ? {} : { left: left.length }) };
  } catch (error) {
    if (error instanceof Fault && error.code !== 'unavailable' && !(await world.store.collection(ORDERS).get(planId)))
      await giveBack(world, order);
    throw error;
  }
};

/** Nothing is reserved for it, so that nothing is left behind whenever it ends. */
const rehearse = async (order: Order, world: World, call: Running): Promise<Placed> => {
  const pages = withMoves(world, order, handings(world.store, order));
  const { rehearsed = 0 } = await world.fleet.place({ key: order.key, pages });
  const said = { orderKey: order.key, placed: 0, moved: 0, leftOut: 0, heldBy: [], rehearsed };
  if (!world.fleet.watches) return said;
  call.commit((tx) => tx.collection(WATCHED).put(order.planId, { ...order, decisionId: call.decisionId! }));
  return { ...said, watched: true };
};

/** Jobs of an order that the fleet did not take; all when left out. */
const giveBack = async (world: World, order: Order, jobs?: ReadonlySet<string>): Promise<void> => {
  for await (const page of handings(world.store, order)) {
    const back = page.map(({ job }) => job).filter(({ id }) => jobs === undefined || jobs.has(id));
    await handBack(world, order.planId, back);
  }
};

type Handed = Awaited<ReturnType<typeof handings>> extends AsyncGenerator<infer P> ? P : never;

/** Says of each job whether it runs otherwise than without the plan. */
async function* withMoves(world: World, order: Order, pages: AsyncIterable<Handed>) {
  const approved = order.jobs === null ? null : new Set(order.jobs);
  for await (const page of pages) {
    const ids = page.map(({ job }) => job.id);
    const moves = await world.store.rows(RECOMMENDATIONS).findAll(order.planId, ids);
    yield page.map((one) => ({
      ...one,
      moved: moves.has(one.job.id) && (approved === null || approved.has(one.job.id)),
    }));
  }
}

/** The key of the order that a plan made in place of another one takes jobs from. */
const replacedBy = async (world: World, { replaces }: Plan): Promise<string | undefined> =>
  replaces === undefined ? undefined : (await world.store.collection(ORDERS).get(replaces))?.value.key;

/** Before anything is handed over, every job is held by this plan or known to be another's. */
const reserve = async (world: World, plan: Plan, order: Order, call: Running) => {
  const of = { planId: plan.id, replaces: plan.replaces ?? null };
  let [held, leftOut] = [0, 0];
  const by = new Set<string>();
  for await (const page of handings(world.store, order)) {
    call.signal.throwIfAborted();
    const mine = await hold(world, of, page);
    held += mine.size;
    if (mine.size === page.length) continue;
    const rest = page.filter(({ job }) => !mine.has(job.id)).map(({ job }) => job);
    leftOut += rest.length;
    for (const { planId } of (await holdersIn(world, rest)).values()) if (by.size < MOST_HOLDERS) by.add(planId);
  }
  return { held, leftOut, by: [...by] };
};

const movedOf = async (world: World, order: Order): Promise<number> => {
  const approved = order.jobs === null ? null : new Set(order.jobs);
  let moved = 0;
  for await (const page of heldPieces(world, order)) {
    const ids = page.map(({ job }) => job.id).filter((id) => approved === null || approved.has(id));
    moved += (await world.store.rows(RECOMMENDATIONS).findAll(order.planId, ids)).size;
  }
  return moved;
};

/** A plan of another world of the same store names regions that this fleet cannot run in. */
const requireSites = async (world: World, plan: Plan): Promise<void> => {
  const here = new Set((await world.fleet.sites()).map((site) => site.region));
  const missing = plan.signals.map((signal) => signal.region).filter((region) => !here.has(region));
  if (missing.length > 0)
    throw new Fault(
      'conflict',
      `plan ${plan.id} was made for ${missing.slice(0, 5).join(', ')}, where ${world.setting.name} has no site`,
      'Carry it out in the world that it was made in: the same command with its --scenario.',
    );
};

/** What was approved is work as it was told then: a job that is told otherwise since is another deed. */
const requireSameJobs = async (world: World, plan: Plan): Promise<void> => {
  // A plan of an older version does not say what its jobs were.
  if (plan.jobsDigest === undefined) return;
  const told = new JobsDigest();
  for await (const page of handings(world.store, { workloadId: plan.workloadId, planId: plan.id, jobs: null }))
    for (const { job } of page) told.add(job);
  if (told.hex() === plan.jobsDigest) return;
  throw new Fault(
    'conflict',
    `jobs of plan ${plan.id} were taken in anew, and otherwise, since it was made; what was approved is not what would be placed`,
    'Plan again, and ask about the new plan: make_plan, or caco launch.',
  );
};

/**
 * An old decision places nothing in the past: what nobody holds by then runs under a new plan, or as it would have. A world whose
 * clock jumps may be asked about any of its days.
 */
const requireOpenWindow = async (world: World, plan: Plan, jobs: readonly string[] | null): Promise<void> => {
  const now = world.clock.now();
  if (!world.clock.live || now < plan.finishesAt) return;
  for await (const page of handings(world.store, { workloadId: plan.workloadId, planId: plan.id, jobs })) {
    const holders = await holdersIn(
      world,
      page.map(({ job }) => job),
    );
    if (holders.size < page.length)
      throw new Fault(
        'conflict',
        `plan ${plan.id} ended at ${plan.finishesAt} and it is ${now}: its jobs would be placed in the past`,
        'Plan again, and ask about the new plan: make_plan, or caco launch.',
      );
  }
};

/** Called by the graph when a plan is carried out, listed by no door. */
export const placeJobs = defineTool({
  name: 'place_jobs',
  title: 'Place jobs',
  description:
    'Hands a decided plan to the fleet. Needs the decision on that plan; jobs that were not approved run as they would have without it, and a job that another plan has handed over is left to that one.',
  toolset: 'plan',
  effect: 'acts',
  input: Input,
  output: Output,
  run: async ({ planId }, world, call) => {
    const { plan, jobs } = await decided(planId, world, call);
    await requireSites(world, plan);
    await requireSameJobs(world, plan);
    await requireOpenWindow(world, plan, jobs);
    await requireRoom(world, plan, jobs);
    return place(plan, jobs, world, call);
  },
  reconcile: async ({ planId }, world, call) => {
    const { plan, jobs } = await decided(planId, world, call);
    return place(plan, jobs, world, call);
  },
  tell: (o) =>
    o.rehearsed === undefined
      ? `${counted(o.placed, 'piece')} of work placed, ${counted(o.moved, 'job')} moved.${leftOutText(o)}`
      : `${rehearsedText(o)}${leftOutText(o)}`,
});

/** Empty where nothing was left out. */
export const leftOutText = ({ leftOut, heldBy, left = 0 }: Pick<Placed, 'leftOut' | 'heldBy' | 'left'>): string =>
  [
    leftOut === 0
      ? ''
      : ` ${leftOut} ${leftOut === 1 ? 'job is' : 'jobs are'} with the fleet already, under ${heldBy.join(', ')}, and ${leftOut === 1 ? 'was' : 'were'} not placed again.`,
    left === 0 ? '' : ` ${left} ${left === 1 ? 'job was' : 'jobs were'} left as they are (caco changes says why).`,
  ].join('');

/** Of a dry run, in a sentence. */
export const rehearsedText = ({ rehearsed = 0, watched }: Pick<Placed, 'rehearsed' | 'watched'>): string => {
  const would = `${counted(rehearsed, 'job')} would be moved and nothing was changed`;
  return watched
    ? `Pilot: ${would}; caco pilot report says what it would have come to.`
    : `Dry run: ${would}; caco changes lists every command, and CACO_DRY_RUN=off carries out approved plans.`;
};
