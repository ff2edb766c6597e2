/** Answers about what was sold to grid operators: the orders of a stretch of time, as the books have them. */
import { plusSeconds } from '../../domain/time.js';
import { type Desk, sales as salesOf } from '../desk.js';
import { Draft } from '../facts.js';
import { type Lookup, type Slots, stretchOf } from '../lookup.js';
import { periodOf } from '../question/period.js';

const MOST_LISTED = 12;
const SOURCE = 'sold orders';

/** A moment is in the windows that hold it. */
const boundsOf = (slots: Slots, desk: Desk) => {
  const named = stretchOf(slots);
  if (named !== undefined) return named.from === named.to ? { from: named.from, to: plusSeconds(named.to, 1) } : named;
  return slots.period === undefined ? {} : periodOf(slots.period, desk.now);
};

const sales = async (slots: Slots, desk: Desk): Promise<Draft> => {
  const bounds: { from?: typeof desk.now | undefined; to?: typeof desk.now | undefined } = boundsOf(slots, desk);
  const found = await salesOf(desk, bounds);
  const draft = new Draft().cite(SOURCE);
  const edge = (word: string, at: typeof desk.now | undefined) =>
    at === undefined ? '' : ` ${word} ${draft.time(at, { label: word, source: 'your question' })}`;
  const when = `${edge('from', bounds.from)}${edge('to', bounds.to)}`;
  if (found.length === 0)
    return draft.say(
      `Nothing is sold${when === '' ? '' : ` for the time${when}`}: the books hold no order that stands or was delivered.`,
    );
  const of = { source: SOURCE };
  const energy = draft.energy(
    found.reduce((sum, { energyKwh }) => sum + energyKwh, 0),
    { ...of, label: 'energy sold', key: true },
  );
  const [{ currency }] = found as [(typeof found)[number]];
  const priced = found.every((sale) => sale.total !== null && sale.currency === currency);
  const total = priced
    ? ` for ${draft.money(
        found.reduce((sum, sale) => sum + sale.total!, 0),
        currency,
        { ...of, label: 'price of what was sold' },
      )}`
    : '';
  const orders = draft.count(found.length, 'order', { ...of, label: 'orders', key: true });
  draft.say(`Sold${when}: ${orders}, ${energy} less in all${total}.`);
  draft.table(
    ['order', 'buyer', 'from (UTC)', 'to (UTC)', 'sold', 'for', 'delivered', ''],
    found.slice(0, MOST_LISTED).map((sale) => {
      const fact = { source: `order ${sale.id}`, about: [sale.id] };
      return [
        draft.name(sale.id, { ...fact, label: 'order' }),
        draft.name(sale.buyer, { ...fact, label: 'its buyer' }),
        draft.time(sale.start, { ...fact, label: 'its window begins' }, 'short'),
        draft.time(sale.end, { ...fact, label: 'its window ends' }, 'short'),
        draft.power(sale.powerKw, { ...fact, label: 'power sold' }),
        sale.total === null ? 'not known' : draft.money(sale.total, sale.currency, { ...fact, label: 'its price' }),
        sale.deliveredKw === null
          ? 'not known'
          : draft.power(Math.max(0, sale.deliveredKw), { ...fact, label: 'delivered in its worst interval' }),
        STATES[sale.state] ?? sale.state,
      ];
    }),
  );
  if (found.length > MOST_LISTED)
    draft.lines(
      `and ${draft.count(found.length - MOST_LISTED, 'older order', { ...of, label: 'orders not shown' })}: caco tool list_sales`,
    );
  return draft;
};

const STATES: Readonly<Record<string, string>> = {
  ORDER_PLACED: 'waits for its window',
  SCHEDULED: 'waits for its window',
  IN_PROGRESS: 'runs now',
  COMPLETED: 'over',
};

export const saleLookups: readonly Lookup[] = [
  {
    name: 'sales',
    description: 'Flexibility that was sold to grid operators: orders, buyers, kW, prices and what was delivered',
    uses: ['period', 'from', 'to'],
    answer: sales,
  },
];
