/** How a promise was kept, by what the facility meter read and nothing else: as a whole, in its worst minute, and by settlement period. */
import { z } from 'zod';
import { fromEpoch, Instant, settlementStart, toEpoch } from '../time.js';
import { keptOf, minuteMeans } from './metrics.js';
import { DeliveredVolume, deliveredKwh, periodsTouched } from './volume.js';

/**
 * `measured`: by a meter of the site. `simulated`: by the made-up meter of a made-up hall. `modelled`: from what the machines draw,
 * since nobody measures the facility. `unknown`: neither is known.
 */
export const PowerSource = z.enum(['measured', 'simulated', 'modelled', 'unknown']);
export type PowerSource = z.infer<typeof PowerSource>;

export const EventReading = z.strictObject({
  at: z.number().describe('begin of the step, epoch seconds on the clock of the meter'),
  seconds: z.number().positive(),
  kw: z.number().describe('mean facility kW'),
  source: PowerSource,
});
export type EventReading = z.infer<typeof EventReading>;

const HalfHour = DeliveredVolume.omit({
  eventId: true,
  meteredKwh: true,
  deliveredKwh: true,
  baselineKwh: true,
}).extend({
  start: Instant,
  baselineKwh: z.number().nullable(),
  requestedKwh: z.number().nullable().describe('baseline less target'),
  meteredKwh: z.number().nullable().describe('null: a minute of it was not read'),
  deliveredKwh: z.number().nullable().describe('below 0: against what was asked for'),
});

/** How a promise was kept, by the facility meter. */
export const KeptFigures = z.strictObject({
  source: PowerSource,
  minutes: z.number().int().describe('of the promise'),
  minutesAbove: z.number().int().describe('whose mean lay above the target'),
  minutesUnread: z.number().int().describe('of which nothing was read: not known'),
  aboveRatio: z.number().describe('share of the readings above the target'),
  worstMinute: z.strictObject({
    at: Instant,
    kw: z.number(),
    aboveTargetKw: z.number().describe('below 0: even that minute kept it'),
  }),
  biasKw: z.number().describe('mean of what was drawn less what was allowed'),
  p95ErrorKw: z.number(),
  meanKw: z.number(),
  requestedKw: z.number().nullable().describe('mean of baseline less target; null: a limit has no baseline'),
  deliveredKw: z.number().nullable().describe('mean of baseline less what was drawn'),
  deliveredRatio: z.number().nullable().describe('delivered ÷ requested'),
  rebound: z
    .strictObject({ highestKw: z.number(), minutesAbove: z.number().int(), minutes: z.number().int() })
    .nullable()
    .describe('minutes afterwards, against the baseline; null: none was read, or there is no baseline'),
  halfHours: z.array(HalfHour),
});
export type KeptFigures = z.infer<typeof KeptFigures>;

