/** The states of an order on the wire. */
import type { OrderState } from '../../../domain/market.js';

export const statusOf = (state: OrderState): 'ACTIVE' | 'COMPLETE' | 'CANCELLED' =>
  state === 'COMPLETED' ? 'COMPLETE' : state === 'CANCELLED' || state === 'REJECTED' ? 'CANCELLED' : 'ACTIVE';

const STATES: ReadonlySet<string> = new Set<OrderState>([
  'ORDER_PLACED',
  'SCHEDULED',
  'IN_PROGRESS',
  'COMPLETED',
  'CANCELLED',
  'REJECTED',
]);

/** What a seller says of an order, by the detail where it gives one, else by the status. */
export const stateIn = (status: string | undefined, detail: string | undefined): OrderState => {
  if (detail !== undefined && STATES.has(detail)) return detail as OrderState;
  const said = (status ?? '').toUpperCase();
  if (said.startsWith('COMPLETE')) return 'COMPLETED';
  if (said === 'CANCELLED') return 'CANCELLED';
  if (said === 'REJECTED') return 'REJECTED';
  return said === '' ? 'QUOTED' : 'ORDER_PLACED';
};
