/** The tools that weigh plans against each other: the whole trade-off, or some prices or stored plans side by side. */
import { z } from 'zod';
import { Estimate } from '../../domain/estimate.js';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { figure, isNothing, massText, moneyText } from '../../domain/figures.js';
import { Cost, PLANS } from '../../domain/plan.js';
import { basisOf } from '../../domain/plan-text.js';
import { Currency } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import {
  buildModel,
  LimitValue,
  limitValues,
  type Problem,
  runImmediately,
  type SlotClock,
  type Telling,
  totalsOf,
} from './engine/engine.js';
import { type FleetProblem, fleetProblem, questionFields } from './fleet-problem.js';
import { isDominated, leastCostAt, type Sweep, sweep } from './tradeoff.js';

export const DEFAULT_PRICES = [0, 25, 50, 75, 100, 150, 250, 500] as const;

const carbonPricesPerTonne = z
  .array(z.number().min(0).max(1e6))
  .min(1)
  .max(25)
  .optional()
  .describe('carbon prices, money per tonne CO2e; 0 to 500 in eight steps when left out');

/** Unknown is not zero: figures of such regions hold what is paid beside electricity, and are told so. */
export const UNPRICED = z.array(z.string()).describe('regions whose electricity is in no cost: price unknown');

/** `£47`; `£0 without electricity, whose price is not known` where that is so. */
export const costText = (total: number, currency: string, unpriced: readonly string[]): string =>
  unpriced.length === 0
    ? moneyText(total, currency)
    : isNothing(total)
      ? 'cost not known'
      : `${moneyText(total, currency)} without electricity`;

const Point = z.strictObject({
  carbonPricePerTonne: z.number(),
  cost: Cost.describe('without the carbon price'),
  emissionsKg: Estimate,
  energyKwh: z.number(),
  objective: z.number().describe('cost plus priced carbon'),
  lowerBound: z.number().describe('no plan has cost + carbonPricePerTonne × tonnes below this'),
  gap: z.number().describe('(objective − lowerBound) / objective'),
  leastCost: z.number().describe('no plan with these emissions costs less: the highest of all half-planes here'),
  lateJobs: z.number().int(),
  movedJobs: z.number().int().describe('jobs that run elsewhere, later or in pieces than at once at home'),
  chosen: z.boolean().describe('planned at the carbon price in force'),
  foundAt: z.number().describe('carbon price whose search found this plan: neighbours share what they find'),
});

export const TradeOff = z.strictObject({
  workloadId: z.string().nullable(),
  currency: Currency,
  chosenPricePerTonne: z.number(),
  points: z.array(Point).describe('in order of price: cost never falls, emissions never rise'),
  runImmediately: z
    .strictObject({ cost: Cost, emissionsKg: Estimate })
    .describe('every job at once at home, limits ignored'),
  limits: z.array(LimitValue).describe('what more of each limit would be worth at the chosen point'),
  unpriced: UNPRICED,
  unseen: z.array(z.string()),
});
export type TradeOff = z.infer<typeof TradeOff>;

