/** Offers of several sellers by what a MWh costs with its carbon priced: the one figure that price and carbon have in common. */
import type { MarketItem, Need } from '../../domain/market.js';
import { secondsBetween } from '../../domain/time.js';
import type { Bought } from './bought.js';

export interface Ranked {
  readonly rank: number;
  readonly bppId: string;
  readonly provider: string;
  readonly item: MarketItem;
  readonly pricePerMwh: number;
  /** kg CO2e that a MWh of it causes; below 0 where it avoids them; null where its seller does not say. */
  readonly kgPerMwh: number | null;
  /** price + carbon price × kg / 1000, money per MWh */
  readonly scorePerMwh: number;
}

/** A slot to compute in causes its intensity; a reduction avoids what its seller says. */
const kgOf = ({ kind, intensityGPerKwh, avoidedKg, energyMwh }: MarketItem): number | null =>
  kind === 'COMPUTE_SLOT' || kind === 'DEMAND_TURN_UP'
    ? intensityGPerKwh
    : avoidedKg === null || Number(energyMwh) === 0
      ? null
      : -avoidedKg / Number(energyMwh);

/** A seller may answer with more than was asked for. */
const meets = ({ kind, window, powerKw }: MarketItem, need: Need): boolean =>
  (need.kind === null || kind === need.kind) &&
  (need.window === null || (window.start >= need.window.start && window.end <= need.window.end)) &&
  powerKw >= (need.powerKw ?? 0) &&
  secondsBetween(window.start, window.end) >= (need.durationMinutes ?? 0) * 60;

/** Of what was offered, that which meets the need. */
export const rank = ({ offers, need }: Pick<Bought, 'offers' | 'need'>, carbonPricePerTonne: number): Ranked[] =>
  offers
    .filter(({ item }) => need === null || meets(item, need))
    .map(({ bppId, providerName, item }) => {
      const pricePerMwh = Number(item.pricePerMwh);
      const kgPerMwh = kgOf(item);
      return {
        bppId,
        provider: providerName,
        item,
        pricePerMwh,
        kgPerMwh,
        scorePerMwh: pricePerMwh + ((kgPerMwh ?? 0) * carbonPricePerTonne) / 1000,
      };
    })
    .sort(
      (a, b) =>
        a.scorePerMwh - b.scorePerMwh ||
        (a.item.window.start < b.item.window.start ? -1 : 1) ||
        (a.item.id < b.item.id ? -1 : 1),
    )
    .map((offer, i) => ({ rank: i + 1, ...offer }));
