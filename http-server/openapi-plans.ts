/** The page's session, the load of a plan, sites and the ledger's keys, as OpenAPI has them. */
import { get, type Json, json, object, problems, text } from './openapi-operations.js';

export const planPaths = (): Json => ({
  '/session': {
    ...get('Who the caller is and what they may', 'session', [], object),
    post: {
      summary:
        'Open a session of the page: the token goes into a cookie that scripts cannot read; needs the header Caco-Page: 1',
      tags: ['session'],
      security: [],
      requestBody: {
        required: true,
        content: json({ type: 'object', required: ['token'], properties: { token: { type: 'string' } } }),
      },
      responses: { 204: { description: 'the session is open' }, ...problems(401, 403, 429) },
    },
    delete: {
      summary: 'End the session',
      tags: ['session'],
      security: [],
      responses: { 204: { description: 'the cookie is gone' } },
    },
  },
  '/plans/{id}/load': get(
    'Mean facility kW of each region and slot, without the plan and under it',
    'runs',
    [text('id of the plan', 'id', 'path')],
    object,
    [404],
  ),
  '/sites': get('The sites with their limits', 'runs', [], object),
  '/ledger/vkeys': {
    get: {
      summary: 'The verifier keys under which the ledger signs, one a line',
      tags: ['runs'],
      responses: {
        200: {
          description: 'keys as C2SP signed notes spell them',
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
        ...problems(401),
      },
    },
  },
});
