/** What an item must say to be bought, in whatever dialect it is told. */
import { MarketItem } from '../../../domain/market.js';
import { type Interval, secondsBetween } from '../../../domain/time.js';
import { parseClosed, say } from './spelling.js';

/** What was told of an item; null or undefined: nothing was. */
export type ToldItem = { readonly [K in keyof MarketItem]: MarketItem[K] | null | undefined };

const hoursOf = ({ start, end }: Interval) => secondsBetween(start, end) / 3600;

/**
 * Of power and energy the one follows from the other. An item that does not say which it is, when, how much or at what price, or
 * has nothing left, cannot be bought: null. Throws Refusal, with a pointer, for what is told and cannot be.
 */
export const itemIn = (told: ToldItem, at: string): MarketItem | null => {
  const { id, window, pricePerMwh, currency } = told;
  if (!id || !window || !pricePerMwh || !currency) return null;
  const hours = hoursOf(window);
  const powerKw = told.powerKw ?? (told.energyMwh ? (Number(told.energyMwh) * 1000) / hours : null);
  if (powerKw === null || powerKw === 0) return null;
  const energyMwh = told.energyMwh ?? say((powerKw * hours) / 1000, 6);
  return parseClosed(MarketItem, { ...told, powerKw, energyMwh }, at);
};
