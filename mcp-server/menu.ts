/** What one caller finds here: the offered tools of the registry, prompts and resources, over an App that opens at the first need. */
import type { Tool as ToolListing } from '@modelcontextprotocol/sdk/types.js';
import type { App, Tool } from '../app.js';
import { Fault } from '../domain/fault.js';
import { resultOf } from './answer.js';
import { type Arguments, argumentsFor, withTimesToWrite } from './arguments.js';
import type { Caller, DoorTool, Menu, Passage } from './caller.js';
import { askForApproval, askForRegion } from './elicit.js';
import { faultResult } from './fault-result.js';
import { annotationsOf, type Choice, offered, withheldFrom } from './offer.js';
import { promptsOf } from './prompts.js';
import { resourcesOf } from './resources.js';
import { inputSchema, type JsonSchema, outputSchema } from './schema.js';

const KEY = { type: 'string', description: 'the same key: it happens once' };

const listings = new WeakMap<Tool, ToolListing>();

/** Schemas are made once per tool: translating zod takes longer than a call. */
export const listingOf = (tool: Tool): ToolListing => {
  const known = listings.get(tool);
  if (known) return known;
  const input = inputSchema(tool.input);
  const properties = { ...(input.properties as JsonSchema) };
  for (const name of withheldFrom(tool)) delete properties[name];
  if (tool.effect !== 'reads') properties.idempotencyKey = KEY;
  const listing = {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: { ...input, properties },
    outputSchema: outputSchema(tool.output),
    annotations: annotationsOf(tool),
  } as ToolListing;
  listings.set(tool, listing);
  return listing;
};

export const menuOf = (app: () => Promise<App>, caller: Caller, choice: Choice): Menu => ({
  tools: async () => {
    const opened = await app();
    return offered(await opened.tools(), caller.scopes, choice).map((tool) =>
      doorTool(opened, tool, caller, choice.dialog !== false),
    );
  },
  prompts: async () => promptsOf(app),
  state: async () => String(await (await app()).world.ledger.size()),
  ...resourcesOf(app, caller),
});

const doorTool = (app: App, tool: Tool, caller: Caller, dialog: boolean): DoorTool => ({
  listing: listingOf(tool),
  async call(args, passage) {
    try {
      const answer = await callTool(app, tool, caller, args, passage).catch((error: unknown) => {
        throw error instanceof Fault ? withTimesToWrite(error, args) : error;
      });
      const final =
        tool.name === 'request_approval' ? await askForApproval(app, caller, answer, passage, dialog) : answer;
      if (tool.effect !== 'reads') passage.log('info', { tool: tool.name, by: caller.id, done: tool.tell(answer) });
      return await resultOf(tool.name, final, tool.tell(final), app.world.store);
    } catch (error) {
      if (passage.signal.aborted) throw error;
      if (error instanceof Fault) return faultResult(error);
      // A defect of ours: the assistant learns that it is not its fault, the operator reads the stack on standard error.
      console.error(error);
      passage.log('error', {
        tool: tool.name,
        message: 'a defect of CACO; standard error of the server has the details',
      });
      return faultResult(
        new Fault(
          'unavailable',
          `${tool.name} failed by a defect of CACO`,
          'Try other arguments, or report it with the lines on the server’s standard error.',
        ),
      );
    }
  },
});

/** Arguments in the shape in which the tool knows them. Fault `invalid-input` for one that is not offered here. */
const argumentsOf = (tool: Tool, args: Arguments) => {
  const names = Object.keys(listingOf(tool).inputSchema.properties ?? {});
  const { idempotencyKey, ...input } = argumentsFor(tool, args, names);
  const key = idempotencyKey === null || idempotencyKey === '' ? undefined : idempotencyKey;
  if (key !== undefined && (typeof key !== 'string' || key === '' || key.length > 200))
    throw new Fault(
      'invalid-input',
      'idempotencyKey must be text of 1 to 200 characters',
      'Use a UUID, or leave it out.',
    );
  return { key, input };
};

const callTool = async (app: App, tool: Tool, caller: Caller, args: Arguments, passage: Passage) => {
  const { key, input } = argumentsOf(tool, args);
  const by = {
    actor: { id: caller.id, via: 'mcp' as const },
    signal: passage.signal,
    progress: ({ done, total, note }: { done: number; total?: number; note?: string }) =>
      passage.progress(done, total, note),
    ...(key === undefined ? {} : { idempotencyKey: `mcp:${encodeURIComponent(caller.id)}:${key}` }),
    ...(tool.effect === 'acts' && typeof input.decisionId === 'string' ? { decisionId: input.decisionId } : {}),
  };
  const completed = tool.name === 'get_grid_forecast' ? await askForRegion(app, input, passage) : input;
  return app.call(tool.name, completed, by);
};
