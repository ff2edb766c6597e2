/** A sale in words, and the one that a plan was made for. */
import { moneyText, powerText } from './figures.js';
import { SALE_PLANS, SOLD_ORDERS, type SoldOrder } from './market.js';
import type { Tx } from './store.js';
import { moment, oneLine } from './text.js';

/** null: the plan was made for no sale. */
export const saleBehind = async (books: Pick<Tx, 'collection'>, planId: string): Promise<SoldOrder | null> => {
  const sale = (await books.collection(SALE_PLANS).get(planId))?.value;
  return sale === undefined ? null : ((await books.collection(SOLD_ORDERS).get(sale.orderId))?.value ?? null);
};

/** `order ORD-1: 50.0 kW less from 2022-05-25 17:00 to 17:30 UTC, sold to grid.example for £3.20`; the same as long as the order stands. */
export const saleText = ({ id, bapId, powerKw, order }: SoldOrder): string => {
  const { start, end } = order.item!.window;
  const until = start.slice(0, 10) === end.slice(0, 10) ? end.slice(11, 16) : moment(end);
  const price = order.quote === null ? '' : ` for ${moneyText(Number(order.quote.total), order.quote.currency)}`;
  return `order ${id}: ${powerText(powerKw)} less from ${moment(start)} to ${until} UTC, sold to ${oneLine(bapId, 80)}${price}`;
};
