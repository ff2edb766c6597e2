/**
 * The door for other agents: compute, grid and coordination over A2A 1.0, by JSON-RPC and HTTP+JSON, each with a card of its own.
 * It is mounted in the HTTP server, which says who calls and has checked origin, size and rate. Tasks are kept in the store: a
 * message begins one however often it comes, and a process that ends is taken up where it stood.
 */
import { readFileSync } from 'node:fs';
import { AgentCard } from '@a2a-js/sdk';
import { restHandler } from '@a2a-js/sdk/server/express';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { App } from '../app.js';
import { AGENTS, type AgentName } from '../domain/agents.js';
import { admit } from './admit.js';
import { taskBook } from './book.js';
import { cancellerOf } from './cancel.js';
import { cardOf } from './cards.js';
import { followerOf } from './follow.js';
import { handlerOf } from './handler.js';
import { A2A_ARTIFACTS } from './kept.js';
import { postman, pushBook } from './push.js';
import { type Caller, request } from './request.js';
import { rpcHandler } from './rpc.js';
import { sealIn } from './sealed.js';
import { workOf } from './work.js';
import { newWorker } from './workers.js';

export type { Caller } from './request.js';

export interface A2aDoor {
  /** The cards, for anybody who may reach this address. Mounted at /a2a. */
  readonly cards: RequestHandler;
  /** Everything else, for a caller who is known and whose body was read. Mounted at /a2a. */
  handle(req: Request, res: Response, next: NextFunction, caller: Caller): void;
  /** The server listens at this address: cards name it, and what an earlier process left is taken up. */
  open(url: string): Promise<void>;
  /** Ends streams and stops work where it can be gone on with. */
  close(): Promise<void>;
}

const CARD = '.well-known/agent-card.json';
const SWEEP_MS = 3_600_000;
const RECOVER_MS = 60_000;
const HEED_MS = 500;

const versionOf = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

export const a2aDoor = (app: App, say: (line: string) => void): A2aDoor => {
  const { store } = app.world;
  const { home, a2aUrl, a2aOrigins } = app.config;
  const closing = new AbortController();
  const me = newWorker();
  const seal = sealIn(home);
  let base = a2aUrl ?? 'http://127.0.0.1';
  const at = (agent: AgentName) => `${base.replace(/\/+$/, '')}/a2a/${agent}`;
  const trouble = (error: unknown) => say(`a2a: ${(error as Error).stack ?? String(error)}`);
  const book = taskBook(store, trouble);
  const { end, ...worker } = me;
  const ground = { app, book, at, trouble, me: worker, closing: closing.signal };
  const work = workOf(ground);
  const canceller = cancellerOf(ground, work);
  const follower = followerOf(book, closing.signal);
  const pushes = pushBook(store, seal, a2aOrigins);
  const post = postman(store, seal, a2aOrigins, say);
  book.changes.on('letters', post.look);
  const version = versionOf();

  const cards = express.Router();
  for (const agent of AGENTS)
    cards.get(`/${agent}/${CARD}`, (_, res) => {
      res.set('Cache-Control', 'public, max-age=60').json(AgentCard.toJSON(cardOf(agent, at(agent), version)));
    });

  const routes = express.Router();
  for (const agent of AGENTS) {
    const requestHandler = handlerOf(agent, () => cardOf(agent, at(agent), version), ground, {
      work,
      follower,
      pushes,
      canceller,
    });
    const userBuilder = async () => {
      const userName = request.getStore()?.owner ?? '';
      return { isAuthenticated: userName !== '', userName };
    };
    routes.get(`/${agent}/tasks/:id/artifacts/:name`, async (req, res, next) => {
      const kept = (await store.collection(A2A_ARTIFACTS).get(`${req.params.id}/${req.params.name}`))?.value;
      if (kept?.agent !== agent || kept.owner !== request.getStore()?.owner) return next();
      res.type('application/json').send(kept.text);
    });
    routes.use(`/${agent}/rest`, admit('rest'), restHandler({ requestHandler, userBuilder }));
    routes.post(`/${agent}`, admit('rpc'), rpcHandler(requestHandler));
  }

  const timers: NodeJS.Timeout[] = [];
  const every = (ms: number, work: () => Promise<void>) =>
    timers.push(setInterval(() => void work().catch(trouble), ms).unref());
  return {
    cards,
    handle(req, res, next, caller) {
      const gone = new AbortController();
      res.once('close', () => gone.abort());
      // Two people of one name, one at this machine and one with a token, are not taken for one.
      const owner = `${caller.tokenId === null ? 'local' : 'token'}:${caller.id}`;
      request.run({ gone: gone.signal, caller, owner }, () => routes(req, res, next));
    },
    async open(url) {
      base = a2aUrl ?? url;
      await book.sweep();
      await work.recover();
      post.look();
      every(SWEEP_MS, book.sweep);
      every(RECOVER_MS, work.recover);
      every(HEED_MS, canceller.heed);
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      closing.abort(new DOMException('the server ends', 'AbortError'));
      await work.settled();
      await book.written();
      await post.close();
      end();
    },
  };
};
