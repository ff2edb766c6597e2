/** Flags made from a tool's input: name, words, kind and default are its schema's. Only what is spelt otherwise is said here. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import type { Tool, ToolInput, ToolName } from '../app.js';
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

const isInstant = (schema: z.ZodType) => schema.def === Instant.def;

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
const lastWord = (name: string) => kebab(name).split('-').at(-1)!;

const either = (words: readonly unknown[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const UNITS = new Set(['hours', 'minutes', 'seconds', 'days', 'kw', 'kwh', 'kg', 'gb']);
const unitOf = (name: string) => (UNITS.has(lastWord(name)) ? lastWord(name) : undefined);

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
  return { words: `${what}${above}${from}${to}`, example: Math.max(1, least ?? 1) };
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

/** How a member is spelt where it is not by the rules. */
export interface Spelling {
  /** As Commander writes it, such as `--notice <minutes>`. */
  readonly flag?: string;
  readonly about?: string;
  /** May be given several times: each adds to the list. */
  readonly repeated?: true;
  /** The command has a value of its own where none is given, though the tool demands one. */
  readonly optional?: true;
  /** Reads a form of the command line's own, such as `JOB=HOURS`. */
  readonly read?: (text: string, at: number) => unknown;
}

/** `false`: no flag. Text: the flag alone. */
type Spellings<N extends ToolName> = { readonly [K in keyof ToolInput<N>]?: Spelling | string | false };
type Those<S, T> = { [K in keyof S]: S[K] extends T ? K : never }[keyof S];
type Optional<S> = Those<S, { readonly optional: true }>;
/** What is left of a tool's input when flags have said what they can. */
type Given<I, S> = Said<Omit<I, Those<S, false> | Optional<S>> & Partial<Pick<I, Optional<S> & keyof I>>>;
/** What was left out is absent, not undefined. */
type Said<T> = { [K in keyof T]: Exclude<T[K], undefined> };

export interface Flags<I> {
  /** Gives a command the flags. Loads the tools, so only for the command that was typed. */
  shape(command: Command): Promise<Command>;
  /** What was given, as members of the tool's input; what was left out is the tool's own to say. Throws Fault. */
  input(options: Record<string, unknown>): Promise<I>;
}

/** An id is named by what it is the id of; a value by its unit, its kind or the last word of its name. */
const spellingOf = ({ name, schema, preset }: Field): string => {
  if (schema instanceof z.ZodBoolean) return `--${preset === true ? 'no-' : ''}${kebab(name)}`;
  if (name.endsWith('Id')) return `--${kebab(name.slice(0, -2))} <id>`;
  const value = isInstant(schema)
    ? 'time'
    : schema instanceof z.ZodArray
      ? 'list'
      : schema instanceof z.ZodNumber
        ? (unitOf(name) ?? 'n')
        : lastWord(name);
  return `--${kebab(name)} <${value}>`;
};

const isShown = (preset: unknown) => typeof preset === 'number' || (typeof preset === 'string' && preset !== '');
const collect = (text: string, before: string[] | undefined) => [...(before ?? []), text];

/** The known names of a value, where its description does not hold them all. */
const namesBeside = (said: string, schema: z.ZodType): string[] => {
  const one = schema instanceof z.ZodArray ? schema.element : schema;
  const names = one instanceof z.ZodEnum ? one.options.map(String) : [];
  const words = new Set(said.split(/[^\w-]+/));
  return names.every((name) => words.has(name)) ? [] : [either(names)];
};

const optionOf = (field: Field, spelling: Spelling): Option => {
  const { preset, required, schema } = field;
  const said = spelling.about ?? field.about;
  const notes = [
    ...namesBeside(said, schema),
    ...(schema instanceof z.ZodArray && !spelling.repeated ? ['parted by commas'] : []),
    ...(isShown(preset) ? [`default: ${preset}`] : []),
  ];
  const about = notes.length === 0 ? said : `${said} (${notes.join('; ')})`;
  const option = new Option(spelling.flag ?? spellingOf(field), about);
  if (spelling.repeated) option.argParser(collect);
  return required && !spelling.optional ? option.makeOptionMandatory() : option;
};

/** Every member is a flag, but for those that are `false`. */
export const flagsOf = <const N extends ToolName, const S extends Spellings<N>>(
  name: N,
  spellings: S,
): Flags<Given<ToolInput<N>, S>> => {
  let loaded: Promise<{ field: Field; spelling: Spelling; option: Option }[]> | undefined;
  const load = () => {
    loaded ??= import('../catalogue.js').then(({ toolOf }) =>
      fieldsOf(toolOf(name)).flatMap((field) => {
        const given = (spellings as Record<string, Spelling | string | false | undefined>)[field.name] ?? {};
        if (given === false) return [];
        const spelling = typeof given === 'string' ? { flag: given } : given;
        return [{ field, spelling, option: optionOf(field, spelling) }];
      }),
    );
    return loaded;
  };
  return {
    async shape(command) {
      for (const { option } of await load()) command.addOption(option);
      return command;
    },
    async input(options) {
      const read = (await load()).flatMap(({ field, spelling, option }) => {
        const value = options[option.attributeName()];
        if (value === undefined || (option.negate && value === true)) return [];
        return [[field.name, typeof value === 'boolean' ? value : readGiven(field, spelling, option.long!, value)]];
      });
      return Object.fromEntries(read) as Given<ToolInput<N>, S>;
    },
  };
};

const readGiven = (field: Field, spelling: Spelling, flag: string, given: unknown): unknown => {
  if (!Array.isArray(given)) return spelling.read?.(String(given), 0) ?? readFlag(field, flag, String(given));
  return given.flatMap((text, at) => spelling.read?.(text, at) ?? readFlag(field, flag, text));
};
