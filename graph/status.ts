/** Where things stand, in one reading: what a door shows first. */
import { z } from 'zod';
import { APPROVALS, DECISIONS } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import { counted } from '../domain/figures.js';
import { WORKLOADS, type WorkloadOrigin } from '../domain/job.js';
import { SOLD_ORDERS } from '../domain/market.js';
import { METERS } from '../domain/meter.js';
import { OPERATIONS, Operation, standingOf } from '../domain/operation.js';
import { PLANS, worldName } from '../domain/plan.js';
import { noteOf } from '../domain/provenance.js';
import { RUNS } from '../domain/run.js';
import { CONTRACTS_ON_CHAIN, SAVINGS_CLAIMS } from '../domain/savings.js';
import { STATEMENTS } from '../domain/settlement/statement.js';
import type { CollectionOf } from '../domain/store.js';
import { Instant, plusHours, secondsBetween } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { defineTool } from '../tools/tool.js';

const NEWEST = 5;
const REGIONS = 5;

const Room = z.enum(['energy', 'market', 'settlement', 'token', 'fleet']);

const Status = z.strictObject({
  now: Instant.describe('the world’s now, UTC; not the system clock in a recorded or simulated world'),
  clock: z.string().describe('how that now moves'),
  scenario: z.string(),
  dataNote: z.string().describe('whether data are recorded, simulated or live, and whose they are'),
  currency: z.string().describe('ISO 4217'),
  model: z.string().nullable().describe('language model; null: templates speak'),
  signals: z
    .array(
      z.strictObject({
        region: z.string(),
        source: z.string().nullable(),
        ageHours: z.number().nullable().describe('hours since the forecast was issued'),
        trouble: z.string().nullable(),
      }),
    )
    .describe('at most five regions'),
  regions: z.number().int(),
  ledger: z
    .strictObject({ entries: z.number().int(), signed: z.number().int() })
    .describe('entries, and those under a signature'),
  workloads: z
    .array(z.strictObject({ id: z.string(), jobs: z.number().int(), source: z.string() }))
    .describe('newest 5'),
  plans: z
    .array(z.strictObject({ id: z.string(), madeAt: Instant, moved: z.number().int(), savedKg: z.number() }))
    .describe('newest 5, planned saving in kg CO2e'),
  runs: z
    .array(z.strictObject({ id: z.string(), status: z.string(), planId: z.string().nullable() }))
    .describe('newest 5'),
  waiting: z
    .array(z.strictObject({ approvalId: z.string(), planId: z.string(), reasons: z.array(z.string()) }))
    .describe('approvals that a person has to give'),
  decisions: z
    .array(z.strictObject({ decisionId: z.string(), planId: z.string(), status: z.string() }))
    .describe('newest 5; execute_plan takes the decisionId'),
  operation: z
    .strictObject({ state: Operation, why: z.string().nullable().describe('what is not as it should be') })
    .nullable()
    .describe('left on'),
  rooms: z.array(Room).describe('what else there is'),
  next: z.array(z.string()).describe('what makes sense now'),
});

