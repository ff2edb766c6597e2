/** `POST /tools/:name`: the registry's tools, with the caller's scope, an idempotency key and the decision that gives leave. */
import { type RequestHandler, Router } from 'express';
import type { App, Tool } from '../app.js';
import { Fault } from '../domain/fault.js';
import { alike } from './alike.js';
import { actorOf, callerOf, requireScope, type Scope } from './guard.js';
import { failureOf, openStream, wantsStream } from './sse.js';

export const SCOPE_OF: Record<Tool['effect'], Scope> = {
  reads: 'read',
  records: 'operate',
  acts: 'operate',
  decides: 'approve',
};

const KEY = /^[\x21-\x7e]{1,200}$/;

/** Longer questions are seldom asked twice. */
const MOST_ALIKE = 1000;

/** A deed is finished although its caller has gone; anything else stops, since nobody reads the answer. */
const signalFor = (res: Parameters<RequestHandler>[1], tool: Tool): AbortSignal => {
  const gone = new AbortController();
  if (tool.effect === 'reads' || tool.effect === 'records')
    res.once('close', () => {
      if (!res.writableFinished) gone.abort(new DOMException('the caller has gone', 'AbortError'));
    });
  return gone.signal;
};

export const toolRoutes = (app: App, tools: readonly Tool[]): Router => {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const lookUps = alike();
  const router = Router();

  router.get('/tools', (_, res) => {
    requireScope(res, 'read');
    res.json({
      tools: tools.map(({ name, title, description, toolset, effect }) => ({
        name,
        title,
        description,
        toolset,
        effect,
        scope: SCOPE_OF[effect],
      })),
    });
  });

  router.post('/tools/:name', async (req, res) => {
    const tool = byName.get(req.params.name);
    requireScope(res, tool ? SCOPE_OF[tool.effect] : 'read');
    // Names of the program's own steps are refused with what to do instead; others are not known.
    if (!tool) return void (await app.call(req.params.name, req.body ?? {}, { actor: actorOf(res) }));
    const body: unknown = req.body ?? {};
    const key = req.get('idempotency-key');
    if (key !== undefined && !KEY.test(key))
      throw new Fault('invalid-input', 'Idempotency-Key must be 1 to 200 visible ASCII characters', 'Use a UUID.');
    const inBody = (body as { decisionId?: unknown }).decisionId;
    const decisionId = req.get('caco-decision') ?? (typeof inBody === 'string' ? inBody : undefined);
    const signal = signalFor(res, tool);
    const by = {
      actor: actorOf(res),
      signal,
      ...(decisionId === undefined ? {} : { decisionId }),
      ...(key === undefined ? {} : { idempotencyKey: `http:${encodeURIComponent(callerOf(res).id)}:${key}` }),
    };
    if (!wantsStream(req)) {
      try {
        const answer = async (until: AbortSignal) =>
          JSON.stringify(await app.call(tool.name, body, { ...by, signal: until }));
        const { id, scopes, tokenId } = callerOf(res);
        const question = JSON.stringify([tool.name, body, id, scopes, tokenId, decisionId]);
        const isShared = tool.effect === 'reads' && key === undefined && question.length <= MOST_ALIKE;
        const text = isShared ? await lookUps.ask(question, signal, answer) : await answer(signal);
        if (!signal.aborted) res.type('json').send(text);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      return;
    }
    const stream = openStream(res);
    try {
      const answer = await app.call(tool.name, body, { ...by, progress: (step) => stream.send('progress', step) });
      stream.send('done', answer);
    } catch (error) {
      // Whoever has gone reads no last event, and that they went is no defect.
      if (signal.aborted) return;
      stream.send('failed', failureOf(error));
      if (!(error instanceof Fault)) throw error;
    } finally {
      stream.end();
    }
  });
  return router;
};
