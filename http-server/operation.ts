/** How an operation stands, at an address of its own: a page for people, and a document for whoever watches over it. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import helmet from 'helmet';
import type { App } from '../app.js';
import { Fault, invalid } from '../domain/fault.js';
import { OPERATIONS, type Operation, type Standing, standingOf } from '../domain/operation.js';
import { worldName } from '../domain/plan.js';
import type { Instant } from '../domain/time.js';

const HOST = '127.0.0.1';

export interface Health {
  readonly url: string;
  close(): Promise<void>;
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (name: string, now: Instant, state: Operation | undefined, { ok, why }: Standing) => {
  const rows: [string, string][] =
    state === undefined
      ? []
      : [
          ['now', now],
          ['looks every', `${state.everySeconds} s`],
          ['next look', state.nextAt],
          ['looks', `${state.ticks}, ${state.missed} missed`],
          ...(state.last === null
            ? []
            : ([
                ['last look', state.last.at],
                ['jobs that had newly come', String(state.last.jobs)],
                ['run', state.last.runId === null ? 'none' : `${state.last.runId} (${state.last.status})`],
              ] as [string, string][])),
        ];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="30">
<title>CACO operates ${escaped(name)}</title>
<h1>CACO operates ${escaped(name)}</h1>
<p><strong>${ok ? 'As it should be.' : `Not as it should be: ${escaped(why!)}`}</strong></p>
<table>${rows.map(([what, value]) => `<tr><th scope="row" align="left">${escaped(what)}</th><td>${escaped(value)}</td></tr>`).join('')}</table></html>`;
};

const takenFault = (port: number, cause: NodeJS.ErrnoException) =>
  new Fault('unavailable', `cannot listen on ${HOST}:${port}: ${cause.code}`, 'Choose another: --health-port 0.', {
    cause,
  });

/**
 * `/` is the page, `/healthz` the document; 503 where it is not as it should be. Nobody has to say who they are, so that only this machine
 * can ask. Fault `invalid-input` for what is no port, `unavailable` for one that is taken.
 */
export const startHealth = async (app: App, port: number): Promise<Health> => {
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw invalid(`--health-port is ${port}, no port`, 'Give a whole number up to 65535; 0 takes a free one.');
  const { clock, store, setting } = app.world;
  const look = async () => {
    try {
      const state = (await store.collection(OPERATIONS).get(worldName({ setting })))?.value;
      return { state, found: standingOf(state, clock.now()) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { state: undefined, found: { ok: false, why: error.message } };
    }
  };
  const web = express();
  web.use(helmet());
  web.get('/healthz', async (_, res) => {
    const { state, found } = await look();
    res.status(found.ok ? 200 : 503).json({ ...found, operation: state ?? null });
  });
  web.get('/', async (_, res) => {
    const { state, found } = await look();
    res.status(found.ok ? 200 : 503).send(page(setting.name, clock.now(), state, found));
  });
  const server = await new Promise<Server>((resolve, reject) => {
    // Express tells an address that is taken to this same callback.
    const listening = web.listen(port, HOST, (error?: Error) =>
      error === undefined ? resolve(listening) : reject(takenFault(port, error)),
    );
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
