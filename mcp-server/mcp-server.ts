/** The door for assistants: the registry's tools over the Model Context Protocol, by stdio or Streamable HTTP. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { App } from '../app.js';
import type { Caller, Menu } from './caller.js';
import { menuOf } from './menu.js';
import type { Choice } from './offer.js';
import { serverOf } from './server.js';
import { type McpHandler, sessionHandler } from './sessions.js';
import { keepStdoutPure, serveStdio } from './stdio.js';

export type { Caller, DoorPrompt, DoorTool, Menu, Passage } from './caller.js';
export { listingOf, menuOf } from './menu.js';
export { type Choice, OFFER, offered } from './offer.js';
export { serverOf } from './server.js';
export { type McpHandler, sessionHandler } from './sessions.js';

export interface StdioOptions extends Choice {
  /** the operating-system user when left out */
  readonly user?: string | undefined;
}

/** An ended client must not wait for a computation that nobody will read. */
const LAST_MS = 1500;

let version: string | undefined;
const versionOf = () => {
  version ??= (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;
  return version;
};

/** For one caller: what they find, behind the protocol. */
export const serverFor = (app: () => Promise<App>, caller: Caller, choice: Choice = {}): Server =>
  serverOf(menuOf(app, caller, choice), versionOf());

/**
 * Serves this process's standard streams until the client goes; `initialize` is answered before the app is open. The process
 * ends with it, also when a call or a worker still runs.
 */
export const startStdio = async (open: () => Promise<App>, options: StdioOptions = {}): Promise<void> => {
  keepStdoutPure();
  const user = options.user ?? userInfo().username;
  const caller: Caller = { id: user, scopes: ['read', 'operate', 'approve'], person: { id: user, via: 'cli' } };
  let opened: Promise<App> | undefined;
  const app = () => {
    opened ??= open();
    // A later request tries again: a store that was busy may be free by then.
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  const server = serverFor(app, caller, options);
  server.oninitialized = () => void app().catch((error: Error) => console.error(error.message));
  await serveStdio(server);
  setTimeout(() => process.exit(0), LAST_MS).unref();
  await (await opened?.catch(() => undefined))?.close();
  process.exit(0);
};

/** For `/mcp` of the HTTP server, which says who calls and has checked Origin, Host, size and rate. */
export const mcpHandler = (app: App, choice: Choice = {}, menu: (menu: Menu) => Menu = (m) => m): McpHandler =>
  sessionHandler((caller) => serverOf(menu(menuOf(async () => app, caller, choice)), versionOf()));