export interface PromisedSlot {
  readonly start: Instant;
  readonly end: Instant;
  readonly baselineKw: number | null;
  readonly targetKw: number;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export interface Kept {
  readonly figures: KeptFigures;
  /** end of the first reading at or below the target after which no minute lay above it; null: there is none */
  readonly facilityBelow: Instant | null;
}

/**
 * `until`: when the promise ended or was taken back. Slots have targets of their own: readings are laid beside that of their slot. Null
 * where nothing was read while it held.
 */
export const keptBy = (
  readings: readonly EventReading[],
  promised: readonly PromisedSlot[],
  {
    received,
    until,
    reboundSeconds,
  }: { readonly received: Instant; readonly until: Instant; readonly reboundSeconds: number },
): Kept | null => {
  const slots = promised
    .filter(({ start }) => start < until)
    .map((slot) => ({ ...slot, from: toEpoch(slot.start), to: toEpoch(slot.end < until ? slot.end : until) }));
  const first = slots[0];
  if (first === undefined) return null;
  const [holdFrom, holdUntil] = [first.from, slots.at(-1)!.to];
  const slotAt = (at: number) => slots.findLast(({ from }) => at >= from) ?? first;
  const spread = (of: (slot: (typeof slots)[number]) => number) =>
    slots.reduce((sum, slot) => sum + of(slot) * (slot.to - slot.from), 0) / (holdUntil - holdFrom);
  const targetKw = spread((slot) => slot.targetKw);
  const hasBaseline = slots.every((slot) => slot.baselineKw !== null);
  const baselineKw = hasBaseline ? spread((slot) => slot.baselineKw!) : null;
  // Beside one target, so that the metrics of one hold for the whole; what comes after is held against the last baseline.
  const lastBaseline = slots.at(-1)!.baselineKw ?? targetKw;
  const beside = readings.map(({ at, kw }) => ({
    at,
    kw: at < holdUntil ? kw - slotAt(at).targetKw + targetKw : kw - lastBaseline + (baselineKw ?? targetKw),
  }));
  const asked = {
    ...{ baselineKw: baselineKw ?? targetKw, targetKw, holdFrom, holdUntil },
    ...{ receivedAt: toEpoch(received), reboundUntil: holdUntil + reboundSeconds },
  };
  const kept = keptOf(beside, asked);
  if (kept === null) return null;
  const { worstMinute: worst } = kept;
  const step = readings.find(({ at }) => at >= holdFrom)!.seconds;
  return {
    facilityBelow:
      kept.facilityBelow === null ? null : fromEpoch(Math.round(asked.receivedAt + kept.facilityBelow + step)),
    figures: {
      source: readings.at(-1)!.source,
      ...{ minutes: kept.minutes.length + kept.minutesUnread, minutesAbove: kept.minutesAbove },
      ...{ minutesUnread: kept.minutesUnread, aboveRatio: kept.tracking.aboveRatio },
      worstMinute: {
        at: fromEpoch(worst.at),
        kw: worst.kw + slotAt(worst.at).targetKw - targetKw,
        aboveTargetKw: worst.kw - targetKw,
      },
      ...{ biasKw: kept.following.bias, p95ErrorKw: kept.following.p95 },
      meanKw: mean(readings.filter(({ at }) => at >= holdFrom && at < holdUntil).map(({ kw }) => kw)),
      requestedKw: baselineKw === null ? null : kept.requestedKw,
      deliveredKw: baselineKw === null ? null : kept.deliveredKw,
      deliveredRatio: baselineKw === null || kept.requestedKw === 0 ? null : kept.deliveredRatio,
      rebound:
        baselineKw === null || kept.rebound === null
          ? null
          : { ...kept.rebound, highestKw: kept.rebound.highestKw + lastBaseline - baselineKw },
      halfHours: halfHoursOf(readings, slots),
    },
  };
};

interface Slot {
  readonly from: number;
  readonly to: number;
  readonly baselineKw: number | null;
  readonly targetKw: number;
}

const halfHoursOf = (readings: readonly EventReading[], slots: readonly Slot[]): KeptFigures['halfHours'] => {
  const [holdFrom, holdUntil] = [slots[0]!.from, slots.at(-1)!.to];
  return periodsTouched(fromEpoch(holdFrom), fromEpoch(holdUntil)).map((period, i, all) => {
    const next = i + 1 < all.length ? toEpoch(settlementStart(all[i + 1]!)) : holdUntil;
    const from = Math.max(holdFrom, toEpoch(settlementStart(period)));
    const until = Math.min(next, holdUntil);
    const kwh = (kwOf: (slot: Slot) => number) =>
      slots.reduce(
        (sum, slot) => sum + (kwOf(slot) * Math.max(0, Math.min(slot.to, until) - Math.max(slot.from, from))) / 3600,
        0,
      );
    const minutes = minuteMeans(readings, from, until);
    const isRead = minutes.length >= Math.ceil((until - from) / 60);
    const meteredKwh = isRead ? (mean(minutes.map(({ kw }) => kw)) * (until - from)) / 3600 : null;
    const baselineKwh = slots.every(({ baselineKw }) => baselineKw !== null) ? kwh((slot) => slot.baselineKw!) : null;
    return {
      ...{ date: period.date, period: period.period, start: fromEpoch(from), direction: 'turn-down' as const },
      ...{ baselineKwh, meteredKwh },
      requestedKwh: baselineKwh === null ? null : baselineKwh - kwh((slot) => slot.targetKw),
      deliveredKwh:
        baselineKwh === null || meteredKwh === null ? null : deliveredKwh('turn-down', baselineKwh, meteredKwh),
    };
  });
};
