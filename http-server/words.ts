/** The doors for words: the three agents' JSON commands and the copilot's chat. */
import { Router } from 'express';
import { z } from 'zod';
import type { App } from '../app.js';
import { Fault, notFound } from '../domain/fault.js';
import { actorOf, requireScope } from './guard.js';
import { parseBody } from './runs.js';
import { failureOf, openStream, wantsStream } from './sse.js';

const AGENTS = ['compute', 'grid', 'coordination'] as const;
const isAgent = (name: string): name is (typeof AGENTS)[number] => (AGENTS as readonly string[]).includes(name);

const ChatBody = z.strictObject({ message: z.string(), threadId: z.string().optional() });

export const wordRoutes = (app: App): Router => {
  const router = Router();

  router.post('/agents/:name', async (req, res) => {
    const { name } = req.params;
    if (!isAgent(name)) throw notFound(`there is no agent ${name}`, `There are ${AGENTS.join(', ')}.`);
    const command = (req.body as { command?: unknown } | undefined)?.command;
    requireScope(res, typeof command === 'string' && command.startsWith('get_') ? 'read' : 'operate');
    res.json(await app.agent(name, req.body, { actor: actorOf(res) }));
  });

  router.post('/chat', async (req, res) => {
    requireScope(res, 'read');
    const { message, threadId } = parseBody(ChatBody, req.body);
    const gone = new AbortController();
    res.once('close', () => gone.abort(new DOMException('the caller has gone', 'AbortError')));
    const by = { actor: actorOf(res), signal: gone.signal };
    if (!wantsStream(req)) return void res.json(await app.chat(message, threadId, by));
    const stream = openStream(res);
    let told = false;
    try {
      await app.chat(message, threadId, {
        ...by,
        onEvent: ({ type, ...rest }) => {
          told ||= type === 'done' || type === 'replaced' || type === 'failed';
          stream.send(type, rest);
        },
      });
    } catch (error) {
      if (gone.signal.aborted) return;
      // A last event always comes, and exactly one.
      if (!told) stream.send('failed', failureOf(error));
      if (!(error instanceof Fault)) throw error;
    } finally {
      stream.end();
    }
  });
  return router;
};
