/** The routes beside the tools, as OpenAPI has them. */

export type Json = Record<string, unknown>;

const PROBLEM = { $ref: '#/components/responses/Problem' };
/** Those that a caller will meet, by number; whatever else goes wrong has the same shape. */
export const problems = (...statuses: number[]): Json => ({
  ...Object.fromEntries(statuses.map((status) => [String(status), PROBLEM])),
  default: PROBLEM,
});
export const json = (schema: Json) => ({ 'application/json': { schema } });

const text = (description: string, name: string, where: 'query' | 'path', required = false, type = 'string'): Json => ({
  name,
  in: where,
  required: where === 'path' || required,
  description,
  schema: { type },
});
const object: Json = { type: 'object' };
export const array = (items: Json): Json => ({ type: 'array', items });
const get = (summary: string, tag: string, parameters: Json[], schema: Json, statuses: number[] = []) => ({
  get: {
    summary,
    tags: [tag],
    parameters,
    responses: { 200: { description: summary, content: json(schema) }, ...problems(401, ...statuses) },
  },
});

const POINT = {
  type: 'object',
  properties: {
    location: { type: 'string' },
    timestamp: { type: 'string', format: 'date-time' },
    duration: { type: 'integer', description: 'minutes' },
    value: { type: 'number', description: 'g/kWh' },
  },
};
const FORECAST = {
  type: 'object',
  properties: {
    generatedAt: { type: 'string', format: 'date-time' },
    requestedAt: { type: 'string', format: 'date-time' },
    location: { type: 'string' },
    dataStartAt: { type: 'string', format: 'date-time' },
    dataEndAt: { type: 'string', format: 'date-time' },
    windowSize: { type: 'integer', description: 'minutes' },
    optimalDataPoints: array({ $ref: '#/components/schemas/EmissionsDataDTO' }),
    forecastData: array({ $ref: '#/components/schemas/EmissionsDataDTO' }),
  },
};
const EMISSIONS = {
  type: 'object',
  properties: {
    location: { type: 'string' },
    time: { type: 'string', format: 'date-time' },
    rating: { type: 'number', description: 'g/kWh' },
    duration: { type: 'string', description: 'hh:mm:ss' },
  },
};

export const CARBON_AWARE: Json = {
  EmissionsDataDTO: POINT,
  EmissionsForecastDTO: FORECAST,
  EmissionsData: EMISSIONS,
  CarbonIntensityDTO: {
    type: 'object',
    properties: {
      location: { type: 'string' },
      startTime: { type: 'string', format: 'date-time' },
      endTime: { type: 'string', format: 'date-time' },
      carbonIntensity: { type: 'number', description: 'g/kWh' },
    },
  },
};

export const routes = (): Json => {
  const locations = {
    ...text('region; may be repeated', 'location', 'query', true),
    schema: array({ type: 'string' }),
  };
  const emissions = [locations, text('start, ISO 8601', 'time', 'query'), text('end, ISO 8601', 'toTime', 'query')];
  const rows = array({ $ref: '#/components/schemas/EmissionsData' });
  return withAliases({
    '/tools': get('The tools with their effect and the scope they need', 'tools', [], object),
    '/openapi.json': get('This document', 'health', [], object),
    '/agents/{name}': {
      post: {
        summary: 'One JSON command of the compute, grid or coordination agent',
        tags: ['agents'],
        parameters: [
          {
            ...text('which agent', 'name', 'path'),
            schema: { type: 'string', enum: ['compute', 'grid', 'coordination'] },
          },
        ],
        requestBody: {
          required: true,
          content: json({ type: 'object', required: ['command'], properties: { command: { type: 'string' } } }),
        },
        responses: {
          200: {
            description: 'ok true with the answer, or ok false with code, message and remedy',
            content: json(object),
          },
          ...problems(401, 403, 404),
        },
      },
    },
    '/chat': {
      post: {
        summary: 'A question in words, answered from facts; a stream with Accept: text/event-stream',
        tags: ['chat'],
        requestBody: {
          required: true,
          content: json({
            type: 'object',
            required: ['message'],
            properties: { message: { type: 'string' }, threadId: { type: 'string' } },
          }),
        },
        responses: {
          200: { description: 'the answer with its figures', content: json(object) },
          ...problems(400, 401, 403),
        },
      },
    },
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
    '/emissions/bylocation': get('Observed intensity of one location', 'carbon-aware', emissions, rows, [400]),
    '/emissions/bylocations': get('Observed intensity of several locations', 'carbon-aware', emissions, rows, [400]),
    '/emissions/bylocations/best': get('The best of several locations', 'carbon-aware', emissions, rows, [400]),
    '/emissions/forecasts/current': get(
      'Current forecast with the optimal windows',
      'carbon-aware',
      [
        locations,
        text('start, ISO 8601', 'dataStartAt', 'query'),
        text('end, ISO 8601', 'dataEndAt', 'query'),
        text('minutes', 'windowSize', 'query', false, 'integer'),
      ],
      array({ $ref: '#/components/schemas/EmissionsForecastDTO' }),
      [400, 501],
    ),
    '/emissions/forecasts/batch': {
      post: {
        summary: 'Forecasts as they were at a time',
        tags: ['carbon-aware'],
        requestBody: { required: true, content: json(array(object)) },
        responses: {
          200: {
            description: 'one forecast per request',
            content: json(array({ $ref: '#/components/schemas/EmissionsForecastDTO' })),
          },
          ...problems(400, 401, 501),
        },
      },
    },
    '/emissions/average-carbon-intensity': get(
      'Mean observed intensity over an interval, g/kWh',
      'carbon-aware',
      [
        text('region', 'location', 'query', true),
        text('start', 'startTime', 'query', true),
        text('end', 'endTime', 'query', true),
      ],
      { $ref: '#/components/schemas/CarbonIntensityDTO' },
      [400],
    ),
    '/emissions/average-carbon-intensity/batch': {
      post: {
        summary: 'Several intervals',
        tags: ['carbon-aware'],
        requestBody: { required: true, content: json(array(object)) },
        responses: {
          200: {
            description: 'one mean per interval',
            content: json(array({ $ref: '#/components/schemas/CarbonIntensityDTO' })),
          },
          ...problems(400, 401),
        },
      },
    },
    '/locations': get('Regions with a carbon signal', 'carbon-aware', [], object),
    '/healthz': {
      get: {
        summary: 'The process answers',
        tags: ['health'],
        security: [],
        responses: { 200: { description: 'alive', content: json(object) } },
      },
    },
    '/readyz': {
      get: {
        summary: 'Store and grid answer',
        tags: ['health'],
        security: [],
        responses: {
          200: { description: 'ready', content: json(object) },
          503: { description: 'not ready: `checks` says why', content: json(object) },
        },
      },
    },
    '/metrics': {
      get: {
        summary: 'Prometheus metrics',
        tags: ['health'],
        responses: {
          200: { description: 'text', content: { 'text/plain': { schema: { type: 'string' } } } },
          ...problems(401),
        },
      },
    },
  });
};

/** The Carbon Aware SDK has served these without the first part too, and both have clients. Without data they answer 204. */
const withAliases = (paths: Json): Json => {
  const all: Json = {};
  for (const [path, item] of Object.entries(paths)) {
    all[path] = item;
    if (!path.startsWith('/emissions/')) continue;
    for (const operation of Object.values(item as Record<string, { responses: Json }>))
      if ('get' in (item as Json)) operation.responses[204] = { description: 'no data for this' };
    if (/^\/emissions\/(forecasts|average-carbon-intensity)/.test(path)) all[path.slice('/emissions'.length)] = item;
  }
  return all;
};
