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
import { carbonSignal } from './record.js';

const REGION = 'GB';
const KIND: CarbonKind = { accounting: 'average', scope: 'operational' };
const SOURCE = 'NESO Carbon Intensity API, national (CC BY 4.0)';
const STEP_MINUTES = 30;
const STEP = STEP_MINUTES * 60;
/** The API answers 14 days at most. */
const CHUNK_HOURS = 13 * 24;
const TIME_LIMIT_MS = 15_000;
/** Fourteen days are 100 kB. */
const MOST_BYTES = 4 * 2 ** 20;

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

/**
 * `actual` is what the API has measured; `forecast` that for half-hours that have ended, and its forecast for those that have
 * not. What the API leaves out or answers with 0, which no grid of fuels can be, is null. It does not say when a value was
 * published, so a signal was issued when it was asked for. Throws Fault `not-found` for a region other than GB, `unavailable`
 * when the API does not answer or answers what it should not.
 */
export const carbonIntensity = ({ base, clock }: { base: string; clock: Pick<Clock, 'now'> }): CarbonSource => ({
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
      for (const row of await rowsOf(base, part)) {
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
const rowsOf = async (base: string, { start, end }: Interval): Promise<Row[]> => {
  const path = `/intensity/${minuteOf(start)}/${minuteOf(end)}`;
  const { status, text } = await get(`${base.replace(/\/$/, '')}${path}`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw trouble(`answered ${path} with status ${status} and no JSON`);
  }
  if (status !== 200) throw trouble(`answered ${path} with status ${status}${said(document)}`);
  const body = Body.safeParse(document);
  if (!body.success) throw trouble(`answered ${path} in an unknown form: ${body.error.issues[0]?.message}`);
  return body.data.data ?? [];
};

/** `{"error": {"code": "400 Bad Request", "message": "Please enter a valid date …"}}` */
const said = (document: unknown): string => {
  const { data } = z.object({ error: z.object({ message: z.string() }) }).safeParse(document);
  return data ? `: ${data.error.message.replace(/\s+/g, ' ').trim().slice(0, 200)}` : '';
};

const trouble = (what: string, cause?: unknown) =>
  new Fault(
    'unavailable',
    `the Carbon Intensity API ${what}`,
    'Try again in some minutes, check CACO_CARBON_INTENSITY_URL, or plan on recorded data: CACO_GRID=recorded.',
    { cause },
  );

/** One request within limits of time and size; redirects are refused, and nothing is tried twice. */
const get = async (url: string): Promise<{ status: number; text: string }> => {
  try {
    const answer = await fetch(url, {
      headers: { accept: 'application/json', 'user-agent': 'caco (carbon-aware-compute-orchestrator)' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    });
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
      pieces.push(piece);
    }
    return { status: answer.status, text: Buffer.concat(pieces).toString('utf8') };
  } catch (cause) {
    const reason = (cause as { cause?: { code?: string } }).cause?.code ?? (cause as Error).message;
    throw trouble(`cannot be asked: ${reason}`, cause);
  }
};
