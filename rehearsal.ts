/**
 * `caco event run`: a whole flexibility event on the simulated hall, from the quiet hour before it to the last minute in which its rebound
 * counts, answered by the responder and judged by the metrics that reproduce what others published. One seed gives the same figures.
 */
import { type Target, targetKwOf } from './domain/flexibility/event.js';
import { type Kept, keptOf, type Moments } from './domain/flexibility/metrics.js';
import { type Plant, plantOf } from './domain/flexibility/plant.js';
import type { Tier } from './domain/flexibility/running.js';
import { GpuFleet, type GpuFleetOptions, STEP_SECONDS } from './sim/flexibility/gpu-fleet.js';
import { phoenixWork, randomWork } from './sim/flexibility/gpu-work.js';
import { PHOENIX } from './sim/flexibility/phoenix.js';
import {
  type Certificate,
  type Firm,
  firmOf,
  type Goal,
  LEVER_PRICES,
  type LoopState,
  type Memory,
  respondOnce,
} from './tools/responder/responder.js';

export { random } from './sim/random.js';
export { PHOENIX, phoenixWork, randomWork };

const HOUR = 3600;
const QUIET_SECONDS = HOUR;
const AMBIENT_C = 20;
/** The plant of the simulated hall. */
export const HALL: Plant = plantOf(140);

export interface AskedOf {
  readonly id?: string;
  /** seconds after the quiet hour at which the signal comes */
  readonly receivedAt?: number;
  readonly noticeSeconds: number;
  readonly seconds: number;
  readonly target: Exclude<Target, { as: 'increase' }>;
  /** what can be given is welcome where the whole cannot */
  readonly bestEffort?: boolean;
}

export interface RehearsalOptions extends GpuFleetOptions {
  readonly events: readonly AskedOf[];
  /** what the responder believes of the hall; the hall’s own plant when left out */
  readonly believedPlant?: Plant;
  readonly reboundSeconds?: number;
  /** where the loop keeps its state; a variable when left out */
  readonly memory?: Memory;
  /** before each step */
  readonly beforeStep?: (fleet: GpuFleet, at: number) => Promise<void>;
}

export interface Rehearsed {
  readonly id: string;
  readonly accepted: boolean;
  readonly reason: string | null;
  readonly firm: Firm | null;
  readonly baselineKw: number;
  readonly targetKw: number;
  readonly kept: Kept | null;
  readonly moments: Moments | null;
  readonly tiers: readonly { readonly tier: Tier; readonly throughputRatio: number | null }[];
  readonly missedDeadlines: readonly string[];
  readonly certificate: Certificate | null;
  readonly meterAheadS: { readonly estimated: number | null; readonly true: number };
  readonly commands: number;
  readonly said: readonly string[];
  readonly decisionSeconds: number;
}

export const variable = (): Memory => {
  let kept: LoopState | null = null;
  const write = async (state: LoopState) => {
    kept = state;
  };
  return { read: async () => kept, write };
};

/** The mean of the half-hour before the signal. */
const baselineOf = (fleet: GpuFleet): number => {
  const latest = fleet.facility.slice(-(HOUR / 2 / STEP_SECONDS));
  return latest.reduce((sum, { kw }) => sum + kw, 0) / latest.length;
};

export const rehearse = async (options: RehearsalOptions): Promise<{ events: Rehearsed[]; fleet: GpuFleet }> => {
  const fleet = new GpuFleet({ plant: HALL, ambientC: AMBIENT_C, ...options });
  const memory = options.memory ?? variable();
  const { reboundSeconds = 3 * HOUR, believedPlant = options.plant ?? HALL } = options;
  const settings = {
    ...{ prices: LEVER_PRICES, plant: believedPlant, ambientC: AMBIENT_C },
    ...{ leadSeconds: 40, rampUpSeconds: 600, reboundSeconds },
  };
  const asked = options.events.map((event, i) => ({
    ...event,
    id: event.id ?? `E-${i + 1}`,
    at: QUIET_SECONDS + (event.receivedAt ?? 0),
  }));
  const goals: Goal[] = [];
  const heard = new Map<string, Heard>();
  let state: LoopState | null = null;
  const endAt = () =>
    Math.max(
      QUIET_SECONDS,
      ...asked.map(({ at }) => at + 1),
      ...goals.map(({ until }) => until! + reboundSeconds + 60),
    );
  while (fleet.at < endAt()) {
    await options.beforeStep?.(fleet, fleet.at);
    for (const event of asked) {
      if (event.at > fleet.at || heard.has(event.id)) continue;
      const baselineKw = baselineOf(fleet);
      const targetKw = targetKwOf(event.target, baselineKw)!;
      const look = await fleet.look();
      const firm = firmOf(look, fleet.can, event.seconds, { ...settings, overheadKw: state?.overheadKw ?? null });
      const isEnough = firm !== null && firm.lowestKw <= targetKw;
      const accepted = isEnough || event.bestEffort === true;
      heard.set(event.id, {
        ...event,
        baselineKw,
        targetKw,
        firm,
        accepted,
        isEnough,
        acknowledged: [],
        said: [],
        certificate: null,
        decisionSeconds: 0,
        commands: 0,
        ahead: null,
      });
      // Without notice the first half-minute is the way down.
      const from = fleet.at + (event.noticeSeconds === 0 ? WAY_DOWN_SECONDS : event.noticeSeconds);
      if (accepted)
        goals.push({ id: event.id, receivedAt: fleet.at, from, until: from + event.seconds, targetKw, baselineKw });
    }
    const told = await respondOnce(fleet, memory, goals, settings);
    state = told.state;
    for (const goal of goals) note(heard.get(goal.id)!, goal, told, fleet.at);
    fleet.advance();
    for (const goal of goals) {
      const one = heard.get(goal.id)!;
      one.itBelow ??= below(fleet, goal, state);
    }
  }
  return { events: [...heard.values()].map((one) => judged(one, goals, fleet, reboundSeconds)), fleet };
};

