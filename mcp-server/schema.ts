/**
 * JSON Schema as assistants' clients accept it: no $schema, $ref, tuples or unions at the root, arrays always with items,
 * limits in numbers that every client knows. What is left out here is still checked when the tool is called.
 */
import { z } from 'zod';

export type JsonSchema = { [key: string]: unknown };

const options = { unrepresentable: 'any', reused: 'inline', cycles: 'ref' } as const;
const DROPPED = new Set([
  '$schema',
  '$defs',
  '$id',
  'propertyNames',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'format',
  'contentEncoding',
  'readOnly',
]);
const isObject = (value: unknown): value is JsonSchema =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isNull = (schema: unknown) => isObject(schema) && schema.type === 'null';

/** An object at its root, closed; every field keeps its description, with limits that no keyword states in words. */
export const inputSchema = (schema: z.ZodType): JsonSchema => {
  const root = portable(z.toJSONSchema(schema, { ...options, io: 'input' }) as JsonSchema, false);
  return { type: 'object', properties: {}, ...root };
};

/**
 * Two levels deep and without deeper descriptions: a listing has to stay small. `more` names lists that an answer cut short.
 */
export const outputSchema = (schema: z.ZodType): JsonSchema => {
  const root = shallow(portable(z.toJSONSchema(schema, { ...options, io: 'output' }) as JsonSchema, true), 0);
  const properties = { ...(root.properties as JsonSchema | undefined), more: MORE };
  delete root.additionalProperties;
  return { ...root, type: 'object', properties };
};

const MORE = { type: 'array', items: { type: 'object' }, description: 'lists cut short: field, total, uri' };

const portable = (schema: JsonSchema, output: boolean): JsonSchema => {
  if ('$ref' in schema) return described({}, schema);
  const union = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (union) return unionOf(schema, union, output);
  const out: JsonSchema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key) || isBoundOfInteger(key, value) || (key === 'default' && value === null)) continue;
    if (key === 'const') out.enum = [value];
    else if (key === 'properties')
      out.properties = Object.fromEntries(
        Object.entries(value as JsonSchema).map(([name, inner]) => [name, portable(inner as JsonSchema, output)]),
      );
    else if (key === 'items') out.items = isObject(value) ? portable(value, output) : {};
    else if (key === 'prefixItems') continue;
    else if (key === 'additionalProperties') out[key] = isObject(value) ? portable(value, output) : value;
    else if (key === 'required' && output) out.required = value;
    else out[key] = value;
  }
  if (out.type === 'array' && !('items' in out)) out.items = {};
  const limits = limitsInWords(schema);
  if (limits !== '' && !output) out.description = `${out.description ?? ''}${out.description ? '; ' : ''}${limits}`;
  return out;
};

/** zod writes the range of safe integers out; it says nothing. */
const isBoundOfInteger = (key: string, value: unknown) =>
  (key === 'maximum' || key === 'minimum') && Math.abs(value as number) === Number.MAX_SAFE_INTEGER;

const limitsInWords = (schema: JsonSchema): string =>
  [
    typeof schema.exclusiveMinimum === 'number' ? `above ${schema.exclusiveMinimum}` : '',
    typeof schema.exclusiveMaximum === 'number' ? `below ${schema.exclusiveMaximum}` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');

const described = (schema: JsonSchema, from: JsonSchema): JsonSchema =>
  typeof from.description === 'string' ? { ...schema, description: from.description } : schema;

/** A value that may be null is written as its type on the way in (leave it out instead), and as either on the way out. */
const unionOf = (schema: JsonSchema, union: JsonSchema[], output: boolean): JsonSchema => {
  const real = union.filter((option) => !isNull(option)).map((option) => portable(option, output));
  const [first] = real;
  const mayBeNull = real.length < union.length;
  if (real.length === 1 && first && !output) return described(first, schema.description ? schema : first);
  if (real.length === 1 && first && mayBeNull) {
    const { description, ...bare } = first;
    return described({ anyOf: [bare, { type: 'null' }] }, schema.description ? schema : { description });
  }
  const enums = real.map((option) => option.enum as unknown[] | undefined);
  if (!mayBeNull && enums.every((values) => values !== undefined))
    return described({ type: first?.type ?? 'string', enum: enums.flat() }, schema);
  return described(real.every((option) => option.type === 'object') && !mayBeNull ? { type: 'object' } : {}, schema);
};

const shallow = (schema: JsonSchema, depth: number): JsonSchema => {
  const { description, pattern: _pattern, minLength: _min, ...rest } = schema;
  const out: JsonSchema = depth <= 1 && description !== undefined ? { ...rest, description } : rest;
  if (Array.isArray(out.anyOf)) out.anyOf = out.anyOf.map((option) => shallow(option as JsonSchema, depth));
  if (isObject(out.items)) out.items = shallow(out.items, depth + 1);
  if (out.type !== 'object' || !isObject(out.properties)) return out;
  if (depth >= 2) return { type: 'object' };
  out.properties = Object.fromEntries(
    Object.entries(out.properties).map(([name, inner]) => [name, shallow(inner as JsonSchema, depth + 1)]),
  );
  if (depth > 0) {
    delete out.required;
    delete out.additionalProperties;
  }
  return out;
};
