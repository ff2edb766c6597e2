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
  return { type: 'object', properties: {}, ...root, ...saidOnce(root) };
};

/** Rows of a list that have the members of the root, as in one job or many: what those mean was said there. */
const saidOnce = ({ properties }: JsonSchema): { properties?: JsonSchema } => {
  if (!isObject(properties)) return {};
  const isSaid = (name: string, { description }: JsonSchema) =>
    description !== undefined && (properties[name] as JsonSchema | undefined)?.description === description;
  const members = Object.entries(properties).map(([name, member]) => {
    const { items } = member as JsonSchema;
    if (!isObject(items) || !isObject(items.properties)) return [name, member];
    const rows = Object.entries(items.properties as Record<string, JsonSchema>).map(([inner, row]) => {
      const { description, ...bare } = row;
      return [inner, isSaid(inner, row) ? bare : row];
    });
    return [name, { ...(member as JsonSchema), items: { ...items, properties: Object.fromEntries(rows) } }];
  });
  return { properties: Object.fromEntries(members) };
};

/**
 * One level deep and terse: objects and rows name their members in words, and what may be null has no type. A listing has to stay
 * small, names carry their units, and a client checks an answer against it all the same. `more` names lists that were cut short.
 */
export const outputSchema = (schema: z.ZodType): JsonSchema => {
  const root = portable(z.toJSONSchema(schema, { ...options, io: 'output' }) as JsonSchema, true);
  const members = Object.entries((root.properties as JsonSchema | undefined) ?? {});
  const properties = Object.fromEntries(members.map(([name, inner]) => [name, inWords(inner as JsonSchema)]));
  return { type: 'object', properties: { ...properties, more: MORE } };
};

const MORE = { type: 'array', items: { type: 'object' }, description: 'cut: field, total, shown, uri' };

const portable = (schema: JsonSchema, output: boolean): JsonSchema => {
  if ('$ref' in schema) return described({}, schema);
  if (Array.isArray(schema.type)) {
    const union = schema.type.map((type: string) =>
      type === 'null' ? { type } : { ...schema, description: undefined, type },
    );
    return unionOf(schema, union, output);
  }
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

/** The first names say what kind of thing it is; the answer shows the rest. */
const MAX_NAMES = 8;
const namesOf = (schema: JsonSchema): string => {
  const names = Object.keys((schema.properties as JsonSchema | undefined) ?? {});
  return names.length > MAX_NAMES ? `${names.slice(0, MAX_NAMES).join(', ')}, …` : names.join(', ');
};

const inWords = (schema: JsonSchema): JsonSchema => {
  if (Array.isArray(schema.anyOf)) {
    const [first] = schema.anyOf as JsonSchema[];
    const names = namesOf(first ?? {}) || namesOf((first?.items as JsonSchema | undefined) ?? {});
    return { description: names === '' ? 'or null' : `${names}; or null` };
  }
  if (schema.type === 'object') return { type: 'object', ...saying(namesOf(schema)) };
  if (schema.type === 'array') {
    const items = isObject(schema.items) ? schema.items : {};
    const type = typeof items.type === 'string' ? { type: items.type } : {};
    return { type: 'array', items: type, ...saying(namesOf(items)) };
  }
  return schema.type === undefined ? {} : { type: schema.type };
};

const saying = (words: string): { description?: string } => (words === '' ? {} : { description: words });

const choicesOf = (schema: JsonSchema): JsonSchema[] => {
  const union = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  return union === undefined ? [schema] : union.flatMap(choicesOf);
};

/** The JSON types that a value may have; empty where the schema does not say, which is any. */
export const kindsOf = (schema: JsonSchema): ReadonlySet<string> => {
  const types = choicesOf(schema).map(({ type, enum: values, const: only }) => {
    if (type !== undefined) return [type].flat() as string[];
    const known = only === undefined ? (values as unknown[] | undefined) : [only];
    return known?.every((value) => typeof value === 'string') ? ['string'] : undefined;
  });
  return types.some((type) => type === undefined) ? new Set() : new Set(types.flat() as string[]);
};

/** The schema of a list's items; undefined where the value is no list or its items may be anything. */
export const listedItems = (schema: JsonSchema): JsonSchema | undefined => {
  const list = choicesOf(schema).find((choice) => choice.type === 'array');
  return isObject(list?.items) ? list.items : undefined;
};

/** An object's members by name, and those that it must have. */
export const membersOf = (
  schema: JsonSchema,
): { members: Readonly<Record<string, JsonSchema>>; required: readonly string[] } => {
  const objects = choicesOf(schema).filter((choice) => choice.type === 'object');
  const [object] = objects;
  if (object === undefined || objects.length > 1) return { members: {}, required: [] };
  return {
    members: (object.properties ?? {}) as Record<string, JsonSchema>,
    required: (object.required ?? []) as string[],
  };
};
