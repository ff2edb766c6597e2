/** When and where a piece of work would emit least, compared with starting it at once. */
import { z } from 'zod';
import { Fault, invalid } from '../../domain/fault.js';
import { energyText, figure, isNothing, massText, percentText } from '../../domain/figures.js';
import {
  type Bounded,
  Comparison,
  comparison,
  isDoubtful,
  Stress,
  stressIn,
  windowMean,
} from '../../domain/opportunity.js';
import { emissions, energyCost } from '../../domain/physics.js';
import { integrate, type Series } from '../../domain/series.js';
import { knownUntil, whyUnknown } from '../../domain/signal.js';
import { ceilTo, Instant, type Interval, plusHours, plusSeconds, secondsBetween, toEpoch } from '../../domain/time.js';
import { Currency, gPerKwh, Kg, kg, kwh, Money, money, perMwh } from '../../domain/units.js';
import { carbonAndPrice, type World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { homeRegions } from './refresh.js';
import { apart, ranked, windowsOf } from './windows.js';

const MAX_HOURS = 24 * 31;

const GreenWindow = z.strictObject({
  region: z.string(),
  start: Instant,
  end: Instant,
  meanGPerKwh: z.number(),
  meanPricePerMwh: z.number().nullable().describe('null where the price is not known throughout'),
  emissionsKg: Kg,
  cost: Money.nullable(),
  savedKg: Kg.nullable().describe('against starting at once in the first region; null where that is not known'),
  savedRatio: z.number().nullable(),
  savedCost: Money.nullable(),
  depthGPerKwh: Comparison.depth,
  confidence: Comparison.confidence,
  reason: Comparison.reason,
});
type GreenWindow = z.infer<typeof GreenWindow>;

export const findGreenWindow = defineTool({
  name: 'find_green_window',
  title: 'Find a green window',
  description:
    'Ranks the windows in which a piece of work of known length could run by mean carbon intensity or energy cost, over one or more regions, with the saving against starting at once. Each says how sure that is by the forecast’s own bounds; one that is not really cleaner by them, or has missing data, is never offered. Also says when a region is dirty, dear or in high demand.',
  toolset: 'grid',
  effect: 'reads',
  input: z.strictObject({
    durationHours: z.number().positive().max(MAX_HOURS).describe('how long the work runs without a break, in hours'),
    energyKwh: z
      .number()
      .positive()
      .optional()
      .describe('energy that it uses over the whole duration in kWh; 1 kW for the duration when left out'),
    from: Instant.optional().describe('earliest start; now when left out'),
    deadline: Instant.optional().describe('when it must have finished; 24 hours of choice when left out'),
    regions: z
      .array(z.string())
      .min(1)
      .max(200)
      .optional()
      .describe(
        'where it may run, home first; the sites’ regions when left out, or where they have no signal every one that has',
      ),
    rankBy: z.enum(['carbon', 'cost']).default('carbon').describe('least emissions or least energy cost first'),
    limit: z
      .number()
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe('how many windows to answer; they do not overlap in a region'),
  }),
  output: z.strictObject({
    energyKwh: z.number(),
    currency: Currency,
    now: GreenWindow.nullable().describe('starting at once in the first region; null where its data are missing'),
    windows: z.array(GreenWindow),
    considered: z.number().int().describe('windows with complete data'),
    doubtful: z
      .number()
      .int()
      .describe(
        'windows that were dropped: by the forecast’s bounds they are not really cleaner than starting at once',
      ),
    stress: z.array(Stress).describe('when a region is dirty, dear or in high demand, the worst first'),
    notes: z.array(z.string()).describe('what a reader must know of the signals: who stands in for whom, what is old'),
    unseen: z.array(z.strictObject({ region: z.string(), why: z.string() })).describe('regions left out, and why'),
    sources: z.array(z.strictObject({ region: z.string(), source: z.string(), generatedAt: Instant })),
  }),
  run: async (input, world) => {
    const seconds = Math.max(1, Math.round(input.durationHours * 3600));
    const from = input.from ?? world.clock.now();
    const first = ceilTo(from, world.method.slotMinutes);
    const deadline = input.deadline ?? plusHours(plusSeconds(first, seconds), 24);
    if (plusSeconds(first, seconds) > deadline)
      throw invalid(
        `work of ${input.durationHours} h that starts at ${first} cannot finish by ${deadline}`,
        'Give a later deadline or a shorter duration.',
      );
    if (secondsBetween(first, deadline) > MAX_HOURS * 3600)
      throw invalid('the deadline lies more than 31 days ahead', 'Give an earlier one.');
    const energyKwh = input.energyKwh ?? seconds / 3600;
    const regions = [...new Set(input.regions ?? (await homeRegions(world)))];
    const { found, unseen } = await signalsOf(world, regions, { start: first, end: deadline });

    const windowOf = (at: Signals, start: Instant, meanG: number): GreenWindow => {
      const end = plusSeconds(start, seconds);
      const spent = integrate(at.price, toEpoch(start), toEpoch(end));
      const meanPrice = spent === null ? null : spent / (seconds / 3600);
      return {
        region: at.region,
        start,
        end,
        meanGPerKwh: meanG,
        meanPricePerMwh: meanPrice,
        emissionsKg: emissions(kwh(energyKwh), gPerKwh(meanG)),
        cost: meanPrice === null ? null : energyCost(kwh(energyKwh), perMwh(meanPrice)),
        savedKg: null,
        savedRatio: null,
        savedCost: null,
        depthGPerKwh: 0,
        confidence: null,
        reason: '',
      };
    };
    const all = found.flatMap((at) =>
      windowsOf(at.carbon, first, deadline, seconds, world.method.slotMinutes).map((w) =>
        windowOf(at, w.start, w.mean),
      ),
    );
    for (const { region, knownUntil: until } of found)
      if (!all.some((w) => w.region === region)) {
        const why = whyUnknown(region, until, { end: deadline }, world.clock.now());
        unseen.push({ region, why: `${region} has no data throughout any window: ${why}` });
      }
    const now = all.find((w) => w.region === regions[0] && w.start === first) ?? null;
    const compared = all.map((w) => against(w, now, found));
    const isKept = (w: GreenWindow) => isSame(w, now) || !isDoubtful(w.confidence);
    const rankable = compared.filter((w) => (input.rankBy === 'carbon' ? isKept(w) : w.cost !== null));
    const ranking = ranked(rankable, (w) => (input.rankBy === 'carbon' ? w.meanGPerKwh : (w.cost ?? 0)));
    return {
      energyKwh,
      currency: found[0]?.currency ?? world.setting.currency,
      now: now === null ? null : against(now, now, found),
      windows: apart(ranking, input.limit),
      considered: all.length,
      doubtful: input.rankBy === 'carbon' ? compared.length - rankable.length : 0,
      stress: await stressOf(world, found, { start: first, end: deadline }),
      notes: [...new Set(found.flatMap((at) => at.notes))],
      unseen,
      sources: found.map(({ region, source, generatedAt }) => ({ region, source, generatedAt })),
    };
  },
  tell: (o) => {
    const [best] = o.windows;
    if (!best) return `No window has data throughout${o.unseen.length > 0 ? `: ${o.unseen[0]?.why}` : ''}.`;
    const saved =
      best.savedKg === null || best.savedRatio === null
        ? ''
        : isNothing(best.savedKg)
          ? ', as at once'
          : `, ${massText(Math.abs(best.savedKg))} CO2e (${percentText(Math.abs(best.savedRatio))}) ${best.savedKg < 0 ? 'more' : 'less'} than at once for ${energyText(o.energyKwh)}`;
    const notes = o.notes.map((note) => ` ${note}`).join('');
    if (isSame(best, o.now) && o.doubtful > 0)
      return `Start at once: ${best.region} from ${best.start}, ${figure(best.meanGPerKwh)} g/kWh. ${o.doubtful} of ${o.considered} windows are not really cleaner by the forecast’s bounds, and none is that is.${notes}`;
    return `Best: ${best.region} from ${best.start} to ${best.end}, ${figure(best.meanGPerKwh)} g/kWh${saved}.${notes}`;
  },
});

const isSame = (w: GreenWindow, other: GreenWindow | null): boolean =>
  other !== null && w.region === other.region && w.start === other.start;

/** Where the signals stand high; demand only where a live source tells it. A source that is silent has no stress to tell. */
const stressOf = async (world: World, found: readonly Signals[], interval: Interval): Promise<Stress[]> => {
  const all: Stress[] = [];
  for (const { region, carbon, price, low, high, currency } of found) {
    all.push(...stressIn({ series: carbon, low, high }, { region, quantity: 'carbon', unit: 'g/kWh' }));
    all.push(...stressIn({ series: price }, { region, quantity: 'price', unit: `${currency}/MWh` }));
    const demand = await quietly(() => world.grid.live?.quantity('demand', region, interval));
    if (demand) all.push(...stressIn({ series: demand.series }, { region, quantity: 'demand', unit: 'MW' }));
  }
  return all.sort((a, b) => b.heightRatio - a.heightRatio);
};

const quietly = async <T>(ask: () => Promise<T> | undefined): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
};

