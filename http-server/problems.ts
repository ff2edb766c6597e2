/** Failures as RFC 9457 problem details: one table from fault codes to status codes. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Fault, type FaultCode } from '../domain/fault.js';

const STATUS: Record<FaultCode, number> = {
  'invalid-input': 400,
  'not-found': 404,
  conflict: 409,
  forbidden: 403,
  unavailable: 503,
  unsupported: 501,
};

const TITLE: Record<number, string> = {
  400: 'Invalid input',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Too slow',
  409: 'Conflict',
  413: 'Body too large',
  415: 'Unsupported media type',
  422: 'No plan fits',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Defect',
  501: 'Not supported',
  503: 'Unavailable',
};

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly details?: unknown;
}

/** A plan that cannot be: the fault carries the conflict that was found. */
const isInfeasible = (fault: Fault) =>
  typeof fault.details === 'object' && fault.details !== null && 'conflict' in fault.details;

export const problemOf = (fault: Fault): Problem => ({
  status: isInfeasible(fault) ? 422 : STATUS[fault.code],
  code: fault.code,
  detail: fault.message,
  remedy: fault.remedy,
  ...(fault.details === undefined ? {} : { details: fault.details }),
});

/** What a client goes by without reading the body. */
const setHeaders = (res: Response, status: number) => {
  if (status === 401) res.set('WWW-Authenticate', 'Bearer realm="caco"');
  if (status === 429 || status === 503) res.set('Retry-After', res.get('Retry-After') ?? '1');
};

const documentOf = ({ status, code, detail, remedy, details }: Problem, requestId: string) => ({
  type: `urn:caco:problem:${code}`,
  title: TITLE[status] ?? 'Failure',
  status,
  detail,
  instance: `urn:uuid:${requestId}`,
  code,
  remedy,
  ...detailsOf(details),
});

const detailsOf = (details: unknown) => {
  if (details === undefined) return {};
  const errors = FieldErrors.safeParse(details);
  return errors.success ? { errors: byField(errors.data) } : { details };
};

const FieldErrors = z.array(z.strictObject({ field: z.string(), message: z.string() }));

/** As ASP.NET's `ValidationProblemDetails` has them, which clients of the Carbon Aware SDK read: texts by field. */
const byField = (errors: z.output<typeof FieldErrors>): Record<string, string[]> => {
  const texts: Record<string, string[]> = Object.create(null);
  for (const { field, message } of errors) texts[field] = [...(texts[field] ?? []), message];
  return texts;
};

export const sendProblem = (res: Response, problem: Problem) => {
  setHeaders(res, problem.status);
  res
    .status(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify(documentOf(problem, String(res.locals.requestId ?? randomUUID()))));
};

/** What body-parser says, in our words; undefined for anything else. */
const ofBody = (error: { type?: string; code?: unknown; limit?: number }): Problem | undefined => {
  switch (error.type) {
    case 'entity.parse.failed':
      return {
        status: 400,
        code: 'invalid-input',
        detail: 'the body is not JSON',
        remedy: 'Send one JSON document in UTF-8.',
      };
    case 'entity.too.large':
      return {
        status: 413,
        code: 'invalid-input',
        detail: `the body is larger than ${error.limit} bytes`,
        remedy: 'Send it in parts, or use `caco ingest FILE` for large files.',
      };
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return {
        status: 415,
        code: 'unsupported',
        detail: 'the body’s encoding is not supported',
        remedy: 'Send JSON in UTF-8.',
      };
    case 'request.size.invalid':
    case 'request.aborted':
      return { status: 400, code: 'invalid-input', detail: 'the body ended early', remedy: 'Send the request again.' };
    default:
      // What zlib says of a body that is not compressed as its header promises.
      return typeof error.code === 'string' && error.code.startsWith('Z_')
        ? {
            status: 400,
            code: 'invalid-input',
            detail: 'the body cannot be decompressed',
            remedy: 'Send it as Content-Encoding says, or without compression.',
          }
        : undefined;
  }
};

/** A protocol of its own: MCP clients read JSON-RPC errors. */
const sendRpcError = (res: Response, problem: Problem) => {
  setHeaders(res, problem.status);
  res.status(problem.status).json({
    jsonrpc: '2.0',
    error: {
      code: problem.detail === 'the body is not JSON' ? -32700 : -32000,
      message: `${problem.detail}. ${problem.remedy}`,
    },
    id: null,
  });
};

export const refuse = (req: Request, res: Response, problem: Problem) => {
  if (req.path === '/mcp') sendRpcError(res, problem);
  else sendProblem(res, problem);
};

export const problemHandler =
  (log: Logger): ErrorRequestHandler =>
  (error, req, res, _next) => {
    const known = error instanceof Fault ? problemOf(error) : ofBody(error as Parameters<typeof ofBody>[0]);
    // A path that cannot be decoded carries its own status.
    const status = (error as { status?: number }).status;
    const problem =
      known ??
      (status === 400
        ? {
            status: 400,
            code: 'invalid-input',
            detail: 'the request’s address cannot be read',
            remedy: 'Check the URL’s encoding.',
          }
        : {
            status: 500,
            code: 'defect',
            detail: 'a defect of CACO',
            remedy: `Report it with the log lines of request ${res.locals.requestId}.`,
          });
    if (problem.status === 500) log.error({ requestId: res.locals.requestId, err: error }, 'defect');
    if (res.headersSent) return void (res.writableEnded || res.destroy());
    refuse(req, res, problem);
  };

/** What Node cannot read as a request at all: no route and no middleware sees it. */
export const answerUnreadable = (error: NodeJS.ErrnoException, socket: Duplex) => {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const [status, detail, remedy]: [number, string, string] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'the headers are larger than 16 KiB', 'Send fewer or shorter headers.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'the request did not arrive in time', 'Send it again, faster.']
        : [400, 'this is not an HTTP/1.1 request', 'Send a request line, headers and a body as RFC 9112 has them.'];
  const body = JSON.stringify(documentOf({ status, code: 'invalid-input', detail, remedy }, randomUUID()));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};
