/** `doctor`: what is here, what is missing, and what to do about it. It changes nothing but opens the store. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { App } from '../../app.js';
import { Fault } from '../../domain/fault.js';
import { countText } from '../../domain/figures.js';
import type { Finding } from '../../domain/finding.js';
import { everyDocument } from '../../domain/listing.js';
import { RUNS } from '../../domain/run.js';
import { addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { tableText } from '../terminal.js';

const ok = (what: string, found: string): Finding => ({ what, state: 'ok', found, remedy: null });

const attempt = async (what: string, look: () => Promise<Finding>): Promise<Finding> => {
  try {
    return await look();
  } catch (error) {
    const remedy = error instanceof Fault ? error.remedy : 'Read the message; `npm ci` installs the program anew.';
    return { what, state: 'missing', found: (error as Error).message, remedy };
  }
};

const node = (): Finding => {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const enough = major > 20 || (major === 20 && minor >= 19);
  return enough
    ? ok('Node', process.version)
    : { what: 'Node', state: 'missing', found: process.version, remedy: 'Install Node 20.19 or newer.' };
};

const home = (folder: string): Finding => {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK);
    return ok('CACO_HOME', folder);
  } catch {
    return {
      what: 'CACO_HOME',
      state: 'missing',
      found: `${folder} cannot be written`,
      remedy: 'Point CACO_HOME at a folder of yours.',
    };
  }
};

const solver = (name: 'glpk' | 'highs', use: string) =>
  attempt(name, async () => {
    const { solverIsHere } = await import('../../app.js');
    return (await solverIsHere(name))
      ? ok(`solver ${name}`, use)
      : {
          what: `solver ${name}`,
          state: 'off',
          found: 'not installed; the others do its work',
          remedy: `npm install ${name === 'glpk' ? 'glpk.js' : name}`,
        };
  });

const model = (context: Context) =>
  attempt('model', async () => {
    if (context.config.model === 'none')
      return {
        what: 'model',
        state: 'off',
        found: 'none; templates speak',
        remedy: 'Optional: CACO_MODEL=ollama/NAME',
      };
    const { modelHealth } = await import('../../app.js');
    const health = await modelHealth(context.config);
    return health.ok
      ? ok('model', context.config.model)
      : { what: 'model', state: 'missing', found: health.message, remedy: health.remedy };
  });

/** How large the store is, what a run adds to it, and where the disk is ours to see: how long it will do at this pace. */
const growthText = async (context: Context, app: App): Promise<string> => {
  const { store, clock } = app.world;
  const bytes = await store.size();
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  let runs = 0;
  let first: string | undefined;
  for await (const { value } of everyDocument(store, RUNS)) {
    runs++;
    first = value.startedAt;
  }
  if (runs === 0) return size;
  const aRun = bytes / runs;
  const each = `${size}, some ${(aRun / 1e6).toFixed(1)} MB a run`;
  if (context.config.databaseUrl !== undefined) return each;
  const { bavail, bsize } = statfsSync(context.config.home);
  const left = Math.floor((bavail * bsize) / aRun);
  const days = (Date.parse(clock.now()) - Date.parse(first!)) / 86_400_000;
  // Only a live world's runs are as far apart as they were started.
  const until =
    clock.live && days >= 1 ? `, which at this pace is ${countText(Math.floor((left / runs) * days))} days` : '';
  return `${each}; the disk has room for ${countText(left)} more${until} (caco prune)`;
};

const world = (context: Context) =>
  attempt('store', async () => {
    const app = await context.app();
    const size = await app.world.ledger.size();
    const where = await database(app);
    const found = `${where.found}, ${size} ledger entries; ${await growthText(context, app)}`;
    return { ...where, found };
  });

/** Older ones get no repairs any more. */
const OLDEST_POSTGRES = 13;

/** Several programs may share it, so that it matters what stands between them and it. */
const database = async ({ world: { store } }: App): Promise<Finding> => {
  const about = await store.about();
  if (about.kind === 'sqlite') return ok('store', `SQLite ${about.version} in CACO_HOME, for programs of this machine`);
  const { version, pooled, standby, makesTables } = about;
  const between = pooled ? ' behind a pooler (nothing of ours hangs on a session: transaction mode will do)' : '';
  const found = `Postgres ${version}${between}`;
  const missing = (why: string, remedy: string): Finding => ({
    what: 'store',
    state: 'missing',
    found: `${found}; ${why}`,
    remedy,
  });
  if (Number.parseInt(version, 10) < OLDEST_POSTGRES)
    return missing('it is too old', `Postgres ${OLDEST_POSTGRES} or newer is needed.`);
  if (standby) return missing('it is a standby, which takes no writes', 'Point DATABASE_URL at the primary.');
  if (!makesTables)
    return missing(
      'our user may make no tables, as an update of CACO may have to',
      'As the owner of the database: grant create on schema public to USER',
    );
  return ok('store', found);
};

const signals = (context: Context) =>
  attempt('grid', async () => {
    const { world: w } = await context.app();
    return ok('grid', `${(await w.grid.regions()).join(', ')} · ${w.setting.dataNote}`);
  });

/** What the fleet's scheduler says of itself; nothing where there is none. */
const fleet = async (context: Context): Promise<Finding[]> => {
  const found: Finding[] = [];
  const trouble = await attempt(context.config.fleet, async () => {
    const { world: w } = await context.app();
    found.push(...((await w.fleet.examine?.()) ?? []));
    return ok(context.config.fleet, '');
  });
  return trouble.state === 'ok' ? found : [trouble];
};

export const register = (program: Command) => {
  addCommand(
    program,
    'doctor',
    'check what is here and what is missing',
    () => {},
    async (context) => {
      const findings = [
        node(),
        home(context.config.home),
        await world(context),
        await signals(context),
        ...(await fleet(context)),
        await solver('glpk', 'exact plans of small problems (GPL-3.0)'),
        await solver('highs', 'exact plans of small problems (MIT)'),
        await model(context),
      ];
      const sound = findings.every((f) => f.state !== 'missing');
      return {
        json: { ok: sound, findings },
        text: [
          tableText(
            ['', '', ''],
            findings.map((f) => [
              f.state,
              f.what,
              f.remedy === null || f.state === 'ok' ? f.found : `${f.found} → ${f.remedy}`,
            ]),
          ).replace(/^\s*\n/, ''),
          '',
          sound ? 'Ready.' : 'Something that was asked for is missing.',
        ].join('\n'),
        exitCode: sound ? EXIT.done : EXIT.unavailable,
      };
    },
  );
};
