/** Flags made from a tool's input: name, words, kind and default are its schema's. Only what is spelt otherwise is said here. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import type { ToolInput, ToolName } from '../app.js';
import { either, type Field, fieldsOf, isInstant, kebab, lastWord, readFlag, unitOf } from './fields.js';

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
  /** Gives a command the flags. Loads the tool, so only for the command that was typed. */
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
    loaded ??= import('../catalogue.js').then(async ({ toolOf }) =>
      fieldsOf(await toolOf(name)).flatMap((field) => {
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
