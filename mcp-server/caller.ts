/** Who stands at the other end of a connection, and what is handed to whatever answers one of its requests. */
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type {
  CallToolResult,
  GetPromptResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
  ServerNotification,
  ServerRequest,
  Tool as ToolListing,
} from '@modelcontextprotocol/sdk/types.js';
import type { Actor } from '../domain/decision.js';

export type Scope = 'read' | 'operate' | 'approve';

export interface Caller {
  /** the operating-system user at stdio, the token's owner at HTTP */
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** As whom the person in front of the client answers when the client asks them; null: nobody may answer here. */
  readonly person: Actor | null;
}

/** One request on its way: its signal, and ways back to the client while it runs. */
export interface Passage {
  readonly signal: AbortSignal;
  readonly server: Server;
  readonly extra: RequestHandlerExtra<ServerRequest, ServerNotification>;
  progress(done: number, total?: number, note?: string): void;
  log(level: 'debug' | 'info' | 'warning' | 'error', data: unknown): void;
}

export interface DoorTool {
  readonly listing: ToolListing;
  call(args: Record<string, unknown>, passage: Passage): Promise<CallToolResult>;
}
export interface DoorPrompt {
  readonly listing: Prompt;
  get(args: Record<string, string>): Promise<GetPromptResult>;
  complete?(argument: string, typed: string): Promise<string[]>;
}

/** What a client finds behind the door. Built for one caller; asked anew for each request, so nothing is kept per connection. */
export interface Menu {
  tools(): Promise<readonly DoorTool[]>;
  prompts(): Promise<readonly DoorPrompt[]>;
  resources(): Promise<Resource[]>;
  templates(): Promise<ResourceTemplate[]>;
  /** Fault `not-found` for an address that leads nowhere. */
  read(uri: string): Promise<ReadResourceResult>;
  /** Names the state of the books: another name, and something was written. */
  state(): Promise<string>;
  completeResource(template: string, argument: string, typed: string): Promise<string[]>;
}
