/**
 * What is generated from the program: docs/tools.md, docs/adversary.md, the tables of docs/signal-files.md and docs/job-files.md, the frozen schemas and
 * .env.example. `npm run docs` writes all of it anew, and a test compares all of it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { openApp, type Tool } from '../app.js';
import { envExample, readConfig } from '../config.js';
import { formatTables, jobFormatTables } from '../offline.js';
import { adversaryMarkdown } from './adversary/adversary.js';
import { listingsOf } from './mcp-server.js';

const SCOPE: Record<Tool['effect'], string> = {
  reads: 'read',
  records: 'operate',
  acts: 'operate',
  decides: 'approve',
};
const EFFECT: Record<Tool['effect'], string> = {
  reads: 'looks',
  records: 'adds to our own books',
  acts: 'changes the world; needs a decision',
  decides: 'a person’s word; never offered to an assistant',
};

type Json = Record<string, unknown>;
const schema = (of: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...made } = z.toJSONSchema(of, { io, unrepresentable: 'any', reused: 'ref' }) as Json;
  return made;
};

/** Every tool's schemas as zod states them, and what the MCP door lists. */
const schemasText = async (tools: readonly Tool[]): Promise<string> => {
  const listed = new Map((await listingsOf(tools)).map(({ tool, listing }) => [tool.name, listing]));
  const all = [...tools].sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = all.map((tool) => [
    tool.name,
    {
      effect: tool.effect,
      toolset: tool.toolset,
      input: schema(tool.input, 'input'),
      output: schema(tool.output, 'output'),
      mcp: listed.get(tool.name) ?? null,
    },
  ]);
  // One line a tool: short enough to keep, and a change shows which tool it was.
  return `{\n${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',\n')}\n}\n`;
};

const typeOf = (field: Json): string => {
  if (Array.isArray(field.enum)) return field.enum.map((v) => `\`${v}\``).join(', ');
  if (field.type === 'array') return `list of ${typeOf((field.items as Json | undefined) ?? {})}`;
  if (Array.isArray(field.anyOf)) return (field.anyOf as Json[]).map(typeOf).join(' or ');
  return Array.isArray(field.type) ? field.type.join(' or ') : String(field.type ?? 'any');
};
const cell = (text: unknown) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

const fieldsOf = (tool: Tool): string[] => {
  const { properties = {}, required = [] } = z.toJSONSchema(tool.input, {
    io: 'input',
    unrepresentable: 'any',
  }) as { properties?: Json; required?: string[] };
  const rows = Object.entries(properties).map(([name, field]) => {
    const { description = '', default: preset } = field as Json;
    const when = required.includes(name) ? 'needed' : preset === undefined ? '' : `\`${JSON.stringify(preset)}\``;
    return `| \`${name}\` | ${cell(typeOf(field as Json))} | ${cell(when)} | ${cell(description)} |`;
  });
  return rows.length === 0
    ? ['No arguments.', '']
    : ['| Argument | Type | Default | Meaning |', '|---|---|---|---|', ...rows, ''];
};

const listedOf = async (tools: readonly Tool[]): Promise<ReadonlySet<string>> =>
  new Set((await listingsOf(tools)).map(({ tool }) => tool.name));

const toolsMarkdown = async (tools: readonly Tool[]): Promise<string> => {
  const listed = await listedOf(tools);
  const all = [...tools].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    '# Tools',
    '',
    'Every door (command line, HTTP, MCP) calls these. Generated from their schemas; see `POST /tools/:name` in [http.md](http.md)',
    'and the set-up of assistants in [setup.md](setup.md).',
    '',
    ...Object.entries(EFFECT).map(
      ([effect, words]) => `- *${effect}*: ${words} (scope \`${SCOPE[effect as Tool['effect']]}\`)`,
    ),
    '',
    '| Tool | Effect | Toolset | MCP | What it does |',
    '|---|---|---|---|---|',
    ...all.map(
      (t) =>
        `| [\`${t.name}\`](#${t.name}) | ${t.effect} | ${t.toolset} | ${listed.has(t.name) ? 'yes' : ''} | ${cell(t.title)} |`,
    ),
    '',
    ...all.flatMap((t) => [`## ${t.name}`, '', t.description, '', ...fieldsOf(t)]),
  ].join('\n');
};

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
export const SNAPSHOT = at('mcp-server/__snapshots__/tools.json');

const OPEN = '<!-- formats -->\n';
const CLOSE = '<!-- /formats -->';

/** The page as it is written by hand, with the tables between its two marks made anew. */
const withTables = (path: string, tables: string): string => {
  const page = readFileSync(path, 'utf8');
  const [from, to] = [page.indexOf(OPEN) + OPEN.length, page.indexOf(CLOSE)];
  return `${page.slice(0, from)}${tables}\n${page.slice(to)}`;
};

/** Every generated file: its path and its text as it ought to be. */
export const generatedFiles = async (tools: readonly Tool[]): Promise<ReadonlyMap<string, string>> =>
  new Map([
    [SNAPSHOT, await schemasText(tools)],
    [at('docs/tools.md'), await toolsMarkdown(tools)],
    ...[['docs/signal-files.md', await formatTables()] as const, ['docs/job-files.md', jobFormatTables()] as const].map(
      ([page, tables]): [string, string] => [at(page), withTables(at(page), tables)],
    ),
    [at('docs/adversary.md'), adversaryMarkdown(await listedOf(tools))],
    [at('.env.example'), envExample()],
  ]);

/** With a world of its own, so that nothing of whoever runs this plays a part. */
export const withTools = async <T>(work: (tools: readonly Tool[]) => Promise<T>): Promise<T> => {
  const home = mkdtempSync(join(tmpdir(), 'caco-tools-'));
  try {
    const app = await openApp(readConfig({ home }, {}, home).config);
    try {
      return await work(await app.tools());
    } finally {
      await app.close();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  await withTools(async (tools) => {
    for (const [path, text] of await generatedFiles(tools)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  });
