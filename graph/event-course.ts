/** The course of each event under its promise, written down step by step, and its end: moments and figures by what was measured. */
import { EVENT_COURSES, EVENT_READINGS, type EventCourse } from '../domain/flexibility/course.js';
import { type FlexibilityEvent, STAMPS, type Stamps } from '../domain/flexibility/event.js';
import { type EventReading, keptBy, type PowerSource } from '../domain/flexibility/kept.js';
import type { Acknowledged, Look, MeterReading } from '../domain/flexibility/running.js';
import { fromEpoch, type Instant, plusSeconds, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';

/** What is looked at before it begins: the meters are learned from it, and what was drawn without the event. */
export const WARM_SECONDS = 900;
/** The way down begins so long before an event that was announced. */
export const LEAD_SECONDS = 40;
/** Afterwards power rises for so long to the baseline, and stays below it for so long. */
export const RAMP_UP_SECONDS = 600;
export const REBOUND_SECONDS = 3 * 3600;
/** The last reading of an event comes a few steps after it. */
const LATE_SECONDS = 30;
const MOST_SAID = 40;
const MEAN_OF_SECONDS = 600;

export const freshCourse = (event: FlexibilityEvent, at: Instant): EventCourse => ({
  ...{ eventId: event.id, region: event.commitment!.region, phase: 'ahead', at, can: [], source: 'unknown' },
  ...{ baselineKw: null, facilityKw: null, targetKw: null, isBelow: false },
  ...{ issued: null, acknowledged: null, itBelow: null, commands: 0, refused: 0, heldUntil: null, said: [] },
});

/** The promise in force from `at` on, as far as the way down reaches ahead: the strictest of the slots that it touches. */
export const targetKwAt = ({ commitment }: FlexibilityEvent, at: number): number => {
  const { slots } = commitment!;
  const ahead = slots.filter(({ start, end }) => toEpoch(start) <= at + LEAD_SECONDS && toEpoch(end) > at);
  return Math.min(...(ahead.length > 0 ? ahead : slots.slice(0, 1)).map(({ targetKw }) => targetKw));
};

/** What one step saw and did. */
export interface Stepped {
  readonly at: number;
  readonly look: Look | null;
  readonly readings: readonly MeterReading[];
  readonly source: PowerSource;
  readonly can: readonly string[];
  readonly acknowledged: readonly Acknowledged[];
  readonly said: readonly string[];
  /** what the building draws beside its machines; null: not known */
  readonly overheadKw: number | null;
}

/** The same of other figures is the same word. */
const shapeOf = (what: string) => what.replace(/[\d.]+/g, '#');

/** The course after a step. */
export const coursed = (before: EventCourse, event: FlexibilityEvent, step: Stepped): EventCourse => {
  const from = toEpoch(event.commitment!.start) - LEAD_SECONDS;
  const { at, readings, acknowledged } = step;
  const targetKw = targetKwAt(event, at);
  const isHeld = before.heldUntil === null && at >= from;
  const wayDown = isHeld && !before.isBelow ? acknowledged.filter(({ outcome }) => outcome === 'done') : [];
  const itKw = step.look?.itKw ?? null;
  const isItBelow = isHeld && itKw !== null && step.overheadKw !== null && itKw + step.overheadKw <= targetKw;
  const isBelow = isHeld && readings.some((reading) => reading.at >= from && reading.kw <= targetKw);
  const news = step.said.filter((what) => !before.said.slice(-6).some((one) => shapeOf(one.what) === shapeOf(what)));
  return {
    ...before,
    ...{ at: fromEpoch(at), source: step.source, can: [...step.can] },
    phase: before.heldUntil !== null ? before.phase : at >= from ? 'holding' : 'ahead',
    ...{ facilityKw: readings.at(-1)?.kw ?? before.facilityKw, targetKw: before.heldUntil === null ? targetKw : null },
    isBelow: before.isBelow || isBelow,
    ...(wayDown.length === 0
      ? {}
      : {
          issued: fromEpoch(at),
          acknowledged: fromEpoch(Math.ceil(Math.max(...wayDown.map((one) => one.at)))),
        }),
    itBelow: before.itBelow ?? (isItBelow ? fromEpoch(at) : null),
    commands: before.commands + acknowledged.filter(({ outcome }) => outcome === 'done').length,
    refused: before.refused + acknowledged.filter(({ outcome }) => outcome === 'refused').length,
    said: [...before.said, ...news.map((what) => ({ at: fromEpoch(at), what }))].slice(-MOST_SAID),
  };
};

/** Writes down the readings first: a course that says more than they do cannot be. */
export const keepCourse = async (
  { store }: Pick<World, 'store'>,
  course: EventCourse,
  { readings, source }: Pick<Stepped, 'readings' | 'source'>,
): Promise<void> => {
  if (readings.length > 0)
    await store.rows(EVENT_READINGS).upsert(
      course.eventId,
      readings.map((reading) => ({ id: String(reading.at).padStart(12, '0'), value: { ...reading, source } })),
    );
  await store.collection(EVENT_COURSES).put(course.eventId, course);
};

export const readingsOf = async ({ store }: Pick<World, 'store'>, eventId: string): Promise<EventReading[]> => {
  const found: EventReading[] = [];
  for await (const page of store.rows(EVENT_READINGS).pages(eventId)) found.push(...page);
  return found.sort((a, b) => a.at - b.at);
};

/** Mean of the ten minutes before the way down; null: nothing was read. */
export const quietKw = (readings: readonly EventReading[], { commitment }: FlexibilityEvent): number | null => {
  const until = toEpoch(commitment!.start) - LEAD_SECONDS;
  const quiet = readings.filter(({ at }) => at >= until - MEAN_OF_SECONDS && at < until);
  return quiet.length === 0 ? null : quiet.reduce((sum, { kw }) => sum + kw, 0) / quiet.length;
};

/** When it ended, or was taken back; null: it is kept still. */
export const endedAt = (event: FlexibilityEvent, course: EventCourse, now: Instant): Instant | null => {
  if (course.heldUntil !== null) return course.heldUntil;
  if (event.status !== 'confirmed') return course.at;
  return plusSeconds(event.commitment!.end, LATE_SECONDS) <= now ? event.commitment!.end : null;
};

export const isRecovered = (heldUntil: Instant, now: Instant): boolean =>
  plusSeconds(heldUntil, REBOUND_SECONDS + LATE_SECONDS) <= now;

/** The event as its course ended: figures, moments, and why one is not known. */
export const judged = (
  event: FlexibilityEvent,
  course: EventCourse,
  readings: readonly EventReading[],
): FlexibilityEvent => {
  // What lay below before the way down began was no answer to anything.
  const wayDown = plusSeconds(event.commitment!.start, -LEAD_SECONDS);
  const received = event.stamps.received > wayDown ? event.stamps.received : wayDown;
  const kept = keptBy(readings, event.commitment!.slots, {
    ...{ received, until: course.heldUntil!, reboundSeconds: REBOUND_SECONDS },
  });
  const stamps: Stamps = {
    ...event.stamps,
    issued: course.issued ?? event.stamps.issued,
    acknowledged: course.acknowledged ?? event.stamps.acknowledged,
    itBelow: course.itBelow,
    facilityBelow: kept?.facilityBelow ?? null,
  };
  const commanded =
    course.can.length === 0
      ? 'this fleet can do nothing to what runs: the plan alone keeps it'
      : 'nothing had to be commanded';
  const why: Record<(typeof STAMPS)[number], string> = {
    ...{ received: '', decided: '', issued: commanded, acknowledged: commanded },
    itBelow:
      course.source === 'unknown' ? 'nothing tells what the machines draw' : 'the machines were never seen low enough',
    facilityBelow:
      kept === null
        ? 'nothing was read of the facility while it held'
        : `its last minutes lay above the target; the worst began at ${kept.figures.worstMinute.at}`,
  };
  const unknown = Object.fromEntries(STAMPS.flatMap((stamp) => (stamps[stamp] === null ? [[stamp, why[stamp]]] : [])));
  return { ...event, stamps, unknown, ...(kept === null ? {} : { kept: kept.figures }) };
};
