/**
 * Wholesale settlement of flexibility in GB: a virtual trading party sells a reduction ahead and is settled for what it delivered (BSC
 * modification P415, live from 7 November 2024). Volumes are MWh with a reduction positive, prices £/MWh, money £.
 * One system price: what was delivered beyond the trade is sold at it, what is missing is bought at it.
 */
import { exact } from '../decimal.js';

export interface Trade {
  readonly contractedMwh: number;
  readonly tradePrice: number;
  /** baseline less metered */
  readonly deliveredMwh: number;
  readonly systemPrice: number;
  /** the Supplier Compensation Reference Price of the quarter */
  readonly compensationPrice: number;
}

export interface TradeSettled {
  readonly trade: number;
  /** of the deviation from the trade, at the system price; negative is paid */
  readonly imbalance: number;
  /** what the trading party keeps under the rules in force: compensation is mutualised */
  readonly net: number;
  /** what the host supplier is paid from the pot; of an increase the sign has no source yet */
  readonly supplierCompensation: number;
  /** as if the trading party paid the supplier itself: P415's alternative, which Ofgem did not approve */
  readonly netIfBilateral: number;
}

export const settleTrade = (of: Trade): TradeSettled => {
  const trade = of.contractedMwh * of.tradePrice;
  const imbalance = (of.deliveredMwh - of.contractedMwh) * of.systemPrice;
  const supplierCompensation = of.deliveredMwh * of.compensationPrice;
  return {
    trade: exact(trade),
    imbalance: exact(imbalance),
    net: exact(trade + imbalance),
    supplierCompensation: exact(supplierCompensation),
    netIfBilateral: exact(trade + imbalance - supplierCompensation),
  };
};

export interface Compensated {
  readonly supplier: string;
  readonly deliveredMwh: number;
  readonly compensationPrice: number;
}

export interface Pot {
  readonly total: number;
  /** what each supplier receives for what its customers did not take */
  readonly received: ReadonlyMap<string, number>;
  /** what each supplier pays in, by its share of final demand */
  readonly charged: ReadonlyMap<string, number>;
}

/**
 * The pot as the rules have it. In the settlement files charged and received need not agree, so a check of real ones must not ask for
 * it; nor must a supplier's volume be a trading party's.
 */
export const mutualise = (rows: readonly Compensated[], finalDemandMwh: ReadonlyMap<string, number>): Pot => {
  const received = new Map<string, number>();
  for (const { supplier, deliveredMwh, compensationPrice } of rows)
    received.set(supplier, (received.get(supplier) ?? 0) + deliveredMwh * compensationPrice);
  const total = [...received.values()].reduce((sum, amount) => sum + amount, 0);
  const demand = [...finalDemandMwh.values()].reduce((sum, mwh) => sum + mwh, 0);
  const all = (amounts: Iterable<readonly [string, number]>) =>
    new Map([...amounts].map(([name, amount]) => [name, exact(amount)]));
  return {
    total: exact(total),
    received: all(received),
    charged: all([...finalDemandMwh].map(([name, mwh]) => [name, (total * mwh) / demand] as const)),
  };
};
