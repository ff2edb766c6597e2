/** Runs, approvals and events, as OpenAPI has them. */
import { get, type Json, json, object, problems, text } from './openapi-operations.js';

export const runPaths = (): Json => ({
  '/runs': {
    ...get(
      'Runs, the newest first',
      'runs',
      [
        text('at most so many, 1 to 200, 50 when left out', 'limit', 'query', false, 'integer'),
        text('`next` of the page before', 'after', 'query'),
      ],
      object,
      [400],
    ),
    post: {
      summary: 'Start a run; with Prefer: respond-async it is answered at once',
      tags: ['runs'],
      requestBody: {
        required: true,
        content: json({
          type: 'object',
          properties: {
            horizonHours: { type: 'number', exclusiveMinimum: 0, maximum: 840, default: 24 },
            approval: { type: 'string', enum: ['auto', 'ask'], default: 'auto' },
            from: { type: 'string', format: 'date-time', description: 'now when left out' },
            workloadId: { type: 'string' },
            region: { type: 'string' },
            clusterId: { type: 'string' },
            carbonPricePerTonne: { type: 'number', minimum: 0 },
            tardinessWeight: { type: 'number', minimum: 0 },
            maxPowerKw: { type: 'number', exclusiveMinimum: 0 },
            seed: { type: 'integer', minimum: 0 },
          },
        }),
      },
      responses: {
        200: { description: 'the run, done, refused or waiting', content: json(object) },
        202: { description: 'the run has begun; Location names it', content: json(object) },
        ...problems(400, 401, 403),
      },
    },
  },
  '/runs/{id}/resume': {
    post: {
      summary: 'Go on with a run that was interrupted',
      tags: ['runs'],
      parameters: [text('id of the run', 'id', 'path')],
      responses: { 200: { description: 'the run', content: json(object) }, ...problems(401, 403, 404, 409) },
    },
  },
  '/runs/{id}': get(
    'One run with its plan, decision and approval',
    'runs',
    [text('id of the run', 'id', 'path')],
    object,
    [404],
  ),
  '/runs/{id}/events': {
    get: {
      summary: 'A run as it goes, as server-sent events run, node, progress, status and changed, until it rests',
      tags: ['runs'],
      parameters: [text('id of the run', 'id', 'path')],
      responses: {
        200: { description: 'a stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        ...problems(401, 404),
      },
    },
  },
  '/approvals': get(
    'What waits for a person',
    'runs',
    [{ ...text('also those answered', 'status', 'query'), schema: { type: 'string', enum: ['waiting', 'all'] } }],
    object,
    [400],
  ),
  '/approvals/{id}': {
    post: {
      summary: 'A named person’s answer',
      tags: ['runs'],
      parameters: [text('id of the approval', 'id', 'path')],
      requestBody: {
        required: true,
        content: json({
          type: 'object',
          required: ['decision'],
          properties: {
            decision: { type: 'string', enum: ['approve', 'reject'] },
            why: { type: 'string' },
            only: { type: ['array', 'null'], items: { type: 'string' } },
            digest: { type: 'string', description: 'of the plan as it was shown; another one now is refused' },
          },
        }),
      },
      responses: {
        200: { description: 'the approval and the run that went on', content: json(object) },
        ...problems(400, 401, 403, 404, 409),
      },
    },
  },
  '/events': {
    get: {
      summary:
        'What changes, as server-sent events; id is the ledger’s sequence number, Last-Event-ID goes on after it',
      tags: ['runs'],
      parameters: [text('only what belongs to this run', 'run', 'query')],
      responses: {
        200: { description: 'a stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        ...problems(401),
      },
    },
  },
});
