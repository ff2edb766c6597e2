/** The tool that lists flexibility events: who asked for what, how it stands, and when each step of the answer was taken. */
import { z } from 'zod';
import { EVENTS, EventStatus, FlexibilityEvent, statusAt } from '../domain/flexibility/event.js';
import { Listing, listing, Next } from '../domain/listing.js';
import { defineTool } from '../tools/tool.js';

export const listEvents = defineTool({
  name: 'list_events',
  title: 'List flexibility events',
  description:
    'Events of networks, markets and people that ask for less power, newest first: what was asked, whether it was confirmed or declined and why, what was promised, and the six moments of the answer.',
  toolset: 'status',
  effect: 'reads',
  input: z.strictObject({ ...Listing, status: EventStatus.optional().describe('events that stand so only') }),
  output: z.strictObject({ events: z.array(FlexibilityEvent), next: Next }),
  run: async ({ status, ...page }, { store, clock }) => {
    const now = clock.now();
    const { found, next } = await listing(
      store,
      EVENTS,
      page,
      (event) => status === undefined || statusAt(event, now) === status,
    );
    return { events: found.map((event) => ({ ...event, status: statusAt(event, now) })), next };
  },
  tell: ({ events }) =>
    events.length === 0
      ? 'No event was received.'
      : events
          .map(
            ({ id, asked, status, reason }) =>
              `${id} of ${asked.source}: ${status}${reason === null ? '' : `, ${reason}`}`,
          )
          .join('\n'),
});
