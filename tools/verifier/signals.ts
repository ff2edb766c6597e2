/** What really happened on the grid, by region, over everything that ran or would have run. */
import { decimal } from '../../domain/decimal.js';
import type { EvidencePlace } from '../../domain/evidence/record.js';
import { Fault } from '../../domain/fault.js';
import type { Series } from '../../domain/series.js';
import type { CarbonSignal, PriceSignal } from '../../domain/signal.js';
import { needsPrices, type Site } from '../../domain/site.js';
import { demandCostOf, pricesOf } from '../../domain/tariff.js';
import { fromEpoch, type Instant, type Interval, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';

interface Piece {
  readonly region: string;
  readonly start: Instant;
  readonly end: Instant;
}

const HOUR = 3600;

/**
 * Rows in order of region. The span reaches from the first start to the last end, and as much further as the longest run
 * takes, since a job that ran longer would have run longer at its original time too.
 */
export const actualPlaces = async (
  world: World,
  groups: readonly (readonly Piece[])[],
  signal: AbortSignal,
): Promise<{ places: EvidencePlace[]; currency: string | null }> => {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let longest = 0;
  const regions = new Set<string>();
  for (const group of groups)
    for (const piece of group) {
      const [a, b] = [toEpoch(piece.start), toEpoch(piece.end)];
      from = Math.min(from, a);
      to = Math.max(to, b);
      longest = Math.max(longest, b - a);
      regions.add(piece.region);
    }
  if (regions.size === 0) return { places: [], currency: null };
  const interval = {
    start: fromEpoch(Math.floor(from / HOUR) * HOUR),
    end: fromEpoch(Math.ceil((to + longest) / HOUR) * HOUR),
  };
  const sites = new Map((await world.fleet.sites()).map((site) => [site.region, site]));
  const places: EvidencePlace[] = [];
  for (const region of [...regions].sort()) {
    signal.throwIfAborted();
    const site = sites.get(region);
    if (site) places.push(await placeOf(world, site, interval));
  }
  return { places, currency: sites.get(places[0]?.region ?? '')?.currency ?? null };
};

const placeOf = async (world: World, site: Site, interval: Interval): Promise<EvidencePlace> => {
  const carbon = await known(() => world.grid.carbon(site.region, interval, 'actual'));
  const needsPrice = needsPrices(site);
  const price = needsPrice ? await known(() => world.grid.price(site.region, interval, 'actual')) : null;
  const owed = pricesOf(site, price, interval, world.method.slotMinutes);
  return {
    region: site.region,
    pue: decimal(site.pue),
    payer: site.payer,
    instancePricesPerHour: Object.fromEntries(
      Object.entries(site.instancePricesPerHour).map(([type, perHour]) => [type, decimal(perHour)]),
    ),
    egressPerGb: decimal(site.egressPerGb),
    demandChargePerKw: decimal(demandCostOf(site, 1)),
    carbon: carbon && { ...curveOf(carbon, carbon.series), kind: carbon.kind },
    price: owed.values.every((v) => v === null)
      ? null
      : price
        ? curveOf(price, owed)
        : curveOf({ source: `tariff of site ${site.id}`, status: 'actual', issuedAt: world.clock.now() }, owed),
  };
};

/** A forecast in the place of an actual value is no value; a region without a signal has none. */
const known = async <S extends CarbonSignal | PriceSignal>(ask: () => Promise<S>): Promise<S | null> => {
  try {
    const answer = await ask();
    return answer.status === 'forecast' ? null : answer;
  } catch (error) {
    if (error instanceof Fault && error.code === 'not-found') return null;
    throw error;
  }
};

const curveOf = (of: Pick<CarbonSignal, 'source' | 'status' | 'issuedAt'>, series: Series) => ({
  source: of.source,
  status: of.status,
  issuedAt: of.issuedAt,
  start: series.start,
  stepMinutes: series.stepMinutes,
  values: series.values.map((value) => (value === null ? null : decimal(value))),
});
