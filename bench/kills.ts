/**
 * Two programs trade, from search to rating, and each is killed (kill -9) once: at a random moment, or in a gap that was chosen.
 * In the end there is one order, and every answer arrived and took effect once. Needs the build:
 * `npm run build && npx tsx bench/kills.ts [RUNS] [SEED]`. The chosen gaps come first, then RUNS at random.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sqlite } from '../sqlite.js';
import { freePort, programsIn, type Started } from './programs.js';
import { keep, rounded } from './results.js';

/** A question to a program's database that answers a row once it is in the gap. */
export interface Gap {
  readonly who: 'seller' | 'operator';
  readonly what: string;
  readonly sql: string;
}

const waitingIn = (box: string, action: string) =>
  `select 1 from mail where box = '${box}' and state = 'waiting' and action = '${action}'`;
const orderIn = (state: string) =>
  `select 1 from documents where collection = 'sold-orders' and json_extract(body, '$.order.state') = '${state}'`;

export const GAPS: readonly Gap[] = [
  ...['search', 'select', 'init', 'confirm', 'status', 'update', 'rating'].map((action) => ({
    who: 'seller' as const,
    what: `${action} was acknowledged and not answered`,
    sql: waitingIn('in', action),
  })),
  { who: 'seller', what: 'capacity is committed, no plan keeps it', sql: orderIn('COMMITTED') },
  {
    who: 'seller',
    what: 'the fleet has the plan, the order is not placed',
    sql: `${orderIn('COMMITTED')} and exists (select 1 from documents where collection = 'orders')`,
  },
  { who: 'seller', what: 'on_confirm lies in the outbox', sql: waitingIn('out', 'on_confirm') },
  { who: 'operator', what: 'confirm lies in the outbox', sql: waitingIn('out', 'confirm') },
  { who: 'operator', what: 'on_confirm was acknowledged and not read', sql: waitingIn('in', 'on_confirm') },
];

/** When a program is killed: after so many milliseconds of the conversation, or in a gap. */
export type Moment = { readonly afterMs: number } | { readonly gap: Gap };

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers once the moment is there; false where the conversation was over before. */
const moment = async (when: Moment, home: string, isOver: () => boolean): Promise<boolean> => {
  if ('afterMs' in when) {
    for (const untilMs = Date.now() + when.afterMs; Date.now() < untilMs && !isOver(); ) await pause(5);
    return !isOver();
  }
  const file = join(home, 'caco.db');
  while (!existsSync(file) && !isOver()) await pause(20);
  const db = new Sqlite(file, { readOnly: true, timeoutMs: 2000 });
  try {
    for (;;) {
      if (isOver()) return false;
      try {
        if (db.prepare(when.gap.sql).all().length > 0) return true;
      } catch {
        // Its tables are still being made, or it is being written: looked at again.
      }
      await pause(2);
    }
  } finally {
    db.close();
  }
};

export interface Told {
  /** What did not hold; nothing where all did. */
  readonly wrong: readonly string[];
  readonly killed: readonly string[];
  readonly seconds: number;
  /** From the first search to the rating. */
  readonly tradeSeconds: number;
}

interface Row {
  readonly [column: string]: string | number | null;
}

const rowsOf = (file: string, sql: string): Row[] => {
  const db = new Sqlite(file, { readOnly: true, timeoutMs: 5000 });
  try {
    return db.prepare(sql).all() as Row[];
  } finally {
    db.close();
  }
};

const REPEATED = 'group by 1, 2 having count(*) <> 1';

