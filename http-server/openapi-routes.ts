/** The routes beside the tools, as OpenAPI has them. */
import { carbonAwarePaths } from './openapi-carbon-aware.js';
import { get, type Json, json, object, problems, text } from './openapi-operations.js';
import { planPaths } from './openapi-plans.js';
import { runPaths } from './openapi-runs.js';

export const routes = (): Json => ({
  ...wordPaths(),
  ...runPaths(),
  ...planPaths(),
  ...carbonAwarePaths(),
  ...healthPaths(),
});

const wordPaths = (): Json => ({
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
});

const healthPaths = (): Json => ({
  '/healthz': {
    get: {
      summary: 'The process answers',
      tags: ['health'],
      security: [],
      responses: { 200: { description: 'alive', content: json(object) } },
    },
  },
  '/health': {
    get: {
      summary: 'The process answers, as the Carbon Aware SDK says it',
      tags: ['health'],
      security: [],
      responses: { 200: { description: 'alive', content: { 'text/plain': { schema: { type: 'string' } } } } },
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
