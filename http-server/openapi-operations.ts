/** Operations of the OpenAPI document: how a parameter, a body, an answer and a problem are written. */

export type Json = Record<string, unknown>;

const PROBLEM = { $ref: '#/components/responses/Problem' };
/** Those that a caller will meet, by number; whatever else goes wrong has the same shape. */
export const problems = (...statuses: number[]): Json => ({
  ...Object.fromEntries(statuses.map((status) => [String(status), PROBLEM])),
  default: PROBLEM,
});
export const json = (schema: Json) => ({ 'application/json': { schema } });

export const text = (
  description: string,
  name: string,
  where: 'query' | 'path',
  required = false,
  type = 'string',
): Json => ({
  name,
  in: where,
  required: where === 'path' || required,
  description,
  schema: { type },
});
export const object: Json = { type: 'object' };
export const array = (items: Json): Json => ({ type: 'array', items });
export const get = (summary: string, tag: string, parameters: Json[], schema: Json, statuses: number[] = []) => ({
  get: {
    summary,
    tags: [tag],
    parameters,
    responses: { 200: { description: summary, content: json(schema) }, ...problems(401, ...statuses) },
  },
});
