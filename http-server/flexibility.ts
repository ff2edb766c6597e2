/** Flexibility events over HTTP: what a network or a market asks for, and how it was answered. */
import { Router } from 'express';
import { z } from 'zod';
import type { App } from '../app.js';
import { notFound } from '../domain/fault.js';
import { EVENTS, statusAt } from '../domain/flexibility/event.js';
import { actorOf, requireScope } from './guard.js';
import { parseBody, type Working } from './runs.js';

const Listed = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().optional(),
});
const Why = z.strictObject({ why: z.string().max(2000).default('') });

export const flexibilityRoutes = (app: App, working: Working): Router => {
  const router = Router();

  router.get('/flexibility/events', async (req, res) => {
    requireScope(res, 'read');
    const page = Object.fromEntries(Object.entries(parseBody(Listed, req.query)).filter(([, v]) => v !== undefined));
    res.json(await app.call('list_events', page, { actor: actorOf(res) }));
  });

  router.get('/flexibility/events/:id', async (req, res) => {
    requireScope(res, 'read');
    const found = (await app.world.store.collection(EVENTS).get(req.params.id))?.value;
    if (!found) throw notFound(`there is no event ${req.params.id}`, 'GET /flexibility/events lists them.');
    res.json({ ...found, status: statusAt(found, app.world.clock.now()) });
  });

  // It goes on although its caller has gone: what was received is kept, and answered once.
  router.post('/flexibility/events', async (req, res) => {
    requireScope(res, 'operate');
    const by = { actor: actorOf(res), signal: working.signal };
    const event = await working.track(app.respond(req.body, by));
    res.status(event.status === 'received' ? 202 : 200).json(event);
  });

  router.post('/flexibility/events/:id/cancel', async (req, res) => {
    requireScope(res, 'operate');
    const { why } = parseBody(Why, req.body);
    res.json(await app.cancelEvent(req.params.id, why, { actor: actorOf(res), signal: working.signal }));
  });
  return router;
};
