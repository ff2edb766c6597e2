/** What is asked of a caller before the SDK reads anything: the protocol's version, the scope, and a message of the shape that is read. */
import type { Request, RequestHandler, Response } from 'express';
import { askedOf, isTaken, looks } from './message.js';
import { request } from './request.js';

const VERSION = '1.0';
type Binding = 'rpc' | 'rest';

const info = (reason: string) => [
  { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'a2a-protocol.org' },
];

/** An error as the binding has it. */
const refuse = (
  req: Request,
  res: Response,
  binding: Binding,
  {
    http,
    code,
    status,
    reason,
    message,
  }: { http: number; code: number; status: string; reason: string; message: string },
) => {
  if (http === 403) res.status(403);
  if (binding === 'rest')
    return void res.status(http).json({ error: { code: http, status, message, details: info(reason) } });
  const id = (req.body as { id?: unknown } | undefined)?.id ?? null;
  res.json({ jsonrpc: '2.0', id, error: { code, message, data: info(reason) } });
};

/** Methods that only look, by JSON-RPC. Whatever is not named here needs the scope to operate. */
const LOOKING = new Set([
  'GetTask',
  'ListTasks',
  'SubscribeToTask',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'GetExtendedAgentCard',
]);
const SENDING = new Set(['SendMessage', 'SendStreamingMessage']);

/** What a request is: it sends a message, or only looks, or does something. */
const kindOf = (req: Request, binding: Binding): 'sends' | 'looks' | 'acts' => {
  if (binding === 'rpc') {
    const method = String((req.body as { method?: unknown } | undefined)?.method);
    return SENDING.has(method) ? 'sends' : LOOKING.has(method) ? 'looks' : 'acts';
  }
  if (req.method === 'GET' || req.method === 'HEAD' || /:subscribe\/?$/i.test(req.path)) return 'looks';
  return req.method === 'POST' && /\/message:(send|stream)\/?$/i.test(req.path) ? 'sends' : 'acts';
};

export const admit =
  (binding: Binding): RequestHandler =>
  (req, res, next) => {
    const context = request.getStore()!;
    const version = req.get('a2a-version');
    if (version !== VERSION)
      return refuse(req, res, binding, {
        ...{ http: 400, code: -32009, status: 'INVALID_ARGUMENT', reason: 'VERSION_NOT_SUPPORTED' },
        message: `A2A ${version?.slice(0, 20) ?? '0.3 (no A2A-Version header)'} is not spoken here; send A2A-Version: ${VERSION}`,
      });
    const kind = kindOf(req, binding);
    const asked =
      kind === 'sends' ? askedOf(binding === 'rest' ? req.body : (req.body as { params?: unknown }).params) : undefined;
    const looksOnly = kind === 'looks' || (asked !== undefined && (!isTaken(asked) || looks(asked)));
    const scope = looksOnly ? 'read' : 'operate';
    if (!context.caller.scopes.includes(scope))
      return refuse(req, res, binding, {
        ...{ http: 403, code: -32603, status: 'PERMISSION_DENIED', reason: 'SCOPE_MISSING' },
        message: `the token of ${context.caller.id} does not reach ${scope}; make one with caco token create --scope ${scope} --for NAME`,
      });
    request.run({ ...context, asked }, next);
  };
