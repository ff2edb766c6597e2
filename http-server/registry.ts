/** A registry over HTTP: `POST /lookup` and `POST /subscribe`. */
import express, { type RequestHandler, Router } from 'express';
import { Fault } from '../domain/fault.js';
import type { Registry } from '../market.js';

const LIMIT = 65_536;

export const registryDoor = (registry: Registry): RequestHandler => {
  const router = Router();
  router.post('/subscribe', express.raw({ type: () => true, limit: LIMIT, inflate: false }), async (req, res) => {
    try {
      await registry.subscribe(Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0), req.headers.authorization);
      res.json({ status: 'SUBSCRIBED' });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      res.status(400).json({ error: { code: '30000', message: error.message } });
    }
  });
  router.post('/lookup', express.json({ limit: LIMIT }), async (req, res) => {
    res.json(await registry.lookup((req.body ?? {}) as Record<string, unknown>));
  });
  return router;
};
