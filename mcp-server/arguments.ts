/**
 * Arguments as assistants send them, made what a tool takes where its schema leaves no doubt: null and empty text for what may be
 * left out, numbers, lists and objects as text, one word for a list of words. Members that the tool does not have are told with
 * those that it has.
 */
import { z } from 'zod';
import type { Tool } from '../app.js';
import { Fault } from '../domain/fault.js';
import { type JsonSchema, kindsOf, listedItems, membersOf } from './schema.js';

export type Arguments = Readonly<Record<string, unknown>>;

const schemas = new WeakMap<Tool, JsonSchema>();
const schemaOf = (tool: Tool): JsonSchema => {
  const known = schemas.get(tool);
  if (known) return known;
  const made = z.toJSONSchema(tool.input, { io: 'input', unrepresentable: 'any', reused: 'inline', cycles: 'ref' });
  schemas.set(tool, made as JsonSchema);
  return made as JsonSchema;
};

/** `names` are the members that the door offers. Throws Fault `invalid-input` for others. */
export const argumentsFor = (tool: Tool, given: Arguments, names: readonly string[]): Arguments => {
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const told = unknown.slice(0, 5).map((name) => {
      const near = nearOf(name, names);
      return near === undefined ? `no ${name}` : `no ${name} (did you mean ${near}?)`;
    });
    throw new Fault(
      'invalid-input',
      `${tool.name} takes ${told.join(', ')} here`,
      names.length === 0 ? 'It takes no arguments.' : `Leave it out; it takes: ${names.join(', ')}.`,
    );
  }
  return settled(given, schemaOf(tool)) as Arguments;
};

/** A name that differs in case, dashes and underscores only, or that the given one is a part of. */
const nearOf = (name: string, names: readonly string[]): string | undefined => {
  const bare = (text: string) => text.replaceAll(/[^a-z0-9]/gi, '').toLowerCase();
  const wanted = bare(name);
  return (
    names.find((one) => bare(one) === wanted) ??
    names.find((one) => wanted.length > 2 && (bare(one).includes(wanted) || wanted.includes(bare(one))))
  );
};

const settled = (value: unknown, schema: JsonSchema): unknown => {
  const kinds = kindsOf(schema);
  const wants = (kind: string) => kinds.has(kind);
  if (typeof value === 'string' && kinds.size > 0 && !wants('string')) {
    const read = fromText(value.trim(), wants);
    if (read !== undefined) return settled(read, schema);
  }
  if (typeof value === 'number' && Number.isFinite(value) && kinds.size === 1 && wants('string')) return String(value);
  if (Array.isArray(value)) {
    const items = listedItems(schema);
    return items === undefined ? value : value.map((item) => settled(item, items));
  }
  if (wants('array') && kinds.size === 1 && (typeof value === 'string' || typeof value === 'number')) {
    const items = listedItems(schema);
    const one = items === undefined ? value : settled(value, items);
    return items === undefined || kindsOf(items).has(typeof one) ? [one] : value;
  }
  if (value === null || typeof value !== 'object') return value;
  const { members, required } = membersOf(schema);
  const kept: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const of = members[name];
    const mayBeLeftOut = of !== undefined && !required.includes(name);
    if (mayBeLeftOut && (isEmpty(inner) || (inner === null && !kindsOf(of).has('null')))) continue;
    kept[name] = of === undefined ? inner : settled(inner, of);
  }
  return kept;
};

const isEmpty = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';

/** What a text stands for where no text is wanted; undefined where it may be this or that. */
const fromText = (text: string, wants: (kind: string) => boolean): unknown => {
  if ((wants('number') || wants('integer')) && /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text)) return Number(text);
  if (wants('boolean') && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (wants('null') && text === 'null') return null;
  if ((wants('array') && text.startsWith('[')) || (wants('object') && text.startsWith('{')))
    try {
      return JSON.parse(text);
    } catch {}
  return undefined;
};

const WITHOUT_ZONE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/;

/** A fault about arguments, with the time that would be right where one came without its zone: whose clock it is, only the asker knows. */
export const withTimesToWrite = (fault: Fault, given: Arguments): Fault => {
  if (fault.code !== 'invalid-input' || !Array.isArray(fault.details)) return fault;
  const times = (fault.details as { field?: unknown }[]).flatMap(({ field }) => {
    const value = valueAt(given, String(field));
    if (typeof value !== 'string' || !WITHOUT_ZONE.test(value)) return [];
    const at = value.length === 10 ? `${value}T00:00` : value.replace(' ', 'T');
    const whole = at.length === 16 ? `${at}:00` : at;
    return [`${field}: ${whole}Z if that is UTC, else with its offset, such as ${whole}+02:00`];
  });
  if (times.length === 0) return fault;
  return new Fault(fault.code, fault.message, `Write ${times.join('; ')}.`, { details: fault.details });
};

const valueAt = (given: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined | null)?.[name], given);
