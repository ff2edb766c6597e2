/** The routes beside the tools, as OpenAPI has them. */
import { carbonAwarePaths } from './openapi-carbon-aware.js';
import { flexibilityPaths } from './openapi-flexibility.js';
import { get, type Json, json, object, problems, text } from './openapi-operations.js';
import { planPaths } from './openapi-plans.js';
import { runPaths } from './openapi-runs.js';

export const routes = (): Json => ({
  ...wordPaths(),
  ...runPaths(),
  ...flexibilityPaths(),
  ...planPaths(),
  ...carbonAwarePaths(),
  ...healthPaths(),
});

const agentName = (): Json => ({
  ...text('which agent', 'name', 'path'),
  schema: { type: 'string', enum: ['compute', 'grid', 'coordination'] },
});

const wordPaths = (): Json => ({
  '/tools': get('The tools with their effect and the scope they need', 'tools', [], object),
  '/openapi.json': get('This document', 'health', [], object),
  '/agents/{name}': {
    post: {
      summary: 'One JSON command of the compute, grid or coordination agent',
      tags: ['agents'],
      parameters: [agentName()],
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
  '/a2a/{name}/.well-known/agent-card.json': {
    get: {
      summary: 'The card of the compute, grid or coordination agent, as A2A 1.0 has it',
      tags: ['agents'],
      security: [],
      parameters: [agentName()],
      responses: {
        200: { description: 'endpoints, skills, and how to show a token', content: json(object) },
        ...problems(404),
      },
    },
  },
  '/a2a/{name}': {
    post: {
      summary:
        'A2A 1.0 by JSON-RPC: SendMessage, GetTask and the others; HTTP+JSON lies at /a2a/{name}/rest (docs/a2a.md)',
      tags: ['agents'],
      parameters: [
        agentName(),
        {
          ...{ name: 'A2A-Version', in: 'header', required: true, description: 'the protocol’s version' },
          schema: { const: '1.0' },
        },
      ],
      requestBody: {
        required: true,
        content: json({
          type: 'object',
          required: ['jsonrpc', 'method'],
          properties: { jsonrpc: { const: '2.0' }, id: {}, method: { type: 'string' }, params: { type: 'object' } },
        }),
      },
      responses: {
        200: {
          description: 'result or error of JSON-RPC; a stream of them where the method streams',
          content: json(object),
        },
        ...problems(401, 413),
        403: {
          description: 'error of JSON-RPC: the token does not reach what the message asks',
          content: json(object),
        },
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
