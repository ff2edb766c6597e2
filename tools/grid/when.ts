/** When one piece of work should start, right now: the question and the answer of the CATS tool, with a latest finish and several places. */
import { z } from 'zod';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { figure, isNothing, percentText } from '../../domain/figures.js';
import { confidenceThat, isDoubtful, windowMean } from '../../domain/opportunity.js';
import { CarbonKind, type CarbonSignal, knownUntil, WITHIN_DATA, whyUnknown } from '../../domain/signal.js';
import type { Site } from '../../domain/site.js';
import { Instant, plusHours, plusSeconds, secondsBetween } from '../../domain/time.js';
import type { Grid } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { countryIso3, isBritishPostcode } from './country.js';
import { bestStart, SeriesSums } from './start.js';

const MAX_HOURS = 24 * 31;
/** Starts within 47 hours, as CATS has it. */
const WINDOW_MINUTES = 2820;

/** Members as the CATS tool spells them. */
const Average = z.strictObject({
  value: z.number().describe('mean intensity while it runs, g/kWh'),
  start: Instant,
  end: Instant,
  start_value: z.number().nullable().describe('g/kWh at the start'),
  end_value: z.number().nullable().describe('g/kWh at the end; null where the signal ends there'),
});
type Average = z.infer<typeof Average>;

const Emissions = z
  .strictObject({
    now: z.number().describe('g CO2e when it starts at once'),
    best: z.number().describe('g CO2e at the best time'),
    savings: z.number().describe('g CO2e less'),
  })
  .nullable()
  .describe('null while the energy of the work, or what starting at once would emit, is not known');

const Place = z.strictObject({
  location: z.string().describe('as it was asked for'),
  region: z.string().describe('whose signal was used'),
  countryISO3: z.string().nullable(),
  carbonIntensityNow: Average.nullable().describe('null where the data for starting at once are missing'),
  carbonIntensityOptimal: Average,
  emmissionEstimate: Emissions,
  finish: Instant,
  kind: CarbonKind,
  source: z.string(),
  generatedAt: Instant.describe('when the forecast was known'),
});
type Place = z.infer<typeof Place>;

export const WhenInput = z.strictObject({
  durationMinutes: z
    .number()
    .positive()
    .max(MAX_HOURS * 60)
    .describe('how long the work runs without a break, in minutes'),
  places: z
    .array(z.string().min(1).max(100))
    .min(1)
    .max(200)
    .optional()
    .describe(
      'regions, sites, clusters or British postcodes where it may run, home first; the home site when left out',
    ),
  from: Instant.optional().describe('earliest start; now when left out'),
  latestStart: Instant.optional().describe(
    'latest start; 47 hours after the earliest when no deadline is given either',
  ),
  windowMinutes: z
    .number()
    .positive()
    .max(MAX_HOURS * 60)
    .optional()
    .describe('search for a start no further than this after the earliest, in minutes'),
  deadline: Instant.optional().describe('when it must have finished'),
  energyKwh: z.number().positive().optional().describe('energy that it uses over its whole duration in kWh'),
});
export type WhenInput = z.output<typeof WhenInput>;

export const WhenAnswer = z.strictObject({
  carbonIntensityNow: Average.nullable().describe('starting at once in the first place'),
  carbonIntensityOptimal: Average,
  location: z.string().describe('the best place, as it was asked for'),
  countryISO3: z.string().nullable(),
  emmissionEstimate: Emissions,
  finish: Instant.describe('when it would have finished'),
  waitMinutes: z.number().describe('minutes from the earliest start to the best one'),
  savedRatio: z.number().nullable().describe('share of emissions saved against starting at once in the first place'),
  places: z.array(Place).describe('the best time of each place, the best place first'),
  unseen: z.array(z.strictObject({ location: z.string(), why: z.string() })).describe('places left out, and why'),
  assumed: z.array(z.string()).describe('what was taken for granted, one sentence each'),
});
export type WhenAnswer = z.infer<typeof WhenAnswer>;

export interface WhenWorld {
  readonly grid: Pick<Grid, 'regions' | 'carbon'>;
  readonly now: Instant;
  /** Names that stand for a region; the first is home. */
  readonly sites: readonly Pick<Site, 'id' | 'region' | 'clusterId'>[];
}

