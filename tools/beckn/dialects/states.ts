/** The states of an order on the wire. */
import type { OrderState } from '../../../domain/market.js';

export const statusOf = (state: OrderState): 'ACTIVE' | 'COMPLETE' | 'CANCELLED' =>
  state === 'COMPLETED' ? 'COMPLETE' : state === 'CANCELLED' || state === 'REJECTED' ? 'CANCELLED' : 'ACTIVE';

const STATES: Record<string, OrderState> = {
  ORDER_PLACED: 'ORDER_PLACED',
  SCHEDULED: 'SCHEDULED',
  IN_PROGRESS: 'IN_PROGRESS',
  COMPLETED: 'COMPLETED',
  CANCELLED: 'CANCELLED',
  REJECTED: 'REJECTED',
};

/** What a seller says of an order, by the detail where it gives one, else by the status. */
export const stateIn = (status: string | undefined, detail: string | undefined): OrderState => {
  const known = STATES[detail ?? ''];
  if (known !== undefined) return known;
  const said = (status ?? '').toUpperCase();
  if (said.startsWith('COMPLETE')) return 'COMPLETED';
  if (said === 'CANCELLED') return 'CANCELLED';
  if (said === 'REJECTED') return 'REJECTED';
  return said === '' ? 'QUOTED' : 'ORDER_PLACED';
};
