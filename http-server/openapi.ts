/** OpenAPI 3.1 of this server, from the schemas that the tools are called with. */
import { z } from 'zod';
import type { App, Tool } from '../app.js';
import { SCOPE_OF } from './tools.js';

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** zod's schema with its own definitions moved under components, where references of the whole document can reach them. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output', prefix: string, shared: Json): Json => {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as Json;
  const name = (ref: string) =>
    `${prefix}_${ref
      .split('/')
      .at(-1)!
      .replace(/[^A-Za-z0-9_.-]/g, '_')}`;
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) => {
        if (key === '$schema' || key === '$defs') return [];
        if (key === '$ref' && typeof inner === 'string')
          return [[key, inner === '#' ? `#/components/schemas/${prefix}` : `#/components/schemas/${name(inner)}`]];
        return [[key, moved(inner)]];
      }),
    );
  };
  for (const [ref, definition] of Object.entries((made.$defs as Json | undefined) ?? {}))
    shared[name(ref)] = moved(definition);
  return moved(made) as Json;
};

const PROBLEM = { $ref: '#/components/responses/Problem' };
const problems = (...statuses: number[]) => Object.fromEntries(statuses.map((status) => [String(status), PROBLEM]));
const json = (schema: Json) => ({ 'application/json': { schema } });

const toolPath = (tool: Tool, schemas: Json): Json => {
  const input = `${tool.name}_input`;
  const output = `${tool.name}_output`;
  schemas[input] = schemaOf(tool.input, 'input', input, schemas);
  schemas[output] = schemaOf(tool.output, 'output', output, schemas);
  const writes = tool.effect !== 'reads';
  return {
    post: {
      operationId: tool.name,
      summary: tool.title,
      description: `${tool.description}\n\nEffect: ${tool.effect}. Scope: ${SCOPE_OF[tool.effect]}.`,
      tags: [tool.toolset],
      parameters: [
        ...(writes ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
        ...(tool.effect === 'acts' ? [{ $ref: '#/components/parameters/Decision' }] : []),
      ],
      requestBody: { required: true, content: json({ $ref: `#/components/schemas/${input}` }) },
      responses: {
        200: { description: 'the tool’s answer', content: json({ $ref: `#/components/schemas/${output}` }) },
        ...problems(400, 401, 403, 404, 409, 429, 503),
      },
    },
  };
};

const text = (description: string, name: string, where: 'query' | 'path', required = false, type = 'string'): Json => ({
  name,
  in: where,
  required: where === 'path' || required,
  description,
  schema: { type },
});
const object: Json = { type: 'object' };
const array = (items: Json): Json => ({ type: 'array', items });
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

const others = (): Json => {
  const locations = {
    ...text('region; may be repeated', 'location', 'query', true),
    schema: array({ type: 'string' }),
  };
  const emissions = [locations, text('start, ISO 8601', 'time', 'query'), text('end, ISO 8601', 'toTime', 'query')];
  const rows = array({ $ref: '#/components/schemas/EmissionsData' });
  return {
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
        [text('at most so many, 50', 'limit', 'query', false, 'integer')],
        object,
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
            },
          }),
        },
        responses: {
          200: { description: 'the run, done, refused or waiting', content: json(object) },
          202: { description: 'the run has begun; Location names it' },
          ...problems(400, 401, 403),
        },
      },
    },
    '/runs/{id}': get(
      'One run with its plan, decision and approval',
      'runs',
      [text('id of the run', 'id', 'path')],
      object,
      [404],
    ),
    '/approvals': get('What waits for a person', 'runs', [], object),
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
        responses: { 200: { description: 'alive' } },
      },
    },
    '/readyz': {
      get: {
        summary: 'Store and grid answer',
        tags: ['health'],
        security: [],
        responses: { 200: { description: 'ready' }, 503: { description: 'not ready' } },
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
  };
};

export const openapiOf = (app: App, version: string): Json => {
  const schemas: Json = {
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
    Problem: {
      type: 'object',
      required: ['type', 'title', 'status', 'detail', 'code', 'remedy'],
      properties: {
        type: { type: 'string', format: 'uri' },
        title: { type: 'string' },
        status: { type: 'integer' },
        detail: { type: 'string' },
        instance: { type: 'string' },
        code: {
          type: 'string',
          enum: ['invalid-input', 'not-found', 'conflict', 'forbidden', 'unavailable', 'unsupported', 'defect'],
        },
        remedy: { type: 'string', description: 'what the caller can do about it' },
      },
    },
  };
  const paths: Json = Object.fromEntries(app.tools.map((tool) => [`/tools/${tool.name}`, toolPath(tool, schemas)]));
  return {
    openapi: '3.1.0',
    info: {
      title: 'CACO',
      version,
      description:
        'Carbon-Aware Compute Orchestrator. Members are camelCase and end in their unit; times are ISO 8601 UTC.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{}, { bearer: [] }],
    paths: { ...paths, ...others() },
    components: {
      schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      parameters: {
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'the same key makes a repeated call happen once',
          schema: { type: 'string', minLength: 1, maxLength: 200 },
        },
        Decision: {
          name: 'Caco-Decision',
          in: 'header',
          description: 'id of the decision that gives leave, D-…',
          schema: { type: 'string' },
        },
      },
      responses: {
        Problem: {
          description: 'problem details (RFC 9457)',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
};