interface Signals {
  readonly region: string;
  readonly carbon: Series;
  readonly price: Series;
  readonly currency: string;
  readonly source: string;
  readonly generatedAt: Instant;
  readonly knownUntil: Instant | null;
  readonly low: Bounded['low'];
  readonly high: Bounded['high'];
  readonly notes: readonly string[];
}

/** A region that has no signal or is down is named; kinds or currencies that differ are a fault. */
const signalsOf = async (world: World, regions: readonly string[], interval: { start: Instant; end: Instant }) => {
  const found: Signals[] = [];
  const unseen: { region: string; why: string }[] = [];
  let kind: string | undefined;
  // All at once: who waits for silent sources waits once, however many regions there are.
  const asked = regions.map((region) => {
    const answer = carbonAndPrice(world.grid, region, interval, 'forecast');
    answer.catch(() => {});
    return { region, answer };
  });
  for (const { region, answer } of asked) {
    try {
      const { carbon, price } = await answer;
      if (carbon.series.values.every((value) => value === null)) {
        const why = whyUnknown(region, knownUntil(carbon), interval, world.clock.now());
        unseen.push({ region, why: `${region} has no data between ${interval.start} and ${interval.end}: ${why}` });
        continue;
      }
      const said = `${carbon.kind.accounting} ${carbon.kind.scope}`;
      kind ??= said;
      if (kind !== said)
        throw invalid(
          `${region}'s signal is ${said}, the others' is ${kind}: two kinds cannot be ranked against each other`,
          'Ask for regions whose signals are of one kind.',
        );
      if (found[0] && found[0].currency !== price.currency)
        throw invalid(
          `prices of ${region} are in ${price.currency}, others in ${found[0].currency}`,
          'Ask for regions of one currency.',
        );
      found.push({
        region,
        carbon: carbon.series,
        price: price.series,
        currency: price.currency,
        source: carbon.source,
        generatedAt: carbon.issuedAt,
        knownUntil: knownUntil(carbon),
        low: carbon.low,
        high: carbon.high,
        notes: [...(carbon.notes ?? []), ...(price.notes ?? [])],
      });
    } catch (error) {
      if (!(error instanceof Fault) || (error.code !== 'not-found' && error.code !== 'unavailable')) throw error;
      // One region asked for by name and unknown is a mistake, not a gap.
      if (regions.length === 1) throw error;
      unseen.push({ region, why: error.message });
    }
  }
  return { found, unseen };
};

const against = (w: GreenWindow, now: GreenWindow | null, found: readonly Signals[]): GreenWindow => {
  const meanOf = (one: GreenWindow) => {
    const signals = found.find(({ region }) => region === one.region)!;
    return windowMean({ series: signals.carbon, low: signals.low, high: signals.high }, one)!;
  };
  const { depth, confidence, reason } = comparison(
    meanOf(w),
    now === null ? null : meanOf(now),
    'starting at once',
    'g/kWh',
  );
  const compared = { ...w, depthGPerKwh: depth, confidence: isSame(w, now) ? null : confidence, reason };
  if (now === null) return compared;
  return {
    ...compared,
    savedKg: kg(now.emissionsKg - w.emissionsKg),
    savedRatio: now.emissionsKg === 0 ? null : 1 - w.emissionsKg / now.emissionsKg,
    savedCost: now.cost === null || w.cost === null ? null : money(now.cost - w.cost),
  };
};
