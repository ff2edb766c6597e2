/** stdio: protocol on standard output and nothing else, everything else on standard error, and an end when the client has gone. */
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

/** A line longer than this is not a request. */
const MAX_LINE = 16 * 1024 * 1024;

/** Anything that prints by console would break the protocol. */
export const keepStdoutPure = () => {
  console.log = console.error;
  console.info = console.error;
  console.debug = console.error;
};

/** The answer to a line that is not JSON, or JSON that is no message; undefined for what is no line's fault. */
const lineError = (error: Error): string | undefined => {
  const [code, message] =
    error instanceof SyntaxError
      ? [-32700, 'Parse error: each line must be one JSON-RPC message']
      : error.name === 'ZodError'
        ? [-32600, 'Invalid Request: a message has jsonrpc "2.0", and a method or a result; batches are not used']
        : [];
  return code === undefined ? undefined : `${JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null })}\n`;
};

/** Serves until standard input closes, the reader of standard output goes away, or the process is told to end. */
export const serveStdio = async (server: Server): Promise<void> => {
  const transport = new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize: MAX_LINE });
  const ended = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
    process.stdout.on('error', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    const before = server.onclose;
    server.onclose = () => {
      before?.();
      resolve();
    };
  });
  server.onerror = (error) => {
    const line = lineError(error);
    if (line !== undefined) process.stdout.write(line);
    else console.error(error.message);
  };
  await server.connect(transport);
  await ended;
  await server.close();
};