interface Heard extends AskedOf {
  readonly id: string;
  readonly at: number;
  readonly baselineKw: number;
  readonly targetKw: number;
  readonly firm: Firm | null;
  readonly accepted: boolean;
  readonly isEnough: boolean;
  /** seconds from the signal to the last command of the way down, and to its acknowledgement */
  acknowledged: { issued: number; at: number }[];
  said: string[];
  certificate: Certificate | null;
  decisionSeconds: number;
  commands: number;
  ahead: number | null;
  itBelow?: number | null;
}

/** The way down is over when the facility may be below: within half a minute. */
const WAY_DOWN_SECONDS = 30;

const note = (heard: Heard, goal: Goal, told: Awaited<ReturnType<typeof respondOnce>>, at: number) => {
  if (goal.until !== null && at >= goal.until) return;
  heard.ahead = told.state.meterAheadS;
  heard.commands += told.acknowledged.length;
  heard.decisionSeconds = Math.max(heard.decisionSeconds, told.decisionSeconds);
  for (const said of told.said) if (!heard.said.includes(said)) heard.said.push(said);
  if (heard.certificate === null && told.cheapest !== null) heard.certificate = told.cheapest.certificate;
  const begun = Math.max(goal.receivedAt, goal.from - 40);
  if (at < begun + WAY_DOWN_SECONDS)
    for (const one of told.acknowledged)
      if (one.outcome === 'done')
        heard.acknowledged.push({ issued: at - goal.receivedAt, at: one.at - goal.receivedAt });
};

/** The machines are below when what they draw, with what the building draws beside them, is. */
const below = (fleet: GpuFleet, goal: Goal, state: LoopState): number | null => {
  const at = fleet.itBelowAt(goal.targetKw - (state.overheadKw ?? 0), goal.receivedAt);
  return at === null ? null : at - goal.receivedAt;
};

const judged = (heard: Heard, goals: readonly Goal[], fleet: GpuFleet, reboundSeconds: number): Rehearsed => {
  const goal = goals.find(({ id }) => id === heard.id);
  const { id, baselineKw, targetKw, accepted, firm } = heard;
  const common = { id, accepted, firm, baselineKw, targetKw, commands: heard.commands, said: heard.said };
  const meterAheadS = { estimated: heard.ahead, true: fleet.meterAheadS };
  const reason = heard.isEnough
    ? null
    : firm === null
      ? 'what the machines draw is not known'
      : `the lowest that can be kept for the whole of it is ${firm.lowestKw.toFixed(1)} kW, ${(100 * (1 - firm.lowestKw / baselineKw)).toFixed(1)} % below the baseline`;
  if (goal === undefined)
    return {
      ...common,
      reason,
      kept: null,
      moments: null,
      tiers: [],
      missedDeadlines: [],
      certificate: null,
      meterAheadS,
      decisionSeconds: 0,
    };
  const until = goal.until!;
  const kept = keptOf(fleet.facility, {
    baselineKw,
    targetKw,
    receivedAt: goal.receivedAt,
    holdFrom: goal.from,
    holdUntil: until,
    reboundUntil: until + reboundSeconds,
  });
  const last = (of: 'issued' | 'at') =>
    heard.acknowledged.length === 0 ? null : Math.max(...heard.acknowledged.map((one) => one[of]));
  return {
    ...common,
    ...{ reason, kept, meterAheadS, certificate: heard.certificate, decisionSeconds: heard.decisionSeconds },
    moments: {
      ...{ received: 0, decided: 0, issued: last('issued'), acknowledged: last('at') },
      ...{
        itBelow: heard.itBelow ?? null,
        facilityBelow: kept === null || kept.facilityBelow === null ? null : kept.facilityBelow + STEP_SECONDS,
        resolutionS: STEP_SECONDS,
      },
    },
    tiers: (['flex1', 'flex2', 'flex3'] as const).map((tier) => ({
      tier,
      throughputRatio: fleet.throughput(tier, goal.from, until),
    })),
    missedDeadlines: fleet.missedDeadlines(),
  };
};
