/**
 * A session's transport with two lanes. Requests that look something up, and ask for no progress, are answered as one JSON document; all
 * others go through the SDK's transport, which streams and can be resumed. The protocol lets the server choose per request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  type JSONRPCRequest,
  type RequestId,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/sdk/types.js';

/** Answered from what is at hand: nothing to stream. `tools/call` is the caller's to judge. */
const SHORT = new Set([
  'ping',
  'tools/list',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'completion/complete',
  'logging/setLevel',
]);

export class Lanes implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  readonly #waiting = new Map<RequestId, (answer: JSONRPCMessage | null) => void>();

  constructor(private readonly stream: StreamableHTTPServerTransport) {}

  get sessionId(): string | undefined {
    return this.stream.sessionId;
  }

  async start(): Promise<void> {
    this.stream.onclose = () => {
      for (const settle of this.#waiting.values()) settle(null);
      this.onclose?.();
    };
    this.stream.onerror = (error) => this.onerror?.(error);
    this.stream.onmessage = (message, extra) => {
      this.onmessage?.(message, extra);
      // A cancelled request is never answered; whoever waits for it must not wait for ever.
      if ('method' in message && message.method === 'notifications/cancelled')
        this.#waiting.get((message.params as { requestId?: RequestId } | undefined)?.requestId ?? '')?.(null);
    };
    await this.stream.start();
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    const related = options?.relatedRequestId;
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      const settle = message.id === undefined ? undefined : this.#waiting.get(message.id);
      if (settle) return settle(message);
    }
    // Where no stream belongs to the request, what it says meanwhile goes to the session's own, if that is open.
    const streamed = related !== undefined && !this.#waiting.has(related);
    return this.stream.send(message, streamed ? { relatedRequestId: related } : {});
  }

  close(): Promise<void> {
    return this.stream.close();
  }

  /** The request when it may be answered as one document; `looksUp` says which tools answer at once. */
  short(req: IncomingMessage, body: unknown, looksUp: (tool: string) => boolean): JSONRPCRequest | null {
    const { accept = '', 'mcp-protocol-version': version } = req.headers;
    const understood =
      accept.includes('application/json') &&
      accept.includes('text/event-stream') &&
      req.headers['content-type']?.includes('application/json') === true &&
      (version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version)));
    if (req.method !== 'POST' || !understood || Array.isArray(body)) return null;
    const { success, data } = JSONRPCMessageSchema.safeParse(body);
    if (!success || !isJSONRPCRequest(data) || data.params?._meta?.progressToken !== undefined) return null;
    if (this.#waiting.has(data.id)) return null;
    return SHORT.has(data.method) || (data.method === 'tools/call' && looksUp(String(data.params?.name))) ? data : null;
  }

  async answer(request: JSONRPCRequest, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { id } = request;
    const answer = await new Promise<JSONRPCMessage | null>((resolve) => {
      this.#waiting.set(id, resolve);
      // The answer cannot be fetched later, so there is no use in working on it.
      res.once('close', () => {
        if (this.#waiting.get(id) !== resolve) return;
        this.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
        resolve(null);
      });
      this.onmessage?.(request, { requestInfo: { headers: req.headers } });
    });
    this.#waiting.delete(id);
    if (res.destroyed || res.headersSent) return;
    if (answer === null) {
      res.writeHead(202).end();
      return;
    }
    res.writeHead(200, {
      'Content-Type': 'application/json',
      ...(this.sessionId === undefined ? {} : { 'Mcp-Session-Id': this.sessionId }),
    });
    res.end(JSON.stringify(answer));
  }
}
