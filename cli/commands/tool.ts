/** `tool NAME`: any tool of the registry, its flags made from its schema. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Tool } from '../../app.js';
import { invalid, notFound } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { tableText } from '../terminal.js';

interface Field {
  readonly name: string;
  readonly flag: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}
interface JsonSchema {
  readonly type?: string | string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly items?: JsonSchema;
  readonly anyOf?: JsonSchema[];
  readonly enum?: unknown[];
  readonly properties?: Record<string, JsonSchema>;
  readonly required?: string[];
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`).replaceAll('_', '-');

const fieldsOf = (tool: Tool): Field[] => {
  const schema = z.toJSONSchema(tool.input, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return Object.entries(schema.properties ?? {}).map(([name, inner]) => ({
    name,
    flag: `--${kebab(name)}`,
    schema: inner,
    required: schema.required?.includes(name) ?? false,
  }));
};

const typesOf = (schema: JsonSchema): string[] =>
  schema.anyOf ? schema.anyOf.flatMap(typesOf) : schema.type === undefined ? [] : [schema.type].flat();

/** A flag's text as the schema's value: numbers, yes or no, lists parted by commas, JSON for anything deeper. */
const readFlag = ({ flag, schema }: Field, text: string): unknown => {
  const types = typesOf(schema);
  if (types.includes('null') && text === 'null') return null;
  if ((types.includes('number') || types.includes('integer')) && text.trim() !== '' && Number.isFinite(Number(text)))
    return Number(text);
  if (types.includes('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  if (types.includes('string')) return text;
  const items = schema.items ?? schema.anyOf?.find((s) => s.items)?.items;
  if (types.includes('array') && items && typesOf(items).includes('string') && !text.trimStart().startsWith('['))
    return text.split(',').map((item) => item.trim());
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`${flag} is "${text.slice(0, 80)}", not ${types.join(' or ') || 'JSON'}`, 'Give JSON for this flag.');
  }
};

const helpOf = (tool: Tool) =>
  [
    `${tool.name} (${tool.effect}): ${tool.description}`,
    '',
    tableText(
      ['flag', 'meaning'],
      fieldsOf(tool).map((f) => [f.flag, `${f.required ? 'needed; ' : ''}${f.schema.description ?? ''}`]),
    ),
    ...(tool.effect === 'acts'
      ? ['', 'It changes the world, so it needs --decision ID: `caco approvals` tells how.']
      : []),
  ].join('\n');

const pairsOf = (args: readonly string[]): Map<string, string> => {
  const pairs = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const [flag, inline] = arg.split(/=(.*)/s) as [string, string | undefined];
    if (!flag.startsWith('--'))
      throw invalid(`"${arg}" is not a flag`, 'Flags begin with --; `caco tool NAME --describe` lists them.');
    const next = args[i + 1];
    if (inline !== undefined) pairs.set(flag, inline);
    else if (next !== undefined && !next.startsWith('--')) pairs.set(flag, args[++i]!);
    else pairs.set(flag, 'true');
  }
  return pairs;
};

const callNamed = async (
  context: Context,
  tool: Tool,
  options: Record<string, unknown>,
  rest: readonly string[],
): Promise<Answer> => {
  const fields = fieldsOf(tool);
  const input: Record<string, unknown> =
    options.input === undefined ? {} : (jsonOf(String(options.input)) as Record<string, unknown>);
  for (const [flag, text] of pairsOf(rest)) {
    const field = fields.find((f) => f.flag === flag);
    if (!field)
      throw invalid(`${tool.name} has no flag ${flag}`, `It has ${fields.map((f) => f.flag).join(', ') || 'none'}.`);
    input[field.name] = readFlag(field, text);
  }
  // --decision means leave, but for a tool that has a member of that name.
  const own = fields.find((f) => f.flag === '--decision');
  if (own && options.decision !== undefined) input[own.name] = readFlag(own, String(options.decision));
  const answer = await context.call<unknown>(tool.name, input, {
    ...(options.decision === undefined || own ? {} : { decisionId: String(options.decision) }),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: String(options.idempotencyKey) }),
  });
  return { json: answer, text: tool.tell(answer) };
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`--input is not JSON: ${(error as Error).message}`, 'Give the tool’s input as one JSON object.');
  }
};

export const register = (program: Command) => {
  addCommand(
    program,
    'tool [name] [flags...]',
    'call any tool by name; without a name, list them',
    (c) =>
      c
        .allowUnknownOption()
        .option('--describe', 'say what the tool does and which flags it has')
        .option('--input <json>', 'the whole input as JSON instead of flags')
        .option('--decision <id>', 'the decision that gives leave to a tool that acts')
        .option('--idempotency-key <key>', 'with the same key the call happens once'),
    async (context, [name, ...rest], options) => {
      const { tools } = await context.app();
      if (name === undefined)
        return {
          json: { tools: tools.map(({ name: n, title, effect, toolset }) => ({ name: n, title, effect, toolset })) },
          text: tableText(
            ['tool', 'effect', 'what it does'],
            tools.map((t) => [t.name, t.effect, t.title]),
          ),
        };
      const tool = tools.find((t) => t.name === name.replaceAll('-', '_'));
      if (!tool) throw notFound(`there is no tool ${name}`, '`caco tool` lists them.');
      if (options.describe === true)
        return {
          json: {
            name: tool.name,
            effect: tool.effect,
            input: z.toJSONSchema(tool.input, { io: 'input', unrepresentable: 'any' }),
          },
          text: helpOf(tool),
        };
      return callNamed(context, tool, options, rest);
    },
  );
};
