/** When and where a piece of work would emit least, compared with starting it at once. */
import { z } from 'zod';
import { Fault, invalid } from '../../domain/fault.js';
import { emissions, energyCost } from '../../domain/physics.js';
import { integrate, type Series } from '../../domain/series.js';
import { knownUntil, whyUnknown } from '../../domain/signal.js';
import { ceilTo, Instant, plusHours, plusSeconds, secondsBetween, toEpoch } from '../../domain/time.js';
import { Currency, gPerKwh, Kg, kg, kwh, Money, money, perMwh } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
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
});
type GreenWindow = z.infer<typeof GreenWindow>;

export const findGreenWindow = defineTool({
  name: 'find_green_window',
  title: 'Find a green window',
  description:
    'Ranks the windows in which a piece of work of known length could run by mean carbon intensity or energy cost, over one or more regions, with the saving against starting at once. Windows with missing data are never offered.',
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
      .describe('where it may run, home first; every region with a signal when left out'),
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
    const regions = [...new Set(input.regions ?? (await world.grid.regions()))];
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
    const rankable = input.rankBy === 'carbon' ? all : all.filter((w) => w.cost !== null);
    const ranking = ranked(rankable, (w) => (input.rankBy === 'carbon' ? w.meanGPerKwh : (w.cost ?? 0)));
    return {
      energyKwh,
      currency: found[0]?.currency ?? world.setting.currency,
      now,
      windows: apart(ranking, input.limit).map((w) => against(w, now)),
      considered: all.length,
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
        : `, ${best.savedKg.toPrecision(3)} kg (${(best.savedRatio * 100).toFixed(1)} %) less than at once`;
    return `Best: ${best.region} from ${best.start} to ${best.end}, ${best.meanGPerKwh.toFixed(0)} g/kWh${saved}.`;
  },
});

interface Signals {
  readonly region: string;
  readonly carbon: Series;
  readonly price: Series;
  readonly currency: string;
  readonly source: string;
  readonly generatedAt: Instant;
  readonly knownUntil: Instant | null;
}

/** A region that has no signal or is down is named; kinds or currencies that differ are a fault. */
const signalsOf = async (world: World, regions: readonly string[], interval: { start: Instant; end: Instant }) => {
  const found: Signals[] = [];
  const unseen: { region: string; why: string }[] = [];
  let kind: string | undefined;
  for (const region of regions) {
    try {
      const carbon = await world.grid.carbon(region, interval, 'forecast');
      const price = await world.grid.price(region, interval, 'forecast');
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

const against = (w: GreenWindow, now: GreenWindow | null): GreenWindow =>
  now === null
    ? w
    : {
        ...w,
        savedKg: kg(now.emissionsKg - w.emissionsKg),
        savedRatio: now.emissionsKg === 0 ? null : 1 - w.emissionsKg / now.emissionsKg,
        savedCost: now.cost === null || w.cost === null ? null : money(now.cost - w.cost),
      };
