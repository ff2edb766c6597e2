/** The members of a tool's input, and how the text of a flag becomes the value of one. */
import { z } from 'zod';
import type { Tool } from '../app.js';
import { invalid } from '../domain/fault.js';
import { Instant } from '../domain/time.js';

/** One member of a tool's input. */
export interface Field {
  readonly name: string;
  /** Without what says that it may be left out. */
  readonly schema: z.ZodType;
  readonly about: string;
  readonly preset: unknown;
  readonly required: boolean;
  readonly nullable: boolean;
}

export const isInstant = (schema: z.ZodType) => schema.def === Instant.def;

const fieldOf = (name: string, given: z.ZodType): Field => {
  let schema = given;
  let [about, preset, nullable]: [string | undefined, unknown, boolean] = [undefined, undefined, false];
  for (;;) {
    about ??= schema.description;
    if (isInstant(schema)) break;
    if (schema instanceof z.ZodDefault) preset = schema.def.defaultValue;
    if (schema instanceof z.ZodNullable) nullable = true;
    if (schema instanceof z.ZodPipe)
      schema = (schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in) as z.ZodType;
    else if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
      schema = schema.def.innerType as z.ZodType;
    else break;
  }
  return { name, schema, about: about ?? '', preset, nullable, required: !given.safeParse(undefined).success };
};

/** The members of a tool's input in the order of its schema. */
export const fieldsOf = (tool: Pick<Tool, 'input'>): Field[] => {
  const { schema } = fieldOf('', tool.input);
  return schema instanceof z.ZodObject
    ? Object.entries(schema.shape).map(([name, field]) => fieldOf(name, field as z.ZodType))
    : [];
};

/** `maxPowerKw` → `max-power-kw` */
export const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`).replaceAll('_', '-');
export const lastWord = (name: string) => kebab(name).split('-').at(-1)!;

/** `a, b or c` */
export const either = (words: readonly unknown[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const UNITS = new Set(['hours', 'minutes', 'seconds', 'days', 'kw', 'kwh', 'kg', 'gb']);
/** The unit that a name ends in, such as the hours of `horizonHours`. */
export const unitOf = (name: string) => (UNITS.has(lastWord(name)) ? lastWord(name) : undefined);

interface Bounds {
  readonly type: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/** `a whole number from 1 to 500` */
const numberWords = (name: string, schema: z.ZodType): { words: string; example: number } => {
  const { type, minimum, exclusiveMinimum, maximum } = z.toJSONSchema(schema) as unknown as Bounds;
  const unit = unitOf(name);
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const above = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`;
  const from = least === undefined ? '' : ` from ${least}`;
  const to = most === undefined ? '' : `${least === undefined ? ' up' : ''} to ${most}`;
  const what = `${type === 'integer' ? 'a whole number' : 'a number'}${unit === undefined ? '' : ` of ${unit}`}`;
  return { words: `${what}${above}${from}${to}`, example: Math.min(Math.max(1, least ?? 1), most ?? 1) };
};

const readNumber = (field: Field, flag: string, text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && field.schema.safeParse(value).success) return value;
  const { words, example } = numberWords(field.name, field.schema);
  const usual = typeof field.preset === 'number' ? field.preset : example;
  const what = text.trim() === '' || !Number.isFinite(value) ? `"${text}", not a number` : text.trim();
  throw invalid(`${flag} is ${what}`, `Give ${words}, for example ${flag} ${usual}.`);
};

/** The number of a flag that no tool describes; Fault `invalid-input` names the flag. */
export const numberOf = (flag: string, text: unknown): number => {
  const value = Number(text);
  if (typeof text !== 'string' || text.trim() === '' || !Number.isFinite(value))
    throw invalid(`${flag} is "${String(text)}", not a number`, `Give a number, for example ${flag} 24.`);
  return value;
};

const readJson = (flag: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(
      `${flag} is "${text.slice(0, 80)}", which is not JSON: ${(error as Error).message}`,
      `Give JSON for ${flag}.`,
    );
  }
};

/**
 * A flag's text as its member's value: a number within its bounds, a time, one of the known names, true or false, a list
 * parted by commas, JSON for anything deeper. Fault `invalid-input` says what may be given.
 */
export const readFlag = (field: Field, flag: string, text: string): unknown => {
  const { schema } = field;
  if (field.nullable && text === 'null') return null;
  if (isInstant(schema)) {
    const read = Instant.safeParse(text);
    if (read.success) return read.data;
    throw invalid(
      `${flag} is "${text}", not a time with a zone`,
      `Give ISO 8601 with Z or an offset, for example ${flag} 2022-06-01T00:00:00Z.`,
    );
  }
  if (schema instanceof z.ZodNumber) return readNumber(field, flag, text);
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral) {
    const known = [...(schema instanceof z.ZodEnum ? schema.options : schema.values)];
    const found = known.find((value) => String(value) === text);
    if (found !== undefined) return found;
    throw invalid(`${flag} is "${text}"`, `Give ${either(known)}.`);
  }
  if (schema instanceof z.ZodBoolean) {
    if (text === 'true' || text === 'false') return text === 'true';
    throw invalid(`${flag} is "${text}"`, 'Give true or false.');
  }
  if (schema instanceof z.ZodString) return text;
  if (schema instanceof z.ZodArray) {
    const item = fieldOf(field.name, schema.element as z.ZodType);
    const isDeep = item.schema instanceof z.ZodObject || item.schema instanceof z.ZodRecord;
    if (isDeep || text.trimStart().startsWith('[')) return readJson(flag, text);
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => readFlag(item, flag, part));
  }
  if (schema instanceof z.ZodUnion && schema.options.some((option) => option instanceof z.ZodString)) return text;
  return readJson(flag, text);
};

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** `5m`, `30m`, `7d` in seconds. */
export const secondsOf = (flag: string, text: unknown): number => {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(String(text).trim()) ?? [];
  const seconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
  if (!(seconds > 0))
    throw invalid(`${flag} is "${String(text)}"`, `Give a whole number and a unit: ${flag} 5m, 1h or 7d.`);
  return seconds;
};
