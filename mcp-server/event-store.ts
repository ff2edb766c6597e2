/** Messages of one session's streams, kept for clients that come back with Last-Event-ID. Bounded: the oldest go first. */
import type { EventId, EventStore, StreamId } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

const MAX_EVENTS = 1000;
const MAX_CHARS = 4_000_000;

export const boundedEventStore = (): EventStore => {
  const events = new Map<EventId, { streamId: StreamId; message: JSONRPCMessage; chars: number }>();
  let next = 1;
  let chars = 0;
  return {
    async storeEvent(streamId, message) {
      const id = String(next++);
      const size = JSON.stringify(message).length;
      events.set(id, { streamId, message, chars: size });
      chars += size;
      for (const [oldest, event] of events) {
        if ((events.size <= MAX_EVENTS && chars <= MAX_CHARS) || oldest === id) break;
        events.delete(oldest);
        chars -= event.chars;
      }
      return id;
    },
    getStreamIdForEventId: async (id) => events.get(id)?.streamId,
    async replayEventsAfter(lastId, { send }) {
      const last = events.get(lastId);
      if (!last) throw new Error(`event ${lastId} is not kept any more`);
      // A priming event is empty: it carries an id and no message.
      for (const [id, { streamId, message }] of events)
        if (Number(id) > Number(lastId) && streamId === last.streamId && Object.keys(message).length > 0)
          await send(id, message);
      return last.streamId;
    },
  };
};
