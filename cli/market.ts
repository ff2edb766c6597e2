/** Commands that trade: the world that they do it in, and a market for as long as one runs. */
import type { App } from '../app.js';
import { Fault } from '../domain/fault.js';
import type { Market } from '../market.js';
import type { Answer, Context } from './command.js';

/**
 * The world to trade in. Buyers live in the present: where nobody has said otherwise, a simulated fleet does so too, and its
 * clock moves.
 */
export const presentApp = async (context: Context, home = context.config.home): Promise<App> => {
  const said = (name: string) => context.settings.find((s) => s.name === name)?.origin !== 'default';
  const { openApp } = await import('../app.js');
  const { config, settings } = context;
  const simulated = config.fleet === 'sim' && !said('now') && !said('grid');
  return openApp({ ...config, home, ...(simulated ? { now: 'present', grid: 'sim' } : {}) }, settings);
};

export const trouble = (context: Context) => (error: unknown) =>
  context.warn(`market: ${error instanceof Error ? error.message : String(error)}`);

/**
 * A market for the time of a command. Callbacks come in at our address: by the server that runs there, or by one that is opened
 * for the while.
 */
export const withMarket = async (
  context: Context,
  work: (market: Market, app: App) => Promise<Answer>,
): Promise<Answer> => {
  const [app, { startHttp }, { becknDoor }, { marketOf }] = await Promise.all([
    presentApp(context),
    import('../http-server/http-server.js'),
    import('../http-server/beckn.js'),
    import('../market.js'),
  ]);
  const at = new URL(context.config.becknBapUri ?? `http://127.0.0.1:${context.config.port}`);
  const door = becknDoor(app, false);
  const server = await startHttp(app, {
    port: Number(at.port || (at.protocol === 'https:' ? 443 : 80)),
    mounts: { '/beckn': door.handler, '/': door.handler },
  }).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'unavailable') return null;
    throw error;
  });
  const market = await marketOf(app, at.origin, trouble(context));
  door.answerBy(market);
  try {
    return await work(market, app);
  } finally {
    door.answerBy(null);
    await market.close();
    await server?.close();
    await app.close();
  }
};