/** What the two stores say of the conversation, once both programs have ended. */
const faultsOf = (seller: string, buyer: string): string[] => {
  const wrong: string[] = [];
  const must = (is: boolean, what: string) => void (is || wrong.push(what));
  const placed = rowsOf(
    seller,
    `select id from documents where collection = 'sold-orders' and json_extract(body, '$.order.state') = 'ORDER_PLACED'`,
  );
  must(placed.length === 1, `${placed.length} orders were placed`);
  const bought = rowsOf(
    buyer,
    `select json_extract(body, '$.order.id') as id, json_extract(body, '$.order.state') as state from documents where collection = 'bought' and json_extract(body, '$.order.id') is not null`,
  );
  must(
    bought.length === 1 && bought[0]!.id === placed[0]?.id && bought[0]!.state === 'ORDER_PLACED',
    `the buyer has ${JSON.stringify(bought)}, the seller ${JSON.stringify(placed)}`,
  );
  const entries = (file: string, kind: string) =>
    Number(
      rowsOf(file, `select count(*) as n from ledger_entries where json_extract(body, '$.kind') = '${kind}'`)[0]!.n,
    );
  must(entries(seller, 'market_order') === 1, `${entries(seller, 'market_order')} sales are in the ledger`);
  must(entries(seller, 'market_update') === 1, `${entries(seller, 'market_update')} shifts are in the ledger`);
  const open = rowsOf(seller, `select box, action, state, reason from mail where state <> 'done'`);
  must(open.length === 0, `the seller has letters that are not done: ${JSON.stringify(open)}`);
  const unread = rowsOf(buyer, `select box, action, state, reason from mail where state <> 'done'`);
  must(unread.length === 0, `the buyer has letters that are not done: ${JSON.stringify(unread)}`);
  // Every answer left once under its id, and the buyer has each of them once.
  const sent = rowsOf(seller, `select action, id, body from mail where box = 'out' order by seq`);
  const had = rowsOf(buyer, `select action, id, body from mail where box = 'in' order by seq`);
  const idOf = ({ body }: Row) => (JSON.parse(String(body)) as { context: { message_id: string } }).context.message_id;
  const names = (rows: Row[]) => rows.map((row) => `${row.action} ${idOf(row)}`).sort();
  must(new Set(names(had)).size === had.length, 'an answer took effect twice');
  must(names(sent).join() === names(had).join(), `sent ${names(sent).join(', ')}; had ${names(had).join(', ')}`);
  const asked = rowsOf(seller, `select action, count(*) as n from mail where box = 'in' group by action`);
  const answers = rowsOf(seller, `select action, count(*) as n from mail where box = 'out' group by action`);
  for (const { action, n } of asked) {
    const answered = answers.find((one) => one.action === `on_${action}`)?.n ?? 0;
    must(answered === n, `${n} times ${action}, ${answered} answers`);
  }
  const effects = rowsOf(
    buyer,
    `select json_extract(body, '$.data.action') as action, count(*) as n from ledger_entries where json_extract(body, '$.kind') = 'market_purchase' group by 1`,
  );
  const isError = ({ body }: Row) => (JSON.parse(String(body)) as { error?: unknown }).error !== undefined;
  for (const { action, n } of effects) {
    const arrived = had.filter((one) => one.action === action && !isError(one)).length;
    must(arrived === n, `${arrived} times ${action} arrived, ${n} took effect`);
  }
  const confirms = rowsOf(
    seller,
    `select thread, action from mail where box = 'in' and action = 'confirm' ${REPEATED}`,
  );
  must(confirms.length === 0, 'a conversation was confirmed twice');
  return wrong;
};

/** A fleet that is planned in a moment: what is shown here does not hang on its size. */
const JOBS_PER_DAY = 120;
const POWER_KW = 20;
/** The same moment at each run: what a fleet has to sell hangs on the time of day, and late in the day it may be nothing. */
export const TRADING_AT = '2022-05-25T06:00:00Z';
const smallFleet = (folder: string): string => {
  const shipped = JSON.parse(readFileSync(new URL('../sim/scenarios/gb-hpc.json', import.meta.url), 'utf8')) as {
    arrivals: object;
  };
  const file = join(folder, 'small.json');
  const small = { ...shipped, name: 'small', arrivals: { ...shipped.arrivals, jobsPerDay: JOBS_PER_DAY } };
  writeFileSync(file, JSON.stringify(small));
  return file;
};

