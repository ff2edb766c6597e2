/** `tool NAME`: any tool of the registry, its flags made from its schema. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Tool } from '../../app.js';
import { invalid, notFound } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { type Field, fieldsOf, kebab, readFlag } from '../fields.js';
import { tableText } from '../terminal.js';

const flagOf = (field: Field) => `--${kebab(field.name)}`;

const helpOf = (tool: Tool) =>
  [
    `${tool.name} (${tool.effect}): ${tool.description}`,
    '',
    tableText(
      ['flag', 'meaning'],
      fieldsOf(tool).map((f) => [flagOf(f), `${f.required ? 'needed; ' : ''}${f.about}`]),
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
  const input: Record<string, unknown> = options.input === undefined ? {} : objectOf(String(options.input));
  for (const [flag, text] of pairsOf(rest)) {
    const field = fields.find((f) => flagOf(f) === flag);
    if (!field) throw invalid(`${tool.name} has no flag ${flag}`, `It has ${fields.map(flagOf).join(', ') || 'none'}.`);
    input[field.name] = readFlag(field, flag, text);
  }
  // --decision means leave, but for a tool that has a member of that name.
  const own = fields.find((f) => flagOf(f) === '--decision');
  if (own && options.decision !== undefined) input[own.name] = readFlag(own, '--decision', String(options.decision));
  const answer = await context.callNamed(tool.name, input, {
    ...(options.decision === undefined || own ? {} : { decisionId: String(options.decision) }),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: await keyOf(context, options.idempotencyKey) }),
  });
  return { json: answer, text: tool.tell(answer) };
};

/** A key is its sender's: no other door's, no other person's, and none of the graph's own deeds. */
const keyOf = async (context: Context, key: unknown): Promise<string> =>
  `cli:${encodeURIComponent((await context.actor('read')).id)}:${String(key)}`;

const objectOf = (text: string): Record<string, unknown> => {
  const remedy = 'Give the tool’s input as one JSON object.';
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw invalid(`--input is not JSON: ${(error as Error).message}`, remedy);
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw invalid(`--input is "${text.slice(0, 80)}", which is not an object`, remedy);
  return { ...read };
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
      const app = await context.app();
      if (name === undefined) {
        const tools = await app.tools();
        return {
          json: { tools: tools.map(({ name: n, title, effect, toolset }) => ({ name: n, title, effect, toolset })) },
          text: tableText(
            ['tool', 'effect', 'what it does'],
            tools.map((t) => [t.name, t.effect, t.title]),
          ),
        };
      }
      const tool = await app.tool(name.replaceAll('-', '_'));
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
