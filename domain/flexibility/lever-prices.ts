/** What is lost with a lever that takes power from running work; each is money of the site’s currency. */
import type { Tier } from './running.js';

export interface LeverPrices {
  /** an hour of one GPU’s work */
  readonly perGpuHour: Readonly<Record<Tier, number>>;
  readonly energyPerMwh: number;
  /** wear of a battery */
  readonly batteryPerMwh: number;
}

/** Work that promised to be flexible is worth less per hour than work that did not: that is what it was told it would be used for. */
export const LEVER_PRICES: LeverPrices = {
  perGpuHour: { flex1: 12, flex2: 2.4, flex3: 0.6 },
  energyPerMwh: 80,
  batteryPerMwh: 60,
};