export interface TradeOffOptions {
  readonly carbonPricesPerTonne?: readonly number[] | undefined;
  readonly chosenPricePerTonne: number;
  readonly telling: Telling;
  readonly clock: SlotClock | null;
  readonly seed: number;
  readonly cpuSeconds?: number | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

/** The trade-off of any problem. A problem without a plan is a Fault `invalid-input` whose details hold the conflict. */
export const tradeOffOf = async (problem: Problem, options: TradeOffOptions): Promise<TradeOff> => {
  const chosen = options.chosenPricePerTonne;
  const swept = await sweep(problem, {
    ...options,
    carbonPricesPerTonne: [...(options.carbonPricesPerTonne ?? DEFAULT_PRICES), chosen],
  });
  if (swept.conflict) throw noPlan(swept);
  const model = buildModel({ ...swept.problem, carbonPricePerTonne: chosen });
  const at = swept.points.find((p) => p.carbonPricePerTonne === chosen)!;
  const { cost, emissionsKg } = totalsOf(model, runImmediately(model), options.telling);
  return {
    workloadId: null,
    currency: options.telling.currency,
    chosenPricePerTonne: chosen,
    points: pointsOf(swept, chosen),
    runImmediately: { cost, emissionsKg },
    limits: at.certificate ? limitValues(model, at.certificate, options.telling.currency, options.clock) : [],
    unpriced: [],
    unseen: swept.skipped.map((s) => `${s.id} left out: ${s.reason}`),
  };
};

const noPlan = ({ conflict }: Sweep) =>
  new Fault('invalid-input', `No plan fits: ${conflict!.sentence}`, 'Relax the limit that is named.', {
    details: { conflict },
  });

const pointsOf = ({ points }: Sweep, chosen: number): z.infer<typeof Point>[] =>
  points.map((p) => ({
    carbonPricePerTonne: p.carbonPricePerTonne,
    cost: p.totals.cost,
    emissionsKg: p.totals.emissionsKg,
    energyKwh: p.totals.energyKwh,
    objective: p.objective,
    lowerBound: p.lowerBound,
    gap: p.gap,
    leastCost: Math.min(p.totals.cost.total, leastCostAt(points, p.totals.emissionsKg.value)),
    lateJobs: p.totals.evaluation.lateJobs,
    movedJobs: p.movedJobs,
    chosen: p.carbonPricePerTonne === chosen,
    foundAt: p.foundAt,
  }));

const question = z.strictObject({ ...questionFields, carbonPricesPerTonne });

const ofFleet = async (input: z.output<typeof question>, chosen: number, world: World, call: Running) => {
  const fleet = await fleetProblem(world, { ...input, carbonPricePerTonne: chosen });
  const answer = await tradeOffOf(fleet.problem, {
    carbonPricesPerTonne: input.carbonPricesPerTonne,
    chosenPricePerTonne: chosen,
    telling: tellingOf(fleet, world),
    clock: { origin: fleet.origin, slotMinutes: world.method.slotMinutes },
    seed: input.seed,
    cpuSeconds: input.cpuSeconds,
    signal: call.signal,
    onProgress: (done, total, note) => call.progress({ done, total, note }),
  });
  return {
    ...answer,
    workloadId: fleet.workloadId,
    unpriced: [...fleet.unpriced],
    unseen: [...fleet.remarks, ...answer.unseen, ...fleet.leftOut.map((l) => `${l.jobId} left out: ${l.why}`)].slice(
      0,
      50,
    ),
  };
};

export const tellingOf = (
  { question: asked }: Pick<FleetProblem, 'question'>,
  { method }: Pick<World, 'method'>,
): Telling => ({
  currency: asked.sites[0]!.currency,
  uncertaintyRatio: method.uncertaintyRatio,
  confidence: method.confidence,
});

export const tradeOff = defineTool({
  name: 'trade_off',
  title: 'Trade cost against carbon',
  description:
    'Plans a workload at many carbon prices: the frontier of cost against emissions, with proven half-planes below it, the plan at the price in force, and what more of each limit would be worth. Stores nothing.',
  toolset: 'plan',
  effect: 'reads',
  input: question,
  output: TradeOff,
  run: (input, world, call) => ofFleet(input, world.method.carbonPricePerTonne, world, call),
  tell: (o) => {
    const [first, last] = [o.points[0]!, o.points.at(-1)!];
    const best = o.limits[0];
    const [from, to] = [first, last].map(
      (p) =>
        `${massText(p.emissionsKg.value)} CO2e${o.unpriced.length === 0 ? ' at' : ','} ${costText(p.cost.total, o.currency, o.unpriced)}`,
    );
    return `From ${figure(first.carbonPricePerTonne)} to ${figure(last.carbonPricePerTonne)} ${o.currency}/t: ${from === to ? `${from} throughout` : `${from} down to ${to}`}.${best ? ` ${best.sentence}` : ''}`;
  },
});

const Compared = z.strictObject({
  planId: z.string().nullable().describe('null for a plan made for this comparison only'),
  carbonPricePerTonne: z.number(),
  cost: Cost,
  emissionsKg: Estimate,
  lowerBound: z.number().nullable(),
  dominated: z.boolean().describe('another point costs no more, emits no more, and is better in one'),
  chosen: z.boolean().describe('planned at the carbon price in force'),
});

export const comparePlans = defineTool({
  name: 'compare_plans',
  title: 'Compare plans',
  description:
    'Sets stored plans side by side, or what the same workload would cost and emit at other carbon prices. Marks what is dominated. Stores nothing.',
  toolset: 'plan',
  effect: 'reads',
  input: z.strictObject({
    ...questionFields,
    planIds: z
      .array(z.string())
      .min(2)
      .max(20)
      .optional()
      .describe('stored plans to compare; instead of carbon prices'),
    carbonPricesPerTonne,
  }),
  output: z.strictObject({
    currency: Currency,
    points: z.array(Compared),
    unpriced: UNPRICED,
    unseen: z.array(z.string()),
  }),
  run: async ({ planIds, ...input }, world, call) => {
    if (planIds !== undefined && input.carbonPricesPerTonne !== undefined)
      throw invalid('planIds and carbonPricesPerTonne are both given', 'Compare stored plans, or prices.');
    if (planIds !== undefined) return stored(planIds, world);
    const asked = input.carbonPricesPerTonne ?? [...DEFAULT_PRICES];
    const inForce = world.method.carbonPricePerTonne;
    // The trade-off wants a chosen price; a comparison of two plans only those two.
    const chosen = asked.includes(inForce) ? inForce : asked[0]!;
    const { points, ...rest } = await ofFleet({ ...input, carbonPricesPerTonne: asked }, chosen, world, call);
    return {
      currency: rest.currency,
      unpriced: rest.unpriced,
      unseen: rest.unseen,
      points: marked(
        points.map((p) => ({
          planId: null,
          carbonPricePerTonne: p.carbonPricePerTonne,
          cost: p.cost,
          emissionsKg: p.emissionsKg,
          lowerBound: p.lowerBound,
          chosen: p.carbonPricePerTonne === inForce,
        })),
      ),
    };
  },
  tell: (o) =>
    o.points
      .map(
        (p) =>
          `${p.planId ?? `${figure(p.carbonPricePerTonne)} ${o.currency}/t`}: ${massText(p.emissionsKg.value)} CO2e, ${costText(p.cost.total, o.currency, o.unpriced)}${p.dominated ? ' (dominated)' : ''}`,
      )
      .join('; '),
});

const stored = async (ids: readonly string[], world: World) => {
  const plans = await Promise.all(
    [...new Set(ids)].map(async (id) => {
      const plan = (await world.store.collection(PLANS).get(id))?.value;
      if (!plan) throw notFound(`there is no plan ${id}`, '`caco runs` lists runs with their plans.');
      return plan;
    }),
  );
  const [first] = plans;
  const other = plans.find((p) => p.planned.cost.currency !== first!.planned.cost.currency);
  if (other)
    throw invalid(
      `${other.id} counts in ${other.planned.cost.currency}, ${first!.id} in ${first!.planned.cost.currency}`,
      'Compare plans of one currency.',
    );
  const [actual, forecast] = (['actual', 'forecast'] as const).map((basis) => plans.find((p) => basisOf(p) === basis));
  if (actual && forecast)
    throw invalid(
      `${actual.id} was planned on what came true and ${forecast.id} on a forecast: the difference of their figures is no saving`,
      'Compare plans that rest on the same knowledge, or verify_savings, which says what of a difference is the forecast’s error.',
    );
  const elsewhere = plans.find((p) => p.workloadId !== first!.workloadId);
  return {
    currency: first!.planned.cost.currency,
    points: marked(
      plans.map((p) => ({
        planId: p.id,
        carbonPricePerTonne: p.carbonPricePerTonne,
        cost: p.planned.cost,
        emissionsKg: p.planned.emissionsKg,
        lowerBound: p.lowerBound,
        chosen: p.carbonPricePerTonne === world.method.carbonPricePerTonne,
      })),
    ),
    unpriced: [...new Set(plans.flatMap((p) => p.unpriced ?? []))].sort(),
    unseen: elsewhere
      ? [`${first!.id} and ${elsewhere.id} plan different workloads: their totals are not of the same work.`]
      : [],
  };
};

const marked = <P extends { readonly cost: Cost; readonly emissionsKg: Estimate }>(points: readonly P[]) => {
  const flat = points.map((p) => ({ cost: p.cost.total, emissionsKg: p.emissionsKg.value }));
  return points.map((p, i) => ({ ...p, dominated: isDominated(flat[i]!, flat) }));
};
