/** One look at everything that events wait for: answers, a person’s word, orders of the market, and plans that reach further. */
import { Fault } from '../domain/fault.js';
import type { FlexibilityEvent } from '../domain/flexibility/event.js';
import type { Desk } from './event-books.js';
import { prolongOpen } from './event-prolong.js';
import { takeSold } from './event-sales.js';
import { openEvents, respond } from './respond.js';

export interface Tended {
  /** those that stand otherwise than before */
  readonly events: readonly FlexibilityEvent[];
  /** what did not work, in words; it is tried again at the next look */
  readonly trouble: readonly string[];
}

/** One that cannot be answered keeps none of the others waiting. */
export const tendEvents = async (desk: Desk): Promise<Tended> => {
  const events: FlexibilityEvent[] = [];
  const trouble: string[] = [];
  const tried = async (what: string, work: () => Promise<readonly FlexibilityEvent[]>) => {
    try {
      events.push(...(await work()));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      trouble.push(`${what}: ${error.message}`);
    }
  };
  for (const event of await openEvents(desk.world))
    await tried(`event ${event.id}`, async () => {
      const after = await respond(desk, event.asked);
      return after.status === event.status && after.reason === event.reason ? [] : [after];
    });
  await tried('orders of the market', () => takeSold(desk));
  await tried('open ends', () => prolongOpen(desk));
  return { events, trouble };
};
