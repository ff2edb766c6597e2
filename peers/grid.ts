/** A grid as another agent tells it: its forecast, held to what was asked, in place of sources of our own. */
import type { ForecastAnswer } from '../domain/agents.js';
import { Fault } from '../domain/fault.js';
import type { CarbonSignal, PriceSignal } from '../domain/signal.js';
import { type Instant, type Interval, plusHours, toEpoch } from '../domain/time.js';
import type { Grid } from '../domain/world.js';

/** An agent tells at most a month at once. */
const MOST_HOURS = 24 * 30;
/** g/kWh between these can be; lignite emits some 1100, and what takes carbon up is none of a grid's signals. */
const INTENSITY = { least: -100, most: 3000 } as const;

export type Forecast = (region: string, interval: Interval) => Promise<ForecastAnswer>;

type Points = ForecastAnswer['points'];

const stepOf = ({ points, step_minutes }: ForecastAnswer): number =>
  step_minutes ?? (points.length < 2 ? 60 : (toEpoch(points[1]!.start) - toEpoch(points[0]!.start)) / 60);

/** Why an answer cannot be what was asked for; null: it can. */
const wrongIn = (answer: ForecastAnswer, region: string, { start, end }: Interval): string | null => {
  const { points } = answer;
  const step = stepOf(answer) * 60;
  if (answer.region !== region) return `it is about ${answer.region}, and ${region} was asked for`;
  if (points.length === 0) return 'it has no steps';
  if (!Number.isInteger(step / 60) || step <= 0) return 'its steps have no length';
  const first = toEpoch(points[0]!.start);
  if (first > toEpoch(start)) return `it begins at ${points[0]!.start}, after what was asked for`;
  if (first + points.length * step < toEpoch(end)) return 'it ends before what was asked for';
  for (const [i, { start: at, intensity_g_per_kwh: value, low, high, currency }] of points.entries()) {
    if (toEpoch(at) !== first + i * step) return `its steps leave a gap or go back at ${at}`;
    if (value !== null && (value < INTENSITY.least || value > INTENSITY.most))
      return `${value} g/kWh at ${at} cannot be`;
    if (low !== null && high !== null && low > high) return `its bounds at ${at} are the wrong way round`;
    if (currency !== points[0]!.currency) return 'its prices are in several currencies';
  }
  return null;
};

/** Throws Fault `unavailable` for an answer that cannot be. `who`: "the grid agent at HOST". */
export const agentGrid = (who: string, regions: () => Promise<string[]>, forecast: Forecast): Grid => {
  const asked = new Map<string, Promise<ForecastAnswer>>();
  const part = async (region: string, interval: Interval) => {
    const answer = await forecast(region, interval);
    const wrong = wrongIn(answer, region, interval);
    if (wrong === null) return answer;
    throw new Fault('unavailable', `${who} answered with what is no forecast: ${wrong}`, 'Look at that agent.');
  };
  const whole = async (region: string, { start, end }: Interval): Promise<ForecastAnswer> => {
    const parts: ForecastAnswer[] = [];
    for (let at: Instant = start; at < end; at = plusHours(at, MOST_HOURS)) {
      const until = plusHours(at, MOST_HOURS);
      parts.push(await part(region, { start: at, end: until < end ? until : end }));
    }
    const [first, ...others] = parts;
    if (first === undefined) return part(region, { start, end });
    return { ...first, points: others.reduce<Points>((before, { points }) => joined(before, points), first.points) };
  };
  /** Carbon and price come in one answer. */
  const told = (region: string, interval: Interval): Promise<ForecastAnswer> => {
    const key = `${region} ${interval.start} ${interval.end}`;
    const known = asked.get(key) ?? whole(region, interval);
    asked.set(key, known);
    return known;
  };
  const seriesOf = (answer: ForecastAnswer, values: (number | null)[]) => ({
    start: answer.points[0]!.start,
    stepMinutes: stepOf(answer),
    values,
  });
  const about = (answer: ForecastAnswer, region: string) => ({
    ...{ region, source: answer.source, status: 'forecast' as const, issuedAt: answer.generated_at },
    notes: [`told by ${who}`],
  });
  return {
    regions,
    async carbon(region, interval): Promise<CarbonSignal> {
      const answer = await told(region, interval);
      const { points, kind } = answer;
      const bounded = points.some(({ low, high }) => low !== null && high !== null);
      return {
        ...about(answer, region),
        kind,
        series: seriesOf(
          answer,
          points.map((p) => p.intensity_g_per_kwh),
        ),
        ...(bounded ? { low: points.map((p) => p.low), high: points.map((p) => p.high) } : {}),
      };
    },
    async price(region, interval): Promise<PriceSignal> {
      const answer = await told(region, interval);
      return {
        ...about(answer, region),
        currency: answer.points[0]!.currency,
        series: seriesOf(
          answer,
          answer.points.map((p) => p.price_per_mwh),
        ),
      };
    },
  };
};

/** A later part may begin with the step that an earlier one ended in. */
const joined = (before: Points, after: Points): Points => {
  const last = before.at(-1)!.start;
  return [...before, ...after.filter(({ start }) => start > last)];
};
