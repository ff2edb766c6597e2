/** Streamable HTTP: one server and transport per session, bound to the token that opened it. Who may come in is the HTTP server's to say. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Caller } from './caller.js';
import { boundedEventStore } from './event-store.js';
import { Lanes } from './lanes.js';

const IDLE_MS = 30 * 60_000;
const MAX_SESSIONS = 500;
const RETRY_MS = 2000;

/** A caller over HTTP, with the id of the token they showed; null: none was demanded. */
export type HttpCaller = Caller & { readonly tokenId: string | null };

interface Session {
  readonly tokenId: string | null;
  readonly server: Server;
  readonly transport: StreamableHTTPServerTransport;
  readonly lanes: Lanes;
  open: number;
  usedAt: number;
}

export interface McpHandler {
  /** Answers one request of POST, GET or DELETE; `body` is its parsed JSON. */
  handle(req: IncomingMessage, res: ServerResponse, body: unknown, caller: HttpCaller): Promise<void>;
  sessions(): number;
  close(): Promise<void>;
}

const refuse = (res: ServerResponse, status: number, code: number, message: string) => {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
};

/** `looksUp` says which tools change nothing and answer at once: their answers need no stream. */
export const sessionHandler = (
  serverFor: (caller: Caller) => Server,
  looksUp: (tool: string) => boolean,
): McpHandler => {
  const sessions = new Map<string, Session>();
  const end = async (id: string) => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.server.close();
  };
  const reap = setInterval(() => {
    for (const [id, session] of sessions) if (session.open === 0 && Date.now() - session.usedAt > IDLE_MS) void end(id);
  }, 60_000);
  reap.unref();

  const begin = async (caller: HttpCaller): Promise<Session> => {
    if (sessions.size >= MAX_SESSIONS) {
      const idle = [...sessions].filter(([, s]) => s.open === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt)[0];
      if (idle) await end(idle[0]);
    }
    const server = serverFor(caller);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: boundedEventStore(),
      retryInterval: RETRY_MS,
      onsessioninitialized: (id) => void sessions.set(id, session),
      onsessionclosed: (id) => end(id),
    });
    const lanes = new Lanes(transport);
    const session: Session = { tokenId: caller.tokenId, server, transport, lanes, open: 0, usedAt: Date.now() };
    await server.connect(lanes);
    return session;
  };

  return {
    async handle(req, res, body, caller) {
      if (!['POST', 'GET', 'DELETE'].includes(req.method ?? '')) {
        res.setHeader('Allow', 'GET, POST, DELETE');
        return refuse(res, 405, -32000, `${req.method} is not used here. Send POST, GET or DELETE.`);
      }
      const given = req.headers['mcp-session-id'];
      const id = Array.isArray(given) ? given[0] : given;
      // Another token's session is as unknown as one that has ended: its id alone opens nothing. A name is not enough, since the
      // session may do what the token that opened it may, and one name can have several.
      const known = id === undefined ? undefined : sessions.get(id);
      const mine = known?.tokenId === caller.tokenId ? known : undefined;
      if (id !== undefined && !mine)
        return refuse(
          res,
          404,
          -32001,
          'This session is unknown or has ended. Initialize again, without Mcp-Session-Id.',
        );
      if (!mine && !(req.method === 'POST' && isInitializeRequest(body)))
        return refuse(res, 400, -32000, 'No session: send initialize first, then Mcp-Session-Id with every request.');
      if (!mine && sessions.size >= MAX_SESSIONS && ![...sessions.values()].some((s) => s.open === 0)) {
        res.setHeader('Retry-After', '60');
        return refuse(res, 503, -32000, `${MAX_SESSIONS} sessions are open. End one with DELETE, or try again later.`);
      }
      const session = mine ?? (await begin(caller));
      session.open += 1;
      res.once('close', () => {
        session.open -= 1;
        session.usedAt = Date.now();
      });
      // A client that can be asked may be asked in the middle of a call, which needs a stream.
      const asks = session.server.getClientCapabilities()?.elicitation !== undefined;
      const short = mine && session.lanes.short(req, body, (tool) => !asks && looksUp(tool));
      if (short) await session.lanes.answer(short, req, res);
      else await session.transport.handleRequest(req, res, body);
    },
    sessions: () => sessions.size,
    async close() {
      clearInterval(reap);
      await Promise.all([...sessions.keys()].map(end));
    },
  };
};