export const whenToRun = defineTool({
  name: 'when_to_run',
  title: 'When to run one job',
  description:
    'The best moment to start one piece of work of known length, as CATS answers it: mean carbon intensity now and at the best start, in one or more places, with a latest finish. Nothing is scheduled.',
  toolset: 'grid',
  effect: 'reads',
  input: WhenInput,
  output: WhenAnswer,
  run: async (input, world) =>
    answerWhen(input, { grid: world.grid, now: world.clock.now(), sites: await world.fleet.sites() }),
  tell: (o) => {
    const saved =
      o.savedRatio === null
        ? ''
        : isNothing(o.savedRatio)
          ? ', as at once'
          : `, ${o.savedRatio < 0 ? `${percentText(-o.savedRatio)} more` : `${percentText(o.savedRatio)} less`} than at once`;
    return `Start at ${o.carbonIntensityOptimal.start} in ${o.location}: ${figure(o.carbonIntensityOptimal.value)} g/kWh on average until ${o.finish}${saved}.`;
  },
});

/**
 * Throws Fault `invalid-input` for signals of two kinds or a finish that cannot be met (details.conflict says by how much), `not-found` for an unknown place
 * and when no place has data for the whole run.
 */
export const answerWhen = async (input: WhenInput, world: WhenWorld): Promise<WhenAnswer> => {
  const seconds = Math.max(1, Math.round(input.durationMinutes * 60));
  const from = input.from ?? world.now;
  const latest = latestStartOf(input, from, seconds);
  const assumed: string[] = [];
  const asked = await placesOf(input.places, world, assumed);
  const found: { place: Place; now: Average | null }[] = [];
  const unseen: WhenAnswer['unseen'] = [];
  for (const { location, region } of asked) {
    // One hour more than the last run needs, so that the intensity at its end is known.
    const signal = await signalOf(
      world.grid,
      region,
      from,
      plusHours(plusSeconds(latest, seconds), 1),
      asked.length === 1,
    );
    if (typeof signal === 'string') {
      unseen.push({ location, why: signal });
      continue;
    }
    requireOneKind(found[0]?.place, signal, location);
    const sums = new SeriesSums(signal.series);
    const start = bestStart(sums, from, latest, seconds);
    if (start === null) {
      unseen.push({
        location,
        why: `${region} has no data throughout any run of ${input.durationMinutes} min between ${from} and ${plusSeconds(latest, seconds)}: ${whyUnknown(region, knownUntil(signal), { end: plusSeconds(latest, seconds) }, world.now)}`,
      });
      continue;
    }
    const now = averageOf(sums, from, seconds);
    const foreseen = averageOf(sums, start, seconds)!;
    const doubt = now === null ? null : doubtOf(signal, now, foreseen);
    const best = doubt === null ? foreseen : now!;
    if (doubt !== null) assumed.push(`${location}: ${doubt}`);
    assumed.push(...(signal.notes ?? []));
    found.push({
      now,
      place: {
        location,
        region,
        countryISO3: countryIso3(region),
        carbonIntensityNow: now,
        carbonIntensityOptimal: best,
        emmissionEstimate: emissionsOf(input.energyKwh, now, best),
        finish: best.end,
        kind: signal.kind,
        source: signal.source,
        generatedAt: signal.issuedAt,
      },
    });
  }
  const [home] = found;
  if (!home) throw notFound(unseen[0]?.why ?? 'no place was given', WITHIN_DATA);
  const first = home.place.location === asked[0]!.location ? home.now : null;
  // The first of equals is the nearest to home.
  const places = found.map((f) => f.place).sort((a, b) => order(a.carbonIntensityOptimal, b.carbonIntensityOptimal));
  const best = places[0]!;
  const optimal = best.carbonIntensityOptimal;
  return {
    carbonIntensityNow: first,
    carbonIntensityOptimal: optimal,
    location: best.location,
    countryISO3: best.countryISO3,
    emmissionEstimate: emissionsOf(input.energyKwh, first, optimal),
    finish: optimal.end,
    waitMinutes: secondsBetween(from, optimal.start) / 60,
    savedRatio: first === null || first.value <= 0 ? null : 1 - optimal.value / first.value,
    places,
    unseen,
    assumed,
  };
};

