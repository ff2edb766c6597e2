/** Commands that trade: the world that they do it in, and a market for as long as one runs. */
import type { App } from '../app.js';
import type { Config } from '../config.js';
import { Fault } from '../domain/fault.js';
import type { Bought, Market } from '../market.js';
import type { Answer, Context } from './command.js';
import { plain } from './terminal.js';

/**
 * The world to trade in. Buyers live in the present: where nobody has said otherwise, a simulated fleet does so too, and its
 * clock moves.
 */
export const presentApp = async (context: Context, own: Partial<Config> = {}): Promise<App> => {
  const said = (name: string) => context.settings.find((s) => s.name === name)?.origin !== 'default';
  const { openApp } = await import('../app.js');
  const { config, settings } = context;
  const simulated = config.fleet === 'sim' && !said('now') && !said('grid');
  return openApp({ ...config, ...own, ...(simulated ? { now: 'present', grid: 'sim' } : {}) }, settings);
};

export const trouble = (context: Context) => (error: unknown) =>
  context.warn(`market: ${error instanceof Error ? error.message : String(error)}`);

/** A conversation that cannot be read keeps nobody from the others. */
export const unreadable = (context: Context) => (fault: Fault) => context.warn(`passed over: ${fault.message}`);

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

/** Asks and waits for the answer to this very message. */
export const answered = async (
  market: Market,
  transactionId: string,
  asking: Promise<string>,
  ms: number,
): Promise<Bought> => {
  const messageId = await asking;
  const found = await market.buyer.until(
    transactionId,
    ({ asked }) => asked.some((one) => one.messageId === messageId && one.state !== 'sent'),
    ms,
  );
  const one = found.asked.find((asked) => asked.messageId === messageId)!;
  if (one.state === 'failed')
    throw new Fault('conflict', `${one.action}: ${plain(one.error!)}`, 'caco beckn search shows what there is now.');
  if (one.state === 'sent')
    throw new Fault(
      'unavailable',
      `${one.action} was not answered in ${ms / 1000} s`,
      `It may still come: caco beckn status ${transactionId}. Undelivered messages: caco outbox list.`,
    );
  if (one.state === 'late' && one.action !== 'confirm')
    throw new Fault('unavailable', `${one.action} was answered too late to count`, 'Ask again.');
  return found;
};
