/** `caco mcp` and `caco serve`: the doors for assistants and for programs. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Fault, invalid } from '../../domain/fault.js';
import { addCommand, type Context } from '../command.js';
import { unreadable } from '../market.js';

const TOOLSETS = ['plan', 'grid', 'fleet', 'policy', 'proof', 'tickets', 'status'];

const choiceOf = (context: Context, options: Record<string, unknown>) => {
  const toolsets =
    options.tools === undefined
      ? undefined
      : String(options.tools)
          .split(',')
          .map((name) => name.trim());
  const unknown = toolsets?.filter((name) => !TOOLSETS.includes(name)) ?? [];
  if (unknown.length > 0)
    throw invalid(`--tools names no toolset ${unknown.join(', ')}`, `There are ${TOOLSETS.join(', ')}.`);
  return {
    toolsets,
    readOnly: options.readOnly === true || process.env.CACO_MCP_READ_ONLY === '1',
    dialog: options.dialog !== false && context.config.mcpDialog === 'on',
  };
};

/** A token's owner and what the token reaches: one that may only read opens a door that only reads, one below `approve` answers nothing. */
const ownerOf = async (context: Context): Promise<{ user?: string; readOnly?: true; noAnswers?: boolean }> => {
  if (context.config.token === undefined) return {};
  const { id } = await context.actor('read');
  const reaches = async (scope: 'operate' | 'approve') => {
    try {
      await context.actor(scope);
      return true;
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  };
  return {
    user: id,
    ...((await reaches('operate')) ? {} : { readOnly: true }),
    noAnswers: !(await reaches('approve')),
  };
};

const mcp = async (context: Context, _: string[], options: Record<string, unknown>) => {
  const choice = choiceOf(context, options);
  const { startStdio } = await import('../../mcp-server/mcp-server.js');
  await startStdio(context.app, { ...choice, ...(await ownerOf(context)) });
  return undefined;
};

/** The page that the build has put beside this program, where it has. */
const pagesFolder = () => {
  const folder = fileURLToPath(new URL('../../dashboard/', import.meta.url));
  return existsSync(`${folder}index.html`) ? folder : undefined;
};

const serve = async (context: Context, _: string[], options: Record<string, unknown>) => {
  const choice = choiceOf(context, options);
  const [app, { startHttp }, { a2aDoor }, { becknDoor }, { marketOf }, { mcpHandler }] = await Promise.all([
    context.app(),
    import('../../http-server/http-server.js'),
    import('../../a2a-server/a2a-server.js'),
    import('../../http-server/beckn.js'),
    import('../../market.js'),
    import('../../mcp-server/mcp-server.js'),
  ]);
  // Whoever asks first shall not wait for the graph to load.
  await app.prepare();
  const pages = pagesFolder();
  const door = becknDoor(app, options.requireToken === true);
  const server = await startHttp(app, {
    mounts: { '/beckn': door.handler },
    market: door.counts,
    mcp: await mcpHandler(app, choice),
    a2a: a2aDoor(app, context.warn),
    requireToken: options.requireToken === true,
    allowOrigins: options.allowOrigin === undefined ? [] : [options.allowOrigin].flat().map(String),
    ...(pages === undefined ? {} : { pages }),
  });
  const market = await marketOf(app, server.url, (error) => context.warn(`market: ${(error as Error).message}`));
  door.answerBy(market);
  const open = await market.buyer.askOpen(unreadable(context));
  if (open > 0) context.warn(`${open} open orders: their sellers are asked how they stand.`);
  context.warn(
    `CACO answers at ${server.url} (${pages === undefined ? '' : 'the page at /, '}MCP at /mcp, A2A at /a2a/grid and its neighbours). Ctrl-C ends it.`,
  );
  if (context.json)
    process.stdout.write(`${JSON.stringify({ url: server.url, port: server.port, mcp: `${server.url}/mcp` })}\n`);
  await new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve();
    else context.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  door.answerBy(null);
  await market.close();
  await server.close();
  return undefined;
};

export const register = (program: Command) => {
  addCommand(
    program,
    'mcp',
    'serve an assistant over standard input and output (Model Context Protocol)',
    (c) =>
      c
        .option('--tools <sets>', `only these toolsets, joined by commas: ${TOOLSETS.join(', ')}`)
        .option('--read-only', 'only tools that change nothing')
        .option('--no-dialog', 'approvals are not answered in the assistant’s dialog'),
    mcp,
  );
  addCommand(
    program,
    'serve',
    'serve the page for people at /, programs over HTTP, and MCP at /mcp',
    (c) =>
      c
        .option('--port <port>', 'port to listen on; 0 takes a free one')
        .option('--host <host>', 'address to listen on; another than loopback needs a token')
        .option('--require-token', 'demand a token on loopback too')
        .option('--allow-origin <url...>', 'origins of pages that may call')
        .option('--tools <sets>', `toolsets that /mcp offers, joined by commas: ${TOOLSETS.join(', ')}`)
        .option('--read-only', '/mcp offers only tools that change nothing')
        .option('--no-dialog', 'approvals are not answered in the dialogs of /mcp’s clients'),
    serve,
  );
};
