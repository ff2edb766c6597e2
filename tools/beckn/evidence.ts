/** What the ledger keeps of a sale: offer, order and metering, in decimal text, so that a stranger can compute the settlement again. */
import { decimal } from '../../domain/decimal.js';
import type { SoldOrder } from '../../domain/market.js';
import type { Tx } from '../../domain/store.js';
import type { World } from '../../domain/world.js';

export type SaleRecord =
  | 'market_order'
  | 'market_update'
  | 'market_cancellation'
  | 'market_refusal'
  | 'market_metering';

/** Answers the sequence number of the entry. */
export const noteSale = async (tx: Tx, world: World, kind: SaleRecord, sold: SoldOrder): Promise<number> => {
  const { order } = sold;
  const round = (kw: number) => decimal(Number(kw.toFixed(3)));
  const [entry] = await tx.entries.append([
    {
      kind,
      at: world.clock.now(),
      actor: `market:${sold.bapId}`,
      cause: sold.transactionId,
      subject: sold.id,
      data: {
        item: order.itemId,
        plan: sold.planId,
        deliveredBy: sold.deliveredBy,
        decision: sold.decisionId,
        region: sold.region,
        start: order.item!.window.start,
        end: order.item!.window.end,
        powerKw: round(sold.powerKw),
        pricePerMwh: order.item!.pricePerMwh,
        total: order.quote?.total ?? null,
        currency: order.item!.currency,
        state: order.state,
        note: order.note,
        caps: sold.capsKw.map(({ start, baselineKw, maxKw }) => ({
          start,
          baselineKw: round(baselineKw),
          maxKw: round(maxKw),
        })),
        metered: order.metered.map(({ start, minutes, baselineKw, actualKw }) => ({
          start,
          minutes: decimal(minutes),
          baselineKw: round(baselineKw),
          actualKw: actualKw === null ? null : round(actualKw),
        })),
      },
    },
  ]);
  return entry!.seq;
};
