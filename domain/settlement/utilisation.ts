/**
 * Flexibility that is paid by what was delivered: pay-as-bid, as NESO's Demand Flexibility Service, and by a curve of delivered against
 * instructed, as distribution networks' contracts have it. Each contract brings its own curve and says whether half-hours are paid
 * one by one or over the whole event: that alone is worth some percent, so there is no default for either.
 */
import { exact, exactSum } from '../decimal.js';

export interface BidPaid {
  readonly deliveredMwh: number;
  /** never more than was bid, never less than nothing */
  readonly paidMwh: number;
  readonly payment: number;
  /** delivered against bid; 0 for a delivery below nothing */
  readonly deliveredRatio: number;
}

/** Pay-as-bid: energies in MWh, price in money per MWh. */
export const payAsBid = (of: {
  readonly bidMwh: number;
  readonly price: number;
  readonly baselineMwh: number;
  readonly meteredMwh: number;
}): BidPaid => {
  const deliveredMwh = of.baselineMwh - of.meteredMwh;
  const paidMwh = Math.min(Math.max(deliveredMwh, 0), of.bidMwh);
  return {
    deliveredMwh: exact(deliveredMwh),
    paidMwh: exact(paidMwh),
    payment: exact(paidMwh * of.price),
    deliveredRatio: exact(Math.max(deliveredMwh, 0) / of.bidMwh),
  };
};

/**
 * What share of its energy is paid by the share that was delivered: points in ascending order of `delivered`, straight lines between
 * them; beneath the first nothing is paid, beyond the last as at the last.
 */
export type PaymentCurve = readonly { readonly delivered: number; readonly paid: number }[];

/** The share that is paid of what was delivered. */
export const paidShare = (curve: PaymentCurve, delivered: number): number => {
  const at = curve.findIndex((point) => point.delivered > delivered);
  if (at === 0 || curve.length === 0) return 0;
  if (at === -1) return curve.at(-1)!.paid;
  const [low, high] = [curve[at - 1]!, curve[at]!];
  return low.paid + ((delivered - low.delivered) / (high.delivered - low.delivered)) * (high.paid - low.paid);
};

export interface Utilisation {
  /** kWh delivered in each half-hour of the event; below nothing counts as it is in the average and as nothing by itself */
  readonly deliveredKwh: readonly number[];
  /** kWh instructed for each half-hour */
  readonly instructedKwh: number;
  /** money per kWh */
  readonly price: number;
  readonly curve: PaymentCurve;
  readonly averaging: 'half-hour' | 'event';
}

/** Money for the energy of one event; never more than for what was instructed. */
export const payUtilisation = ({ deliveredKwh, instructedKwh, price, curve, averaging }: Utilisation): number => {
  const paidFor = (delivered: number, instructed: number) => {
    const counted = Math.min(Math.max(delivered, 0), instructed);
    return counted * paidShare(curve, counted / instructed) * price;
  };
  if (averaging === 'half-hour') return exactSum(deliveredKwh.map((delivered) => paidFor(delivered, instructedKwh)));
  const delivered = deliveredKwh.reduce((sum, kwh) => sum + kwh, 0);
  return exact(paidFor(delivered, instructedKwh * deliveredKwh.length));
};

/** Money for standing ready: MW × hours × money per MW and hour. */
export const payAvailability = (mw: number, hours: number, pricePerMwHour: number): number =>
  exact(mw * hours * pricePerMwHour);

/**
 * What several meters of one site delivered: their sum, so that what one gave and another took cancels. `clipped` is the sum of what
 * each gave by itself, as DEG's rule counts it: beside it, because it pays for load that only changed meters.
 */
export const netDelivered = (
  meters: readonly { readonly baselineKwh: number; readonly meteredKwh: number }[],
): { readonly net: number; readonly clipped: number } => ({
  net: exactSum(meters.map(({ baselineKwh, meteredKwh }) => baselineKwh - meteredKwh)),
  clipped: exactSum(meters.map(({ baselineKwh, meteredKwh }) => Math.max(0, baselineKwh - meteredKwh))),
});