/** One conversation with its kills, each program at most once. */
export const killedTrade = async (
  folder: string,
  moments: { readonly seller?: Moment; readonly operator?: Moment },
): Promise<Told> => {
  const begun = Date.now();
  const { start, end } = programsIn(folder);
  const [operatorPort, sellerPort] = [await freePort(), await freePort()];
  const scenario = { CACO_SCENARIO: smallFleet(folder), CACO_NOW: TRADING_AT };
  const args = ['--rounds', '1', '--every', '1', '--wait', '600', '--power-kw', String(POWER_KW)];
  const buys = () => start('buyer', ['operator', '--port', String(operatorPort), ...args], scenario);
  const sells = () =>
    start('seller', ['beckn', '--port', String(sellerPort), '--json'], {
      ...scenario,
      BECKN_REGISTRY_URL: `http://127.0.0.1:${operatorPort}/registry`,
    });
  const killed: string[] = [];
  try {
    let watched: (one: Started, who: string) => void = () => {};
    let operator: Started = buys();
    const isRated = () => operator.lines.some(({ step }) => step === 'rating');
    await operator.line(({ step }) => step === 'listening');
    let seller = sells();
    await operator.line(({ step }) => step === 'search');
    const searchedAt = Date.now();
    /** A program that ends by itself would be waited for in vain. */
    const alive = new Promise<never>((_, reject) => {
      const watch = (one: Started, who: string) =>
        void one.ended.then((code) => {
          if (code !== null && code !== 0) reject(new Error(`the ${who} ended with ${code}: ${one.said()}`));
        });
      watched = watch;
      watch(seller, 'seller');
      watch(operator, 'operator');
    });
    alive.catch(() => {});
    const kill = async (who: 'seller' | 'operator', when: Moment | undefined): Promise<void> => {
      if (when === undefined) return;
      const home = join(folder, who === 'seller' ? 'seller' : 'buyer/operator');
      if (!(await moment(when, home, isRated))) return;
      const last = operator.lines.at(-1)?.step;
      await (who === 'seller' ? seller : operator).kill('SIGKILL');
      killed.push(`${who} after ${last}`);
      const again = who === 'seller' ? sells() : buys();
      watched(again, who);
      if (who === 'seller') seller = again;
      else operator = again;
    };
    await Promise.race([alive, Promise.all([kill('seller', moments.seller), kill('operator', moments.operator)])]);
    await Promise.race([alive, operator.line(({ step }) => step === 'rating')]);
    const tradeSeconds = (Date.now() - searchedAt) / 1000;
    const code = await operator.ended;
    await seller.kill('SIGTERM');
    const wrong = faultsOf(join(folder, 'seller/caco.db'), join(folder, 'buyer/operator/caco.db'));
    if (code !== 0) wrong.push(`the operator ended with ${code}`);
    return { wrong, killed, seconds: (Date.now() - begun) / 1000, tradeSeconds };
  } finally {
    end();
  }
};

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
const draws = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

const AT_ONCE = 3;

const main = async (runs: number, seed: number) => {
  const draw = draws(seed);
  const all: { name: string; told: Told }[] = [];
  const run = async (name: string, moments: Parameters<typeof killedTrade>[1]) => {
    const folder = mkdtempSync(join(tmpdir(), 'caco-kills-'));
    const told = await killedTrade(folder, moments).catch((error: Error) => ({
      wrong: [error.message],
      killed: [],
      seconds: 0,
      tradeSeconds: 0,
    }));
    all.push({ name, told });
    process.stderr.write(
      `${name}: ${told.killed.join(', ') || 'nobody killed'}; ${rounded(told.seconds, 1)} s; ${told.wrong.join('; ') || 'all holds'}\n`,
    );
    if (told.wrong.length === 0) rmSync(folder, { recursive: true, force: true });
    else process.stderr.write(`  kept in ${folder}\n`);
    return told;
  };
  const plain = await run('nobody', {});
  const within = () => ({ afterMs: draw() * plain.tradeSeconds * 1000 });
  const planned = [
    ...GAPS.map((gap) => ({ name: gap.what, moments: { [gap.who]: { gap } } })),
    ...Array.from({ length: runs }, (_, i) => ({
      name: `random ${i + 1}`,
      moments: { seller: within(), operator: within() },
    })),
  ];
  const next = async () => {
    for (let one = planned.shift(); one !== undefined; one = planned.shift()) await run(one.name, one.moments);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  const random = all.filter(({ name }) => name.startsWith('random'));
  const chosen = all.filter(({ name }) => GAPS.some(({ what }) => what === name));
  keep('kills', {
    seed,
    randomRuns: random.length,
    randomKills: random.reduce((sum, { told }) => sum + told.killed.length, 0),
    gaps: chosen.map(({ name, told }) => ({ gap: name, hit: told.killed.length > 0, holds: told.wrong.length === 0 })),
    failed: all.filter(({ told }) => told.wrong.length > 0).map(({ name, told }) => ({ name, wrong: told.wrong })),
    targets: { failed: 0, randomRuns: 50 },
  });
  process.exitCode = all.some(({ told }) => told.wrong.length > 0) ? 1 : 0;
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 1));