/** A region that is down is said so; the rest of the status stands. */
const signalOf = async (world: World, region: string) => {
  const now = world.clock.now();
  try {
    const signal = await world.grid.carbon(region, { start: now, end: plusHours(now, 1) }, 'forecast');
    return { region, source: signal.source, ageHours: secondsBetween(signal.issuedAt, now) / 3600, trouble: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { region, source: null, ageHours: null, trouble: error.message };
  }
};

/** Which parts have something to show: nobody needs to ask each of them to know. */
const roomsOf = async (world: World, operated: boolean): Promise<z.infer<typeof Room>[]> => {
  const any = async <T>(of: CollectionOf<T>) => (await world.store.collection(of).list({ limit: 1 })).length > 0;
  const has: Record<z.infer<typeof Room>, boolean> = {
    energy: await any(METERS),
    market: await any(SOLD_ORDERS),
    settlement: await any(STATEMENTS),
    token: (await any(SAVINGS_CLAIMS)) || (await any(CONTRACTS_ON_CHAIN)),
    fleet: operated || world.fleet.changes !== undefined,
  };
  return Room.options.filter((room) => has[room]);
};

/** Whose work the newest is: what somebody brought is not the fleet's own queue. */
const newestOf = (workloads: readonly { value: { origin?: WorkloadOrigin | undefined } }[]): WorkloadOrigin =>
  workloads[0]?.value.origin ?? 'queue';

const howTimeMoves = ({ clock }: World): string =>
  clock.live === true
    ? 'the system’s time'
    : `time stands at ${clock.now()} while nothing waits for a later moment; the server is started anew with a later --now (CACO_NOW) to see what ran and to verify it`;

/** A scenario whose grid or fleet somebody replaced only lends its sites: its title would speak of data that are not used. */
const placeOf = ({ setting: { name, title }, provenance: { scenario, standIn } }: World): string =>
  scenario === null && standIn !== null ? `sites of the scenario ${standIn}` : `${name}: ${title}`;

export const getStatus = defineTool({
  name: 'get_status',
  title: 'Get the status',
  description:
    'Whose data this is and how old, what is newest, what waits for a person, what to do next. Call it first.',
  toolset: 'status',
  effect: 'reads',
  input: z.strictObject({}),
  output: Status,
  run: async (_, world) => {
    const { store } = world;
    const newest = { limit: NEWEST };
    const [regions, workloads, plans, runs, approvals, decisions, entries, head, operated] = await Promise.all([
      world.grid.regions(),
      store.collection(WORKLOADS).list(newest),
      store.collection(PLANS).list(newest),
      store.collection(RUNS).list(newest),
      store.collection(APPROVALS).list({ limit: 200 }),
      store.collection(DECISIONS).list(newest),
      world.ledger.size(),
      world.ledger.head(),
      store.collection(OPERATIONS).get(worldName(world)),
    ]);
    const operation = operated?.value;
    const waiting = approvals
      .map((a) => a.value)
      .filter((a) => a.status === 'waiting' && a.expiresAt > world.clock.now())
      .slice(0, 20)
      .map((a) => ({ approvalId: a.id, planId: a.planId, reasons: a.reasons }));
    const decided = decisions.map((d) => ({ decisionId: d.id, planId: d.value.planId, status: d.value.status }));
    return {
      now: world.clock.now(),
      clock: howTimeMoves(world),
      scenario: placeOf(world),
      dataNote: noteOf(world.provenance, newestOf(workloads)),
      currency: world.setting.currency,
      model: world.model?.name ?? null,
      signals: await Promise.all(regions.slice(0, REGIONS).map((region) => signalOf(world, region))),
      regions: regions.length,
      ledger: { entries, signed: head?.size ?? 0 },
      workloads: workloads.map((w) => ({ id: w.id, jobs: w.value.jobs, source: w.value.source })),
      plans: plans.map(({ value: p }) => ({
        id: p.id,
        madeAt: p.madeAt,
        moved: p.jobs.moved,
        savedKg: p.savings.emissionsKg.value,
      })),
      runs: runs.map(({ value: r }) => ({ id: r.id, status: r.status, planId: r.planId })),
      waiting,
      decisions: decided,
      operation:
        operation === undefined ? null : { state: operation, why: standingOf(operation, world.clock.now()).why },
      rooms: await roomsOf(world, operation !== undefined),
      next: [
        ...runs.flatMap(({ value: { id, settleAfter } }) =>
          settleAfter === undefined
            ? []
            : [
                `verify what run ${id} placed, after ${settleAfter}: caco resume ${id}${world.clock.live ? '' : ` --now ${settleAfter}`}`,
              ],
        ),
        ...nextSteps(
          plans.map((p) => ({ id: p.id, end: p.value.window.end })),
          waiting,
          decided,
          world.clock,
        ),
      ],
    };
  },
  tell: (s) =>
    `${s.scenario}, now ${s.now}. ${s.dataNote} ${s.waiting.length === 0 ? 'Nothing waits for a person.' : `${counted(s.waiting.length, 'approval')} ${s.waiting.length === 1 ? 'waits' : 'wait'}.`} Next: ${s.next.join('; ')}.`,
});

const nextSteps = (
  plans: readonly { id: string; end: Instant }[],
  waiting: readonly { approvalId: string; planId: string }[],
  decided: readonly { decisionId: string; planId: string; status: string }[],
  clock: World['clock'],
): string[] => {
  const [newest] = plans;
  const plan = newest?.id;
  if (newest === undefined)
    return ['make_plan plans the jobs that wait', 'find_green_window answers for one piece of work'];
  const asked = waiting.find((w) => w.planId === plan);
  if (asked) return [`a person answers: caco approve ${asked.approvalId}`, `explain_plan ${plan}`];
  const leave = decided.find((d) => d.planId === plan && d.status !== 'refused');
  if (leave)
    return [
      `execute_plan ${plan} with decisionId ${leave.decisionId}, once`,
      clock.live === true || clock.now() >= newest.end
        ? `verify_savings ${plan} when its window has closed, at ${newest.end}`
        : `verify_savings ${plan} once now is ${newest.end}: a person starts the server anew with --now ${newest.end}`,
    ];
  return [`explain_plan ${plan}`, `request_approval for ${plan} puts it before a person`];
};
