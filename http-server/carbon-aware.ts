/**
 * The routes, fields and status codes of the Carbon Aware SDK's WebApi (v1.8), so that its clients work against CACO: 200 with
 * data, 204 without, 400 for a wrong request, 501 where the source cannot tell.
 */
import { type Request, type Response, Router } from 'express';
import type { App } from '../app.js';
import { Fault, invalid } from '../domain/fault.js';
import { gapsIn, instantAt, integrate, type Series } from '../domain/series.js';
import {
  floorTo,
  type Instant,
  type Interval,
  instant,
  plusHours,
  plusSeconds,
  secondsBetween,
  toEpoch,
} from '../domain/time.js';
import { requireScope } from './guard.js';

const HORIZON_HOURS = 24;
const MAX_HOURS = 24 * 31;
const MAX_LOCATIONS = 100;
const MAX_BATCH = 100;

/** Names of query members are compared as ASP.NET does: without regard to case. */
const queryOf = (req: Request) => {
  const query = new Map<string, string[]>();
  for (const [key, value] of new URL(req.originalUrl, 'http://caco').searchParams)
    query.set(key.toLowerCase(), [...(query.get(key.toLowerCase()) ?? []), value]);
  return {
    all: (name: string) => (query.get(name.toLowerCase()) ?? []).flatMap((v) => v.split(',')).filter((v) => v !== ''),
    one: (name: string) => query.get(name.toLowerCase())?.[0] || undefined,
  };
};

const timeOf = (name: string, text: unknown): Instant | undefined => {
  if (text === undefined || text === null) return undefined;
  if (typeof text !== 'string') throw invalid(`${name} must be a time`, 'Write ISO 8601 with Z or an offset.');
  // A date alone is midnight, a time without an offset UTC, as their server reads them.
  const dated = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  // A plus sign that was not encoded arrives as a space.
  const plused = dated.replace(/ (\d{2}:?\d{2})$/, '+$1');
  return instant(/(Z|[+-]\d{2}:?\d{2})$/i.test(plused) ? plused : `${plused}Z`);
};
const needed = <T>(name: string, value: T | undefined): T => {
  if (value === undefined || value === '')
    throw invalid(`the ${name} field is required`, `Give ${name}.`, [{ field: name, message: 'is required' }]);
  return value;
};
const offset = (at: Instant) => at.replace(/Z$/, '+00:00');

/** Their "unknown location" is a wrong request, not a missing page. */
const known = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault && error.code === 'not-found') throw invalid(error.message, error.remedy);
    throw error;
  }
};

const interval = (start: Instant, end: Instant) => {
  if (end <= start) throw invalid(`the end ${end} does not lie after the start ${start}`, 'Give a later end.');
  if (secondsBetween(start, end) > MAX_HOURS * 3600)
    throw invalid('the interval is longer than 31 days', 'Ask for less.');
  return { start, end };
};

