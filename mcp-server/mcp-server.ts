/**
 * The door for assistants: the registry's tools over the Model Context Protocol, by stdio or Streamable HTTP. It loads what it
 * needs when it needs it, so that `initialize` is answered before anything else of the program is read.
 */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { App, Tool } from '../app.js';
import type { Caller, Menu } from './caller.js';
import type { Choice } from './offer.js';
import type { McpHandler } from './sessions.js';

export type { Caller, DoorPrompt, DoorTool, Menu, Passage } from './caller.js';
export type { Choice } from './offer.js';
export type { McpHandler } from './sessions.js';

export interface StdioOptions extends Choice {
  /** the operating-system user when left out */
  readonly user?: string | undefined;
  /** The user came by a token that does not reach approving: nobody answers approvals in the client's dialog. */
  readonly noAnswers?: boolean | undefined;
}

/** An ended client must not wait for a computation that nobody will read. */
const LAST_MS = 1500;

/** Verbs of tools that answer at once from what is kept; others may compute for long and are streamed. */
const LOOK_UP = /^(get|list|show|find|explain|when)_/;

const versionOf = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** A menu that is built at the first request that needs one. */
const laterMenu = (build: () => Promise<Menu>): Menu => {
  let built: Promise<Menu> | undefined;
  const menu = () => {
    built ??= build();
    return built;
  };
  return {
    tools: async () => (await menu()).tools(),
    prompts: async () => (await menu()).prompts(),
    resources: async () => (await menu()).resources(),
    templates: async () => (await menu()).templates(),
    read: async (uri) => (await menu()).read(uri),
    state: async () => (await menu()).state(),
    completeResource: async (...asked) => (await menu()).completeResource(...asked),
  };
};

/**
 * Serves this process's standard streams until the client goes; `initialize` is answered before the app is open. The process
 * ends with it, also when a call or a worker still runs.
 */
export const startStdio = async (open: () => Promise<App>, options: StdioOptions = {}): Promise<void> => {
  const [{ serverOf }, { keepStdoutPure, serveStdio }] = await Promise.all([
    import('./server.js'),
    import('./stdio.js'),
  ]);
  keepStdoutPure();
  const user = options.user ?? userInfo().username;
  const caller: Caller = {
    id: user,
    scopes: ['read', 'operate', 'approve'],
    person: options.noAnswers === true ? null : { id: user, via: 'cli' },
  };
  let opened: Promise<App> | undefined;
  const app = () => {
    opened ??= open();
    // A later request tries again: a store that was busy may be free by then.
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  const menu = laterMenu(async () => (await import('./menu.js')).menuOf(app, caller, options));
  const server = serverOf(menu, versionOf());
  server.oninitialized = () => void app().catch((error: Error) => console.error(error.message));
  await serveStdio(server);
  setTimeout(() => process.exit(0), LAST_MS).unref();
  await (await opened?.catch(() => undefined))?.close();
  process.exit(0);
};

/**
 * For `/mcp` of the HTTP server, which says who calls and has checked Origin, Host, size and rate. `extend` adds to what a caller
 * finds; the program itself adds nothing.
 */
export const mcpHandler = async (
  app: App,
  choice: Choice = {},
  extend: (menu: Menu) => Menu = (menu) => menu,
): Promise<McpHandler> => {
  const [{ serverOf }, { menuOf }, { sessionHandler }] = await Promise.all([
    import('./server.js'),
    import('./menu.js'),
    import('./sessions.js'),
  ]);
  const version = versionOf();
  const lookUps = new Set(
    (await app.tools()).filter((tool) => tool.effect === 'reads' && LOOK_UP.test(tool.name)).map((tool) => tool.name),
  );
  return sessionHandler(
    (caller) => serverOf(extend(menuOf(async () => app, caller, choice)), version),
    (tool) => lookUps.has(tool),
  );
};

/** What each tool's listing says, in the order of the list: for snapshots and documentation. */
export const listingsOf = async (tools: readonly Tool[]) => {
  const [{ listingOf }, { offered }] = await Promise.all([import('./menu.js'), import('./offer.js')]);
  return offered(tools, ['read', 'operate'], {}).map((tool) => ({ tool, listing: listingOf(tool) }));
};
