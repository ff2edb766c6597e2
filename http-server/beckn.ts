/** The market over HTTP: Beckn's actions and callbacks, answered on the raw bytes that were signed. */
import express, { type RequestHandler, Router } from 'express';
import type { App } from '../app.js';
import { Fault } from '../domain/fault.js';
import { SOLD_ORDERS } from '../domain/market.js';
import type { Market } from '../market.js';
import { authenticate, requireScope } from './guard.js';

const ACTION = /^(on_)?(search|select|init|confirm|status|track|update|cancel|rating|support|discover|rate)$/;
const MOST_LISTED = 200;

export interface BecknDoor {
  readonly handler: RequestHandler;
  /** From now on this market answers; before, and after null, nobody does. */
  answerBy(market: Market | null): void;
  /** What the market counts, for whoever measures it; null while none is open. */
  counts(): Pick<Market, 'nacks' | 'sent'> | null;
}

/** `tokenNeeded`: what only operators see asks for a token on loopback too. */
export const becknDoor = (app: App, tokenNeeded: boolean): BecknDoor => {
  let market: Market | null = null;
  const router = Router();
  router.use((_, res, next) => {
    if (market !== null) return next();
    res
      .status(503)
      .set('Retry-After', '1')
      .json({ error: { code: '40000', message: 'the market is not open yet' } });
  });

  router.post('/on_subscribe', express.json({ limit: 65_536 }), (req, res) => {
    const { challenge } = (req.body ?? {}) as { challenge?: unknown };
    try {
      if (typeof challenge !== 'string') throw new Error('the body needs a challenge');
      res.json({ answer: market!.answer(challenge) });
    } catch (error) {
      const message = (error as Error).message;
      res.status(400).json({ message: { ack: { status: 'NACK' } }, error: { code: '30000', message } });
    }
  });

  const raw: RequestHandler = (req, res, next) =>
    express.raw({ type: () => true, limit: market!.settings.maxBodyBytes, inflate: false })(req, res, next);
  router.post(
    '/:action',
    (req, _, next) => (ACTION.test(String(req.params.action)) ? next() : next('route')),
    raw,
    async (req, res) => {
      const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
      const { authorization, 'content-type': type } = req.headers;
      const answer = await market!.receive({
        action: String(req.params.action),
        body,
        headers: {
          authorization,
          'content-type': type,
          'x-gateway-authorization': req.get('x-gateway-authorization'),
          'proxy-authorization': req.get('proxy-authorization'),
        },
        url: `${(String(req.params.action).startsWith('on_') ? market!.settings.bapUri : market!.settings.bppUri).replace(/\/+$/, '')}/${req.params.action}`,
      });
      res.status(answer.status).set(answer.headers).json(answer.body);
    },
  );
  router.all('/:action', (req, res, next) => {
    if (!ACTION.test(String(req.params.action))) return next();
    res
      .status(405)
      .set('Allow', 'POST')
      .json(refusal(`${req.method} is not used here: POST a signed message`));
  });

  router.get('/track/:id', async (req, res) => {
    const order = (await app.world.store.collection(SOLD_ORDERS).get(String(req.params.id)))?.value.order;
    if (order?.id === undefined || order.id === null)
      return void res.status(404).json(refusal('there is no such order'));
    res.json({ id: order.id, state: order.state, window: order.item?.window ?? null });
  });

  const who = authenticate(app, tokenNeeded);
  router.get('/orders', who, async (_, res) => {
    requireScope(res, 'operate');
    const orders = await app.world.store.collection(SOLD_ORDERS).list({ limit: MOST_LISTED });
    res.json({ orders: orders.map(({ value }) => value) });
  });
  router.get('/outbox', who, async (_, res) => {
    requireScope(res, 'operate');
    const { mail } = app.world.store;
    const letters = await mail.list({ box: 'out', limit: MOST_LISTED });
    res.json({
      counts: await mail.count('out'),
      letters: letters.map(({ body: _b, exchange: _e, digest: _d, ...letter }) => letter),
    });
  });

  // What could not be read whole is answered in the words of the protocol, not in this server's own.
  const trouble: express.ErrorRequestHandler = (error, _, res, next) => {
    const { status, message } = error as { status?: number; message: string };
    if (error instanceof Fault || status === undefined || res.headersSent) return next(error);
    res
      .status(status === 413 ? 413 : 400)
      .json(refusal(status === 413 ? `the body is larger than ${market?.settings.maxBodyBytes} bytes` : message));
  };
  router.use(trouble);
  return {
    handler: router,
    answerBy(next) {
      market = next;
    },
    counts: () => market,
  };
};

const refusal = (message: string) => ({ message: { ack: { status: 'NACK' } }, error: { code: '30000', message } });