const clock = (minutes: number) => {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:00`;
};

interface ForecastQuestion {
  readonly location: string;
  readonly start: Instant | undefined;
  readonly end: Instant | undefined;
  readonly windowSize: number | undefined;
  readonly requestedAt: Instant | undefined;
}

const forecast = async (app: App, { location, start, end, windowSize, requestedAt }: ForecastQuestion) => {
  const { grid, clock: worldClock } = app.world;
  const now = worldClock.now();
  const from = start ?? (requestedAt !== undefined && requestedAt < now ? requestedAt : now);
  const asked = interval(from, end ?? plusHours(from, HORIZON_HOURS));
  // What was known then, as it was kept; a source that keeps nothing has the forecast of now.
  const kept =
    requestedAt === undefined || requestedAt >= now ? null : await grid.live?.carbonAsOf(location, asked, requestedAt);
  const signal = kept ?? (await known(() => grid.carbon(location, asked, 'forecast')));
  if (requestedAt !== undefined && requestedAt < signal.issuedAt)
    throw new Fault(
      'unsupported',
      `${signal.source} keeps no forecast as of ${requestedAt}`,
      `Ask for ${signal.issuedAt} or later.`,
    );
  const points = windowsOf(location, signal.series, from, end, windowSize);
  const least = points.reduce((a, p) => Math.min(a, p.value), Number.POSITIVE_INFINITY);
  return {
    generatedAt: offset(signal.issuedAt),
    requestedAt: offset(requestedAt ?? now),
    location,
    dataStartAt: start === undefined ? (points[0]?.timestamp ?? offset(from)) : offset(start),
    dataEndAt: end === undefined ? (points.at(-1)?.timestamp ?? offset(from)) : offset(end),
    windowSize: windowSize ?? signal.series.stepMinutes,
    optimalDataPoints: points.filter((p) => p.value === least),
    forecastData: points,
  };
};

/** Every window of that many minutes that starts with a step and has data throughout. */
const windowsOf = (
  location: string,
  series: Series,
  from: Instant,
  end: Instant | undefined,
  windowSize: number | undefined,
) => {
  const minutes = windowSize ?? series.stepMinutes;
  const points: { location: string; timestamp: string; duration: number; value: number }[] = [];
  for (const i of series.values.keys()) {
    const at = instantAt(series, i);
    const until = plusSeconds(at, minutes * 60);
    if (at < from || (end !== undefined && until > end)) continue;
    const area = integrate(series, toEpoch(at), toEpoch(until));
    if (area !== null)
      points.push({ location, timestamp: offset(at), duration: minutes, value: area / (minutes / 60) });
  }
  return points;
};

/** One stretch of an interval, on one grid of steps. */
interface Stretch {
  readonly series: Series;
  /** from here on it is a forecast; null: all of it came true */
  readonly foreseenFrom: Instant | null;
}

/**
 * What came true of the hours before the one that holds now, and from then on what is known at now. With hindsight the later ones too
 * are as a recording or a simulation has them.
 */
const stretchesOf = async (
  app: App,
  location: string,
  { start, end }: Interval,
  hindsight: boolean,
): Promise<Stretch[]> => {
  const now = app.world.clock.now();
  const turn = hindsight || end <= now ? end : floorTo(now, 60);
  const spells = [
    { status: 'actual' as const, part: { start, end: turn < end ? turn : end } },
    { status: 'forecast' as const, part: { start: turn > start ? turn : start, end } },
  ].filter(({ part }) => part.start < part.end);
  const stretches: Stretch[] = [];
  for (const { status, part } of spells) {
    const { series } = await known(() => app.world.grid.carbon(location, part, status));
    const first = series.values.findIndex((value, i) => value !== null && instantAt(series, i + 1) > now);
    stretches.push({ series, foreseenFrom: status === 'actual' || first < 0 ? null : instantAt(series, first) });
  }
  return stretches;
};

/** What no member of theirs can say: from when on the answer is a forecast. */
const tellForecast = (res: Response, stretches: readonly Stretch[]): void => {
  const from = stretches.flatMap(({ foreseenFrom }) => foreseenFrom ?? []).sort()[0];
  if (from !== undefined) res.set('Caco-Forecast-From', from);
};

const observed = async (
  app: App,
  locations: readonly string[],
  start: Instant | undefined,
  end: Instant | undefined,
  hindsight: boolean,
) => {
  const now = app.world.clock.now();
  // Without times: the step that holds now. With a start only: from there to now.
  const from = start ?? plusSeconds(now, -1800);
  const to = end ?? (from < now ? now : plusSeconds(from, 1800));
  const rows: { location: string; time: string; rating: number; duration: string }[] = [];
  const stretches: Stretch[] = [];
  for (const location of locations)
    for (const stretch of await stretchesOf(app, location, interval(from, to), hindsight)) {
      const { series } = stretch;
      stretches.push(stretch);
      for (const [i, rating] of series.values.entries())
        if (rating !== null)
          rows.push({ location, time: offset(instantAt(series, i)), rating, duration: clock(series.stepMinutes) });
    }
  return { rows, stretches };
};

/** g/kWh over what is known of the interval; null when nothing is. */
const average = async (app: App, location: string, start: Instant, end: Instant, hindsight: boolean) => {
  const stretches = await stretchesOf(app, location, interval(start, end), hindsight);
  let area = 0;
  let seconds = 0;
  for (const { series } of stretches)
    for (const [i, value] of series.values.entries()) {
      if (value === null) continue;
      const at = toEpoch(instantAt(series, i));
      const share = Math.min(at + series.stepMinutes * 60, toEpoch(end)) - Math.max(at, toEpoch(start));
      if (share <= 0) continue;
      area += value * share;
      seconds += share;
    }
  return {
    mean: seconds === 0 ? null : area / seconds,
    gaps: stretches.reduce((sum, { series }) => sum + gapsIn(series).length, 0),
    coverage: seconds / secondsBetween(start, end),
    stretches,
  };
};

const locationsOf = (query: ReturnType<typeof queryOf>) => {
  const locations = [...query.all('location'), ...query.all('locations')];
  if (locations.length === 0) needed('location', undefined);
  if (locations.length > MAX_LOCATIONS)
    throw invalid(`more than ${MAX_LOCATIONS} locations`, 'Ask for fewer at a time.');
  return locations;
};

const minutesOf = (given: unknown): number | undefined => {
  if (given === undefined || given === null) return undefined;
  const minutes = Number(given);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MAX_HOURS * 60)
    throw invalid('windowSize must be a whole number of minutes', 'Give 1 or more.', [
      { field: 'windowSize', message: 'must be minutes' },
    ]);
  return minutes;
};

const hindsightOf = (given: unknown): boolean => {
  if (given === undefined || given === null) return false;
  if (given === true || given === 'true') return true;
  if (given === false || given === 'false') return false;
  throw invalid('hindsight must be true or false', 'Leave it out to be given forecasts of what lies after now.', [
    { field: 'hindsight', message: 'must be true or false' },
  ]);
};

const batchOf = (body: unknown): Record<string, unknown>[] => {
  if (!Array.isArray(body) || body.length === 0 || body.some((item) => item === null || typeof item !== 'object'))
    throw invalid('the body must be a list of requests', 'Send a JSON array of objects.');
  if (body.length > MAX_BATCH) throw invalid(`more than ${MAX_BATCH} requests`, 'Send fewer at a time.');
  return body as Record<string, unknown>[];
};

export const carbonAwareRoutes = (app: App): Router => {
  const router = Router();
  router.use((_, res, next) => {
    requireScope(res, 'read');
    next();
  });

  const emissions = (best: boolean) => async (req: Request, res: Response) => {
    const query = queryOf(req);
    const { rows, stretches } = await observed(
      app,
      locationsOf(query),
      timeOf('time', query.one('time')),
      timeOf('toTime', query.one('toTime')),
      hindsightOf(query.one('hindsight')),
    );
    tellForecast(res, stretches);
    const least = rows.reduce((a, row) => Math.min(a, row.rating), Number.POSITIVE_INFINITY);
    const told = best ? rows.filter((row) => row.rating === least) : rows;
    if (told.length === 0) res.status(204).end();
    else res.json(told);
  };
  router.get(['/emissions/bylocation', '/emissions/bylocations'], emissions(false));
  router.get('/emissions/bylocations/best', emissions(true));

  router.get(['/emissions/forecasts/current', '/forecasts/current'], async (req, res) => {
    const query = queryOf(req);
    const question = {
      start: timeOf('dataStartAt', query.one('dataStartAt')),
      end: timeOf('dataEndAt', query.one('dataEndAt')),
      windowSize: minutesOf(query.one('windowSize')),
      requestedAt: undefined,
    };
    const answers = [];
    for (const location of locationsOf(query)) answers.push(await forecast(app, { ...question, location }));
    res.json(answers);
  });

  router.post(['/emissions/forecasts/batch', '/forecasts/batch'], async (req, res) => {
    const answers = [];
    for (const item of batchOf(req.body))
      answers.push(
        await forecast(app, {
          location: String(needed('location', item.location)),
          requestedAt: needed('requestedAt', timeOf('requestedAt', item.requestedAt)),
          start: timeOf('dataStartAt', item.dataStartAt),
          end: timeOf('dataEndAt', item.dataEndAt),
          windowSize: minutesOf(item.windowSize),
        }),
      );
    res.json(answers);
  });

  router.get(['/emissions/average-carbon-intensity', '/average-carbon-intensity'], async (req, res) => {
    const query = queryOf(req);
    const location = needed('location', query.one('location'));
    const start = needed('startTime', timeOf('startTime', query.one('startTime')));
    const end = needed('endTime', timeOf('endTime', query.one('endTime')));
    const hindsight = hindsightOf(query.one('hindsight'));
    const { mean, gaps, coverage, stretches } = await average(app, location, start, end, hindsight);
    tellForecast(res, stretches);
    if (mean === null) return void res.status(204).end();
    if (gaps > 0) res.set('Caco-Coverage-Ratio', coverage.toFixed(4));
    res.json({ location, startTime: offset(start), endTime: offset(end), carbonIntensity: mean });
  });

  router.post(['/emissions/average-carbon-intensity/batch', '/average-carbon-intensity/batch'], async (req, res) => {
    const answers = [];
    const all: Stretch[] = [];
    for (const item of batchOf(req.body)) {
      const location = String(needed('location', item.location));
      const start = needed('startTime', timeOf('startTime', item.startTime));
      const end = needed('endTime', timeOf('endTime', item.endTime));
      const { mean, stretches } = await average(app, location, start, end, hindsightOf(item.hindsight));
      all.push(...stretches);
      if (mean === null)
        throw invalid(`there are no data for ${location} from ${start} to ${end}`, 'Leave this interval out.');
      answers.push({ location, startTime: offset(start), endTime: offset(end), carbonIntensity: mean });
    }
    tellForecast(res, all);
    res.json(answers);
  });

  router.get('/locations', async (_, res) => {
    const regions = await app.world.grid.regions();
    if (regions.length === 0) return void res.status(204).end();
    // As the published interface spells it; where a grid's region lies is not known.
    res.json(Object.fromEntries(regions.map((name) => [name, { latitude: null, longitude: null, name }])));
  });
  return router;
};
