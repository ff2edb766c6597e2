/** A tool's answer as the protocol carries it: structured, mirrored as text, with a sentence; long lists cut and kept where they can be read on. */
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { shortId } from '../domain/digest.js';
import { defineCollection, type Store } from '../domain/store.js';

/** Whole answers whose lists were cut, by a name made from their content. */
export const ANSWERS = defineCollection('mcp-answers', z.strictObject({ tool: z.string(), answer: z.json() }));

/** Rows that an answer shows of each list. */
const MAX_ROWS = 20;
/** Characters of an answer (about 6 000 tokens) above which lists are cut further. */
const MAX_CHARS = 24_000;
/** Whole answers that are kept; the oldest go first. */
const KEPT = 200;

export interface Cut {
  readonly field: string;
  readonly total: number;
  readonly shown: number;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Lists of more than `rows` members lose their tail, at any depth. */
const cutTo = (value: unknown, rows: number, path: string, cuts: Cut[]): unknown => {
  if (Array.isArray(value)) {
    if (value.length <= rows) return value.map((item, i) => cutTo(item, rows, `${path}[${i}]`, cuts));
    cuts.push({ field: path, total: value.length, shown: rows });
    return value.slice(0, rows).map((item, i) => cutTo(item, rows, `${path}[${i}]`, cuts));
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, cutTo(inner, rows, path === '' ? key : `${path}.${key}`, cuts)]),
  );
};

export const shorten = (answer: unknown): { short: unknown; text: string; cuts: Cut[] } => {
  for (const rows of [MAX_ROWS, 10, 5, 2, 1]) {
    const cuts: Cut[] = [];
    const short = cutTo(answer, rows, '', cuts);
    const text = JSON.stringify(short);
    if (text.length <= MAX_CHARS || rows === 1) return { short, text, cuts };
  }
  throw new Error('unreachable: the last size always answers');
};

/** JSON first, equal to `structuredContent`; then the sentence; then links to what was cut. */
export const resultOf = async (tool: string, answer: unknown, tell: string, store: Store): Promise<CallToolResult> => {
  const { short, text, cuts } = shorten(answer);
  if (cuts.length === 0)
    return {
      structuredContent: short as Record<string, unknown>,
      content: [
        { type: 'text', text },
        { type: 'text', text: tell },
      ],
    };
  const id = await keep(store, tool, answer);
  const more = cuts.map(({ field, total, shown }) => {
    // A list within a row is whole where the row is read.
    const [, list = field, row = shown] = /^([^[]+)\[(\d+)\]/.exec(field) ?? [];
    return { field, total, shown, uri: `caco://answers/${id}/${list}?from=${row}` };
  });
  const structuredContent = { ...(short as Record<string, unknown>), more };
  const links: ContentBlock[] = more.map(({ field, total, uri }) => ({
    type: 'resource_link',
    uri,
    name: `${tool} ${field}`,
    description: field.includes('[') ? `all ${total} rows, in the row that holds them` : `the rest of ${total} rows`,
    mimeType: 'application/json',
  }));
  return {
    structuredContent,
    content: [{ type: 'text', text: JSON.stringify(structuredContent) }, { type: 'text', text: tell }, ...links],
  };
};

const keep = async (store: Store, tool: string, answer: unknown): Promise<string> => {
  const json = JSON.parse(JSON.stringify(answer)) as z.infer<ReturnType<typeof z.json>>;
  const id = shortId('X', { tool, answer: json });
  const answers = store.collection(ANSWERS);
  if (await answers.get(id)) return id;
  await answers.put(id, { tool, answer: json });
  const kept = await answers.list({ limit: KEPT + 20 });
  for (const old of kept.slice(KEPT)) await answers.delete(old.id);
  return id;
};
