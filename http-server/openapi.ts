/** OpenAPI 3.1 of this server, from the schemas that the tools are called with. */
import { z } from 'zod';
import type { Tool } from '../app.js';
import { CARBON_AWARE } from './openapi-carbon-aware.js';
import { array, type Json, json, problems } from './openapi-operations.js';
import { routes } from './openapi-routes.js';
import { SCOPE_OF } from './tools.js';

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

/** Methods that the document has for a path; none when it has no such path. */
export const methodsOf = (paths: Json, path: string): string[] => {
  const given = path.split('/');
  const found = Object.entries(paths).find(([template]) => {
    const wanted = template.split('/');
    return wanted.length === given.length && wanted.every((part, i) => part.startsWith('{') || part === given[i]);
  });
  return Object.keys((found?.[1] as Json | undefined) ?? {}).map((method) => method.toUpperCase());
};

export const openapiOf = (tools: readonly Tool[], version: string): Json & { readonly paths: Json } => {
  const schemas: Json = {
    ...CARBON_AWARE,
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
        errors: {
          type: 'object',
          additionalProperties: array({ type: 'string' }),
          description: 'what is wrong with each field',
        },
        details: { description: 'what belongs to this failure, such as the conflict of a plan that cannot be' },
      },
    },
  };
  const paths: Json = Object.fromEntries(tools.map((tool) => [`/tools/${tool.name}`, toolPath(tool, schemas)]));
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
    paths: { ...paths, ...routes() },
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
