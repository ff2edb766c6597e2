/** Flexibility events, as OpenAPI has them. */
import { z } from 'zod';
import { EventAsked } from '../domain/flexibility/event.js';
import { get, type Json, json, object, problems, text } from './openapi-operations.js';

export const flexibilityPaths = (): Json => ({
  '/flexibility/events': {
    ...get(
      'Flexibility events, the newest first',
      'flexibility',
      [
        text('at most so many, 1 to 200, 50 when left out', 'limit', 'query', false, 'integer'),
        text('`next` of the page before', 'after', 'query'),
      ],
      object,
      [400],
    ),
    post: {
      summary: 'Ask for less power: planned for, judged, and confirmed or declined with the reason',
      tags: ['flexibility'],
      requestBody: { required: true, content: json(z.toJSONSchema(EventAsked, { io: 'input' }) as Json) },
      responses: {
        200: { description: 'the event, confirmed or declined', content: json(object) },
        202: { description: 'the event; a person is asked', content: json(object) },
        ...problems(400, 401, 403, 404, 409),
      },
    },
  },
  '/flexibility/events/{id}': get('One event', 'flexibility', [text('id of the event', 'id', 'path')], object, [404]),
  '/flexibility/events/{id}/cancel': {
    post: {
      summary: 'Take an event back',
      tags: ['flexibility'],
      parameters: [text('id of the event', 'id', 'path')],
      requestBody: { content: json({ type: 'object', properties: { why: { type: 'string' } } }) },
      responses: { 200: { description: 'the event', content: json(object) }, ...problems(401, 403, 404, 409) },
    },
  },
});
