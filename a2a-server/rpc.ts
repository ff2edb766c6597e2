/** JSON-RPC as the SDK reads and writes it. Its own router puts a stack on standard error for each stream that is refused. */
import { JsonRpcTransportHandler, ServerCallContext } from '@a2a-js/sdk/server';
import type { RequestHandler, Response } from 'express';
import type { Handler } from './our-words.js';
import { request } from './request.js';

type Answered = Awaited<ReturnType<JsonRpcTransportHandler['handle']>>;

const failure = (body: unknown, error: unknown) => ({
  ...{ jsonrpc: '2.0', id: (body as { id?: unknown } | undefined)?.id ?? null },
  error: JsonRpcTransportHandler.mapToJSONRPCError(error),
});

const STREAM = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' };

/** A stream that is refused before its first event is answered as any other call is. */
const stream = async (res: Response, body: unknown, events: AsyncGenerator<unknown>) => {
  try {
    for (let next = await events.next(); !next.done; next = await events.next()) {
      if (!res.headersSent) res.writeHead(200, STREAM);
      res.write(`data: ${JSON.stringify(next.value)}\n\n`);
    }
  } catch (error) {
    if (!res.headersSent) return void res.json(failure(body, error));
    res.write(`event: error\ndata: ${JSON.stringify(failure(body, error))}\n\n`);
  }
  if (!res.headersSent) res.writeHead(200, STREAM);
  res.end();
};

/** For a request whose body was read, and whose version was looked at. */
export const rpcHandler = (methods: Handler): RequestHandler => {
  const transport = new JsonRpcTransportHandler(methods);
  return async (req, res) => {
    const userName = request.getStore()?.owner ?? '';
    const context = new ServerCallContext({
      user: { isAuthenticated: userName !== '', userName },
      requestedVersion: req.get('a2a-version') ?? '',
    });
    let answer: Answered;
    try {
      answer = await transport.handle(req.body, context);
    } catch (error) {
      return void res.json(failure(req.body, error));
    }
    if (Symbol.asyncIterator in answer) await stream(res, req.body, answer);
    else res.json(answer);
  };
};
