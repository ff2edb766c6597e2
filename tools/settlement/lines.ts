/** The money of an event, line by line. */
import { exact, exactSum } from '../../domain/decimal.js';
import { invalid } from '../../domain/fault.js';
import { payAsBid, payAvailability, payUtilisation } from '../../domain/settlement/utilisation.js';
import { settleTrade } from '../../domain/settlement/wholesale.js';
import { eachHalfHour, type PerHalfHour, type Terms } from './terms.js';

export interface Line {
  readonly product: string;
  readonly volumeMwh: number;
  /** money per MWh on the average of the line; null: it has no energy */
  readonly price: number | null;
  readonly amount: number;
}

export interface Paid {
  readonly lines: readonly Line[];
  /** what else the rules do, and that is no money of the site's */
  readonly beside: readonly string[];
}

/** `deliveredKwh` has one value for each half-hour of the event. Fault `invalid-input` for a list of another length. */
export const paidFor = (terms: Terms, deliveredKwh: readonly number[], currency: string): Paid => {
  const each = (name: string, given: PerHalfHour) => {
    const found = eachHalfHour(given, deliveredKwh.length);
    if (found === undefined)
      throw invalid(
        `${name} has ${(given as readonly number[]).length} values and the event ${deliveredKwh.length} half-hours`,
        'Give one value, or one for each half-hour.',
      );
    return found;
  };
  switch (terms.as) {
    case 'wholesale': {
      const contracted = each('contractedMwh', terms.contractedMwh);
      const tradePrice = each('tradePrice', terms.tradePrice);
      const systemPrice = each('systemPrice', terms.systemPrice);
      const settled = deliveredKwh.map((kwh, i) =>
        settleTrade({
          contractedMwh: contracted[i]!,
          tradePrice: tradePrice[i]!,
          deliveredMwh: kwh / 1000,
          systemPrice: systemPrice[i]!,
          compensationPrice: terms.compensationPrice,
        }),
      );
      const [sold, delivered] = [exactSum(contracted), exactSum(deliveredKwh) / 1000];
      return {
        lines: [
          line('trade', sold, exactSum(settled.map((s) => s.trade))),
          line('imbalance', delivered - sold, exactSum(settled.map((s) => s.imbalance))),
        ],
        beside: [
          `The host supplier is paid ${amountText(exactSum(settled.map((s) => s.supplierCompensation)), currency)} from a pot that all suppliers fund, none of it by the site.`,
          `Paid by the seller itself, as a rejected alternative had it, the event would come to ${amountText(exactSum(settled.map((s) => s.netIfBilateral)), currency)}.`,
        ],
      };
    }
    case 'bid': {
      const bids = each('bidMwh', terms.bidMwh);
      const paid = deliveredKwh.map((kwh, i) =>
        payAsBid({ bidMwh: bids[i]!, price: terms.price, baselineMwh: kwh / 1000, meteredMwh: 0 }),
      );
      return {
        lines: [line('utilisation', exactSum(paid.map((p) => p.paidMwh)), exactSum(paid.map((p) => p.payment)))],
        beside: [],
      };
    }
    case 'utilisation': {
      const { instructedKw, curve, averaging, availability } = terms;
      const asked = { deliveredKwh, instructedKwh: instructedKw / 2, price: terms.price / 1000, curve, averaging };
      const lines = [line('utilisation', exactSum(deliveredKwh) / 1000, payUtilisation(asked))];
      if (availability)
        lines.push({
          ...{ product: 'availability', volumeMwh: 0, price: null },
          amount: payAvailability(availability.mw, availability.hours, availability.price),
        });
      return { lines, beside: [] };
    }
  }
};

const line = (product: string, volumeMwh: number, amount: number): Line => ({
  product,
  volumeMwh: exact(volumeMwh),
  price: Math.abs(volumeMwh) < 1e-9 ? null : exact(amount / volumeMwh),
  amount,
});

/** To the penny, as a statement has it; what rounds to nothing has no sign. */
export const amountText = (amount: number, currency: string): string =>
  `${amount.toFixed(2).replace(/^-(0\.00)$/, '$1')} ${currency}`;
