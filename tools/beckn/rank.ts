/** Offers of several sellers by what a MWh costs with its carbon priced: the one figure that price and carbon have in common. */
import type { MarketItem, Need } from '../../domain/market.js';
import { secondsBetween } from '../../domain/time.js';
import type { Currency } from '../../domain/units.js';
import type { Bought } from './bought.js';
import { isNear } from './catalog.js';

export interface Ranked {
  readonly rank: number;
  readonly bppId: string;
  readonly provider: string;
  readonly item: MarketItem;
  readonly pricePerMwh: number;
  /** kg CO2e that a MWh of it causes; below 0 where it avoids them; null where its seller does not say. */
  readonly kgPerMwh: number | null;
  /** price + carbon price × kg / 1000, money per MWh; null where the carbon is not known, or the price is in another money than ours */
  readonly scorePerMwh: number | null;
}

/** What a tonne of CO2e costs, in our money. */
export interface CarbonPrice {
  readonly carbonPricePerTonne: number;
  readonly currency: Currency;
}

/** A slot to compute in causes its intensity; a reduction avoids what its seller says. */
const kgOf = ({ kind, intensityGPerKwh, avoidedKg, energyMwh }: MarketItem): number | null =>
  kind === 'COMPUTE_SLOT' || kind === 'DEMAND_TURN_UP'
    ? intensityGPerKwh
    : avoidedKg === null || Number(energyMwh) === 0
      ? null
      : -avoidedKg / Number(energyMwh);

/** A seller may answer with more than was asked for. */
const meets = ({ kind, window, powerKw, place }: MarketItem, need: Need): boolean =>
  isNear(place, need) &&
  (need.kind === null || kind === need.kind) &&
  (need.window === null || (window.start >= need.window.start && window.end <= need.window.end)) &&
  powerKw >= (need.powerKw ?? 0) &&
  secondsBetween(window.start, window.end) >= (need.durationMinutes ?? 0) * 60;

/** What is not known is no zero: carbon that nobody tells counts only where carbon has no price. */
const scoreOf = (item: MarketItem, kgPerMwh: number | null, { carbonPricePerTonne, currency }: CarbonPrice) => {
  if (item.currency !== currency) return null;
  const carbon = carbonPricePerTonne === 0 ? 0 : kgPerMwh === null ? null : (kgPerMwh * carbonPricePerTonne) / 1000;
  return carbon === null ? null : Number(item.pricePerMwh) + carbon;
};

/** Offers with a score by it, the others after them: those in our money first, by price. */
const before = (a: Omit<Ranked, 'rank'>, b: Omit<Ranked, 'rank'>, currency: Currency): number => {
  if (a.scorePerMwh !== null && b.scorePerMwh !== null && a.scorePerMwh !== b.scorePerMwh)
    return a.scorePerMwh - b.scorePerMwh;
  if ((a.scorePerMwh === null) !== (b.scorePerMwh === null)) return a.scorePerMwh === null ? 1 : -1;
  const [ours, theirs] = [a.item.currency, b.item.currency];
  if (ours !== theirs) return ours === currency ? -1 : theirs === currency ? 1 : ours < theirs ? -1 : 1;
  if (a.pricePerMwh !== b.pricePerMwh) return a.pricePerMwh - b.pricePerMwh;
  const [early, late] = [a.item.window.start, b.item.window.start];
  return early !== late ? (early < late ? -1 : 1) : a.item.id < b.item.id ? -1 : 1;
};

/** Of what was offered, that which meets the need. */
export const rank = ({ offers, need }: Pick<Bought, 'offers' | 'need'>, carbon: CarbonPrice): Ranked[] =>
  offers
    .filter(({ item }) => need === null || meets(item, need))
    .map(({ bppId, providerName, item }) => {
      const kgPerMwh = kgOf(item);
      const pricePerMwh = Number(item.pricePerMwh);
      return {
        bppId,
        provider: providerName,
        item,
        pricePerMwh,
        kgPerMwh,
        scorePerMwh: scoreOf(item, kgPerMwh, carbon),
      };
    })
    .sort((a, b) => before(a, b, carbon.currency))
    .map((offer, i) => ({ rank: i + 1, ...offer }));