const latestStartOf = (input: WhenInput, from: Instant, seconds: number): Instant => {
  const byDeadline = input.deadline === undefined ? undefined : plusSeconds(input.deadline, -seconds);
  if (byDeadline !== undefined && byDeadline < from)
    throw invalid(
      `work of ${input.durationMinutes} min that starts at ${from} at the earliest cannot finish by ${input.deadline}`,
      'Give a later deadline or a shorter duration.',
      {
        conflict: {
          from,
          deadline: input.deadline,
          durationMinutes: input.durationMinutes,
          missingMinutes: secondsBetween(byDeadline, from) / 60,
        },
      },
    );
  if (input.latestStart !== undefined && input.latestStart < from)
    throw invalid(`the latest start ${input.latestStart} lies before the earliest, ${from}`, 'Give a later one.');
  const byWindow = input.windowMinutes === undefined ? undefined : plusSeconds(from, input.windowMinutes * 60);
  const limits = [byDeadline, byWindow, input.latestStart].filter((limit) => limit !== undefined).sort();
  const latest = limits[0] ?? plusSeconds(from, WINDOW_MINUTES * 60);
  if (secondsBetween(from, latest) > MAX_HOURS * 3600)
    throw invalid('the latest start lies more than 31 days ahead', 'Give an earlier one.');
  return latest;
};

const placesOf = async (names: readonly string[] | undefined, { grid, sites }: WhenWorld, assumed: string[]) => {
  const regions = await grid.regions();
  if (names === undefined) {
    const home = sites[0]?.region ?? regions[0];
    if (home === undefined) throw notFound('there is no region with a carbon signal', 'Check CACO_GRID.');
    if (sites.length === 0 && regions.length > 1)
      throw invalid(`there are ${regions.length} places`, `Name one or more: ${regions.slice(0, 20).join(', ')}.`);
    assumed.push(`No place was given: ${home} is home.`);
    return [{ location: home, region: home }];
  }
  return [...new Set(names)].map((location) => {
    const same = (other: string | null) => other !== null && other.toLowerCase() === location.toLowerCase();
    const region =
      regions.find((r) => same(r)) ??
      sites.find((site) => same(site.id) || same(site.clusterId) || same(site.region))?.region;
    if (region !== undefined) return { location, region };
    const gb = regions.find((r) => r === 'GB');
    if (gb !== undefined && isBritishPostcode(location)) {
      assumed.push(`${location} was taken as a British postcode; the national signal ${gb} stands in for its region.`);
      return { location, region: gb };
    }
    throw notFound(
      `place "${location}" is not known`,
      `Known: ${[...new Set([...regions, ...sites.map((s) => s.id)])].slice(0, 20).join(', ')}.`,
    );
  });
};

/** A place that is down or has no data is named; the only one asked for is a fault. */
const signalOf = async (grid: WhenWorld['grid'], region: string, start: Instant, end: Instant, only: boolean) => {
  try {
    return await grid.carbon(region, { start, end }, 'forecast');
  } catch (error) {
    if (only || !(error instanceof Fault) || (error.code !== 'not-found' && error.code !== 'unavailable')) throw error;
    return error.message;
  }
};

const requireOneKind = (first: Place | undefined, { kind }: CarbonSignal, location: string) => {
  if (!first || (first.kind.accounting === kind.accounting && first.kind.scope === kind.scope)) return;
  throw invalid(
    `${location}'s signal is ${kind.accounting} ${kind.scope}, that of ${first.location} is ${first.kind.accounting} ${first.kind.scope}: two kinds cannot be ranked against each other`,
    'Ask for places whose signals are of one kind.',
  );
};

/** Why waiting for a window would not help for certain; null where it does, or where the signal states no bounds. */
const doubtOf = (signal: CarbonSignal, now: Average, best: Average): string | null => {
  if (best.start === now.start) return null;
  const [later, atOnce] = [windowMean(signal, best), windowMean(signal, now)];
  const confidence = later === null || atOnce === null ? null : confidenceThat(later, atOnce);
  if (confidence === null || !isDoubtful(confidence)) return null;
  return `${best.start} is foreseen ${figure(now.value - best.value)} g/kWh lower, and by the forecast’s bounds that is only ${Math.round(confidence * 100)} % sure: it starts at once.`;
};

const averageOf = (sums: SeriesSums, start: Instant, seconds: number): Average | null => {
  const end = plusSeconds(start, seconds);
  const value = sums.mean(start, end);
  return value === null ? null : { value, start, end, start_value: sums.at(start), end_value: sums.at(end) };
};

const emissionsOf = (energyKwh: number | undefined, now: Average | null, best: Average) =>
  energyKwh === undefined || now === null
    ? null
    : { now: now.value * energyKwh, best: best.value * energyKwh, savings: (now.value - best.value) * energyKwh };

const order = (a: Average, b: Average) => a.value - b.value || (a.start < b.start ? -1 : a.start > b.start ? 1 : 0);
