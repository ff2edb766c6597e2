/** `beckn`: the market for flexibility, as a seller that answers and as a buyer that asks. */
import type { Command } from 'commander';
import { Fault } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { presentApp, trouble, unreadable } from '../market.js';
import { plain, tableText } from '../terminal.js';
import { registerBuying } from './beckn-buy.js';

type Options = Record<string, unknown>;

const untilEnd = (context: Context) =>
  new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve();
    else context.signal.addEventListener('abort', () => resolve(), { once: true });
  });

const AGAIN_MS = 5000;

/** A registry that is not there yet is asked again; one that refuses says why, once. */
const listed = async (context: Context, register: () => Promise<void>) => {
  for (let tries = 0; !context.signal.aborted; tries++) {
    try {
      return await register();
    } catch (error) {
      if (tries === 0) context.warn(`not registered: ${(error as Error).message}`);
      if (!(error instanceof Fault) || error.code !== 'unavailable') return;
    }
    await Promise.race([new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref()), untilEnd(context)]);
  }
};

const serve = async (context: Context): Promise<undefined> => {
  const [app, { startHttp }, { becknDoor }, { marketOf, register }] = await Promise.all([
    presentApp(context),
    import('../../http-server/http-server.js'),
    import('../../http-server/beckn.js'),
    import('../../market.js'),
  ]);
  try {
    await app.prepare();
    const door = becknDoor(app, false);
    const server = await startHttp(app, {
      mounts: { '/beckn': door.handler, '/': door.handler },
      market: door.counts,
    });
    const market = await marketOf(app, server.url, trouble(context));
    door.answerBy(market);
    const { settings } = market;
    if (!settings.requireSignature)
      context.warn('BECKN_REQUIRE_SIGNATURE=false: whoever reaches this port can sell and buy in anybody’s name.');
    if (settings.registryUrl !== null) void listed(context, () => register(market));
    const open = await market.buyer.askOpen(unreadable(context));
    if (open > 0) context.warn(`${open} open orders: their sellers are asked how they stand.`);
    context.warn(
      `${settings.bppId} sells at ${settings.bppUri}, domains ${settings.domains.join(', ')}. Ctrl-C ends it.`,
    );
    if (context.json)
      process.stdout.write(
        `${JSON.stringify({ url: server.url, port: server.port, bppId: settings.bppId, bppUri: settings.bppUri })}\n`,
      );
    await untilEnd(context);
    door.answerBy(null);
    await market.close();
    await server.close();
  } finally {
    await app.close();
  }
  return undefined;
};

const keys = async (context: Context, _: string[], options: Options): Promise<Answer> => {
  const { marketSettings, registryRow } = await import('../../market.js');
  const app = await context.app();
  const settings = marketSettings(context.config, app.world, `http://127.0.0.1:${context.config.port}`);
  const row = registryRow(settings, options.buyer === true ? 'BAP' : 'BPP');
  return {
    json: row,
    text: `${JSON.stringify(row, null, 2)}\n\nThe private halves are in ${context.config.home}/beckn, for you alone. A peer puts this row into its BECKN_TRUST_FILE.`,
  };
};

const log = async (context: Context, [transaction]: string[]): Promise<undefined> => {
  const { transcript } = await import('../../market.js');
  const app = await context.app();
  for await (const line of transcript(app.world.store, transaction)) process.stdout.write(`${JSON.stringify(line)}\n`);
  return undefined;
};

const doctor = async (context: Context): Promise<Answer> => {
  const { examine } = await import('../../market.js');
  const app = await context.app();
  const checks = await examine(app, `http://127.0.0.1:${context.config.port}`);
  const bad = checks.filter(({ ok }) => !ok);
  return {
    json: { ok: bad.length === 0, checks },
    text: tableText(
      ['', 'check', 'finding'],
      checks.map(({ ok, check, finding }) => [ok ? 'ok' : 'BAD', check, plain(finding)]),
    ),
    exitCode: bad.length === 0 ? 0 : 6,
  };
};

export const register = (program: Command) => {
  const beckn = addCommand(
    program,
    'beckn',
    'sell flexibility over Beckn, stand-alone; beckn search|order|status|update|rate buys it',
    (c) =>
      c
        .option('--port <port>', 'port to listen on; 0 takes a free one')
        .option('--host <host>', 'address to listen on; another than loopback needs a token'),
    serve,
  );
  registerBuying(beckn);
  addCommand(
    beckn,
    'keys',
    'our row for a registry or a peer’s trust file; keys are made where there are none',
    (c) => c.option('--buyer', 'the row of our name as a buyer'),
    keys,
  );
  addCommand(beckn, 'log [transaction]', 'every message that was sent and received, as JSON lines', () => {}, log);
  addCommand(
    beckn,
    'doctor',
    'check keys, registry, clock, addresses and a signed round trip to ourselves',
    () => {},
    doctor,
  );
};
