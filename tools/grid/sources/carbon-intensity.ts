/**
 * The Carbon Intensity API of the National Energy System Operator: Great Britain as a whole, in half-hours, without a key. It is
 * average and operational: generation within the country and imports, at the stack, losses included. Data CC BY 4.0; the
 * operator does not endorse this program.
 */
import { z } from 'zod';
import { Fault, notFound } from '../../../domain/fault.js';
import type { CarbonKind } from '../../../domain/signal.js';
import { ceilTo, floorTo, fromEpoch, Instant, type Interval, plusHours, toEpoch } from '../../../domain/time.js';
import type { CarbonSource, Clock } from '../../../domain/world.js';
import { type Answer, jsonIfAny, jsonOf, type Limits, send, type Timer, type WireTrouble } from '../../../wire/wire.js';
import { carbonSignal } from './record.js';

const WHO = 'the Carbon Intensity API';
const REGION = 'GB';
const KIND: CarbonKind = { accounting: 'average', scope: 'operational' };
const SOURCE = 'NESO Carbon Intensity API, national (CC BY 4.0)';
const STEP_MINUTES = 30;
const STEP = STEP_MINUTES * 60;
/** The API answers 14 days at most. */
const CHUNK_HOURS = 13 * 24;
/** Fourteen days are 100 kB. A person may be waiting, so an API that is silent is given up soon. */
const LIMITS: Partial<Limits> = { connectMs: 5_000, idleMs: 10_000, wholeMs: 25_000, bodyBytes: 4 * 2 ** 20 };
/** Reading twice does no harm. */
const AGAIN = { tries: 3, longestWaitS: 5 };

/** `{"from": "2017-10-01T12:00Z", "to": "2017-10-01T12:30Z", "intensity": {"forecast": 151, "actual": 140, "index": "low"}}` */
const Row = z.object({
  from: Instant,
  intensity: z.object({
    forecast: z.number().nullable().optional(),
    /** null or absent for what is to come and for what has just ended */
    actual: z.number().nullable().optional(),
  }),
});
type Row = z.output<typeof Row>;
/** Beyond its horizon the API answers status 200 with `{}` or `{"data": []}`; one row may come without its list. */
const Body = z.object({ data: z.union([z.array(Row), Row.transform((row) => [row])]).optional() });

interface Settings {
  readonly base: string;
  readonly clock: Pick<Clock, 'now'>;
  /** another timer, for tests */
  readonly timer?: Timer;
}

/**
 * `actual` is what the API has measured; `forecast` that for half-hours that have ended, and its forecast for those that have
 * not. What the API leaves out or answers with 0, which no grid of fuels can be, is null. It does not say when a value was
 * published, so a signal was issued when it was asked for. Throws Fault `not-found` for a region other than GB, `unavailable`
 * when the API does not answer or answers what it should not.
 */
export const carbonIntensity = ({ base, clock, timer }: Settings): CarbonSource => ({
  regions: async () => [REGION],
  carbon: async (region, interval, status) => {
    if (region !== REGION)
      throw notFound(
        `the Carbon Intensity API's national signal is for ${REGION}, not for ${region}`,
        `Ask for ${REGION}, or name a source for ${region} in CACO_GRID.`,
      );
    const now = clock.now();
    const start = floorTo(interval.start, STEP_MINUTES);
    const end = ceilTo(interval.end, STEP_MINUTES);
    const rows = new Map<Instant, Row>();
    for (const part of chunks({ start, end }))
      for (const row of await rowsOf(part, base, timer)) {
        // A half-hour that comes twice: the row that knows what happened is the newer one.
        if (typeof rows.get(row.from)?.intensity.actual !== 'number') rows.set(row.from, row);
      }
    const steps = Math.max(0, (toEpoch(end) - toEpoch(start)) / STEP);
    const values = Array.from({ length: steps }, (_, i) => {
      const { actual, forecast } = rows.get(fromEpoch(toEpoch(start) + i * STEP))?.intensity ?? {};
      const measured = toEpoch(start) + (i + 1) * STEP <= toEpoch(now) ? gramsOf(actual) : null;
      return status === 'actual' ? gramsOf(actual) : (measured ?? gramsOf(forecast));
    });
    return carbonSignal(
      { region, source: SOURCE, status, issuedAt: now, series: { start, stepMinutes: STEP_MINUTES, values } },
      KIND,
    );
  },
});

const gramsOf = (value: number | null | undefined): number | null =>
  value === null || value === undefined || value <= 0 ? null : value;

const chunks = ({ start, end }: Interval): Interval[] => {
  const parts: Interval[] = [];
  for (let at = start; at < end; at = plusHours(at, CHUNK_HOURS)) {
    const until = plusHours(at, CHUNK_HOURS);
    parts.push({ start: at, end: until < end ? until : end });
  }
  return parts;
};

/** `2017-10-01T12:00Z`: the API knows no seconds. */
const minuteOf = (at: Instant) => `${at.slice(0, 16)}Z`;

/** The rows of an interval, and perhaps the half-hour before it: the API begins with the one that ends at `from`. */
const rowsOf = async ({ start, end }: Interval, base: string, timer?: Timer): Promise<Row[]> => {
  const path = `/intensity/${minuteOf(start)}/${minuteOf(end)}`;
  const { data: body, error } = Body.safeParse(await documentAt(path, base, timer));
  if (error) throw trouble(`${WHO} answered ${path} in an unknown form: ${error.issues[0]?.message}`);
  return body.data ?? [];
};

/** What the API answers, as JSON. A path of it holds no secret, so that messages may name it. */
const documentAt = async (path: string, base: string, timer?: Timer): Promise<unknown> => {
  let said = '';
  try {
    const answer = await send({
      who: WHO,
      url: `${base.replace(/\/+$/, '')}${path}`,
      chosenBy: 'operator',
      what: path,
      headers: { accept: 'application/json' },
      limits: LIMITS,
      again: AGAIN,
      ...(timer === undefined ? {} : { timer }),
    });
    said = saidBy(answer);
    const document = jsonOf(answer);
    if (said === '') return document;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw trouble(`${error.message}${said}`, error);
  }
  throw trouble(`${WHO} answered ${path} with an error${said}`);
};

/** `{"error": {"code": "400 Bad Request", "message": "Please enter a valid date …"}}`, on one line; empty where there is no such. */
const saidBy = ({ text }: Answer): string => {
  const { data } = z.object({ error: z.object({ message: z.string() }) }).safeParse(jsonIfAny(text));
  return data ? `: ${data.error.message.replace(/\s+/g, ' ').trim().slice(0, 200)}` : '';
};

/** Whatever it was, nothing can be known from here now. What became of the request stays in the wire's `details`. */
const trouble = (what: string, cause?: Fault) => {
  const { retryAfterS = null } = (cause?.details as Partial<WireTrouble> | undefined) ?? {};
  return new Fault(
    'unavailable',
    what,
    `Try again in ${retryAfterS === null ? 'some minutes' : `${retryAfterS} s`}, check CACO_CARBON_INTENSITY_URL, or plan on recorded data: CACO_GRID=recorded.`,
    { cause, details: cause?.details },
  );
};
