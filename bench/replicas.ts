/**
 * Several `caco serve` and two `caco operate` on one Postgres, under twenty clients, while processes are killed (kill -9) and stopped
 * (SIGSTOP) at random: every deed is done once and stands in the ledger in one order. Then what four replicas do beside one, undisturbed.
 * Needs the build and a Postgres whose user may make databases:
 * `npm run build && CACO_TEST_POSTGRES_URL=postgres://… npx tsx bench/replicas.ts [DEEDS] [SEED]`.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { ORDERS } from '../domain/plan.js';
import { freePort, programsIn, type Started } from './programs.js';
import { keep, rounded } from './results.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
export const draws = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

export interface Asked {
  readonly url: string;
  readonly folder: string;
  readonly servers: number;
  /** Programs that operate the world; all but one stand by. */
  readonly operators: number;
  readonly clients: number;
  readonly deeds: number;
  /** Kills and stops, spread over the deeds. */
  readonly kills: number;
  readonly stops: number;
  /** Of the stops of an operator, how long the longest last: longer than a lease. */
  readonly longestStopMs: number;
  readonly seed: number;
}

export interface Told {
  /** What did not hold; nothing where all did. */
  readonly wrong: readonly string[];
  readonly seconds: number;
  readonly killed: number;
  readonly stopped: number;
  /** Requests that got no answer or a refusal for the moment, and were asked again. */
  readonly askedAgain: number;
  /** How often an operator found that another had taken over. */
  readonly takenOver: number;
  readonly entries: number;
}

interface Replica {
  readonly name: string;
  readonly url: string | null;
  readonly start: () => Started;
  running: Started;
}

/** One deed over HTTP. Rejects where no answer came, and where the answer is for the moment only. */
const post = (agent: Agent, url: string, key: string, body: string, timeoutMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'Idempotency-Key': key,
    };
    const sent = request(`${url}/tools/submit_job`, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part));
      answer.once('error', reject);
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}: ${text}`)),
      );
    });
    sent.setTimeout(timeoutMs, () => sent.destroy(new Error('no answer in time')));
    sent.once('error', reject);
    sent.end(body);
  });

const keyOf = (i: number) => `deed-${i}`;
const bodyOf = (i: number) => JSON.stringify({ id: `job-${i}`, durationHours: 1, vcpus: 1 });
/** Refusals that no second try would change: a defect of ours, which ends the bench. */
const IS_FINAL = /^4(?!0[89]|29)\d\d:/;

/** Clients that share out the deeds, each going to the next server where one does not answer. */
const drive = async (
  urls: readonly string[],
  { deeds, clients, from = 0 }: Pick<Asked, 'deeds' | 'clients'> & { readonly from?: number },
  onDone: (done: number) => void,
  timeoutMs = 10_000,
): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let [next, done, again] = [0, 0, 0];
  const client = async (n: number) => {
    let at = n;
    for (let i = next++; i < deeds; i = next++) {
      for (;;)
        try {
          await post(agent, urls[at % urls.length]!, keyOf(from + i), bodyOf(from + i), timeoutMs);
          break;
        } catch (error) {
          if (IS_FINAL.test((error as Error).message)) throw error;
          again++;
          at++;
          await pause(50);
        }
      onDone(++done);
    }
  };
  try {
    await Promise.all(Array.from({ length: clients }, (_, n) => client(n)));
    return again;
  } finally {
    agent.destroy();
  }
};

/** A fleet that is planned in a moment: what is shown here does not hang on its size. */
const smallFleet = (folder: string): string => {
  const shipped = JSON.parse(readFileSync(new URL('../sim/scenarios/gb-hpc.json', import.meta.url), 'utf8')) as {
    arrivals: object;
  };
  const file = join(folder, 'small.json');
  const small = { ...shipped, name: 'small', arrivals: { ...shipped.arrivals, jobsPerDay: 120 } };
  writeFileSync(file, JSON.stringify(small));
  return file;
};

/** The programs of one place, all started, each under a name. */
const replicasIn = async (
  { url, folder }: Pick<Asked, 'url' | 'folder'>,
  servers: number,
  operators: number,
): Promise<{ all: Replica[]; end: () => void }> => {
  const { start, end } = programsIn(folder);
  const env = { DATABASE_URL: url, CACO_SCENARIO: smallFleet(folder) };
  const all: Replica[] = [];
  for (let i = 0; i < servers; i++) {
    const port = await freePort();
    const begin = () => start('home', ['serve', '--port', String(port), '--json'], env);
    all.push({ name: `serve ${i}`, url: `http://127.0.0.1:${port}`, start: begin, running: begin() });
  }
  const args = ['operate', '--every', '1h', '--horizon-hours', '2', '--no-review', '--standby', '--json'];
  for (let i = 0; i < operators; i++) {
    const begin = () => start('home', args, env);
    all.push({ name: `operate ${i}`, url: null, start: begin, running: begin() });
  }
  try {
    for (const { url, running } of all) if (url !== null) await running.line((line) => line.url !== undefined);
  } catch (error) {
    end();
    throw error;
  }
  return { all, end };
};

const EXIT_UNAVAILABLE = 6;
const LOST = /another process has taken over/;

/** Kills and stops at random, spread evenly over the deeds; answers what it did once they are over. */
const disturb = async (all: readonly Replica[], asked: Asked, so: { readonly far: number; readonly over: boolean }) => {
  const draw = draws(asked.seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)]!;
  const count = asked.kills + asked.stops;
  const moments = Array.from({ length: count }, (_, i) => ({
    after: ((i + draw()) / count) * asked.deeds * 0.95,
    kills: i % count < asked.kills,
  }));
  // Kills and stops in mixed order.
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [moments[i]!.kills, moments[j]!.kills] = [moments[j]!.kills, moments[i]!.kills];
  }
  let [killed, stopped] = [0, 0];
  let takenOver = 0;
  /** An operator that has lost its world ends; whoever keeps programs running starts it again. */
  const revive = async (replica: Replica) => {
    const { running } = replica;
    const code = await Promise.race([running.ended, Promise.resolve(undefined)]);
    if (code === undefined) return;
    if (LOST.test(running.said())) takenOver++;
    // Stopped for so long it may find its connection cut in the middle; that too is for who keeps programs running.
    else if (code !== null && code !== EXIT_UNAVAILABLE)
      throw new Error(`${replica.name} ended with ${code}: ${running.said()}`);
    replica.running = replica.start();
  };
  for (const { after, kills } of moments) {
    while (so.far < after && !so.over) {
      for (const replica of all) if (replica.url === null) await revive(replica);
      await pause(20);
    }
    if (so.over) break;
    const replica = pick(all);
    if (kills) {
      await replica.running.kill('SIGKILL');
      replica.running = replica.start();
      killed++;
    } else {
      const longest = replica.url === null ? asked.longestStopMs : Math.min(asked.longestStopMs, 5000);
      void replica.running.kill('SIGSTOP');
      stopped++;
      // Every third lasts as long as it may.
      await pause(stopped % 3 === 0 ? longest : draw() * Math.min(1000, longest));
      void replica.running.kill('SIGCONT');
    }
  }
  while (!so.over) {
    for (const replica of all) if (replica.url === null) await revive(replica);
    await pause(50);
  }
  return { killed, stopped, takenOver };
};

/** What the database says afterwards: nothing in it where all is as it should be. */
const faultsOf = async ({ url, folder, deeds }: Asked): Promise<{ wrong: string[]; entries: number }> => {
  const wrong: string[] = [];
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const one = async (text: string): Promise<Record<string, string>> => (await client.query(text)).rows[0];
  const must = (is: boolean, what: string) => void (is || wrong.push(what));
  try {
    const told = `from ledger_entries where body::jsonb ->> 'kind' = 'submit_job'`;
    const { n, keys } = await one(`select count(*) as n, count(distinct body::jsonb ->> 'subject') as keys ${told}`);
    must(Number(n) === deeds && Number(keys) === deeds, `${n} entries of ${keys} deeds, ${deeds} were asked for`);
    const order = await one(
      `select count(*) as entries, max(seq) + 1 as size, count(*) filter (where prev_hash <> before and seq > 0) as forks
         from (select *, lag(hash) over (order by seq) as before from ledger_entries) as chain`,
    );
    must(
      Number(order.entries) === Number(order.size) && order.forks === '0',
      `the ledger has gaps or forks: ${JSON.stringify(order)}`,
    );
    const rows = await one(
      `select count(*) as n, count(distinct r.id) as ids from rows r join row_sets s on s.key = r.set_key where s.kind = 'jobs' and s.name = 'W-SUBMITTED'`,
    );
    must(Number(rows.n) === deeds && rows.ids === rows.n, `${rows.n} jobs of ${rows.ids} ids were kept`);
    const states = await one(`select count(*) as n from deeds where tool = 'submit_job' and state <> 'done'`);
    must(states.n === '0', `${states.n} deeds are not done`);
    // What the operators handed over: each job once.
    const place = { home: join(folder, 'home'), databaseUrl: url, scenario: smallFleet(folder) };
    const { config } = readConfig(place, {}, folder);
    const app = await openApp(config);
    try {
      const seen = new Map<string, string>();
      for (const { value: placed } of await app.world.store.collection(ORDERS).list())
        for await (const page of app.world.fleet.ran(placed.key))
          for (const { jobId } of page) {
            if ((seen.get(jobId) ?? placed.key) !== placed.key) wrong.push(`${jobId} was handed over twice`);
            seen.set(jobId, placed.key);
          }
      const by = { actor: { id: 'bench', via: 'cli' as const } };
      const audit = await app.call('audit_ledger', {}, by);
      must(audit.firstBad == null, `the audit finds ${JSON.stringify(audit.firstBad)}`);
    } finally {
      await app.close();
    }
    return { wrong, entries: Number(order.entries) };
  } finally {
    await client.end();
  }
};

/** Deeds under kills and stops, and what was found afterwards. */
export const disturbed = async (asked: Asked): Promise<Told> => {
  const begun = Date.now();
  const { all, end } = await replicasIn(asked, asked.servers, asked.operators);
  const so = { far: 0, over: false };
  try {
    const urls = all.flatMap((one) => one.url ?? []);
    const disturbance = disturb(all, asked, so);
    const counted = (done: number) => {
      so.far = done;
    };
    const driving = drive(urls, asked, counted).finally(() => {
      so.over = true;
    });
    const [askedAgain, what] = await Promise.all([driving, disturbance]);
    for (const { running } of all) {
      void running.kill('SIGCONT');
      await running.kill('SIGTERM');
    }
    return { ...(await faultsOf(asked)), ...what, askedAgain, seconds: (Date.now() - begun) / 1000 };
  } finally {
    so.over = true;
    end();
  }
};

const withDatabase = async <R>(server: string, work: (url: string) => Promise<R>): Promise<R> => {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  const name = `caco_bench_${randomBytes(6).toString('hex')}`;
  await admin.query(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  try {
    return await work(url.toString());
  } finally {
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  }
};

const [WARM, WARM_FROM] = [500, 1_000_000];

/** Deeds a second of so many servers that nobody disturbs, and the CPU of theirs that one took. */
export const rate = (server: string, servers: number, deeds: number, clients: number) =>
  withDatabase(server, async (url) => {
    const folder = mkdtempSync(join(tmpdir(), 'caco-replicas-'));
    const { all, end } = await replicasIn({ url, folder }, servers, 0);
    try {
      const urls = all.flatMap((one) => one.url ?? []);
      // As warm as programs are that have run for a while.
      for (const url of urls)
        await drive([url], { deeds: WARM, clients, from: WARM_FROM * (1 + urls.indexOf(url)) }, () => {}, 60_000);
      const before = all.reduce((sum, { running }) => sum + (running.cpuMs() ?? 0), 0);
      const begun = performance.now();
      await drive(urls, { deeds, clients }, () => {}, 60_000);
      const seconds = (performance.now() - begun) / 1000;
      const cpuMs = all.reduce((sum, { running }) => sum + (running.cpuMs() ?? 0), 0) - before;
      return { perSecond: deeds / seconds, cpuMs: cpuMs / deeds };
    } finally {
      end();
      rmSync(folder, { recursive: true, force: true });
    }
  });

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const main = async (server: string, deeds: number, seed: number) => {
  const clients = 20;
  const rates = { 1: [] as number[], 4: [] as number[] };
  const cpu = { 1: [] as number[], 4: [] as number[] };
  for (let round = 0; round < 3; round++)
    for (const servers of [1, 4] as const) {
      const { perSecond, cpuMs } = await rate(server, servers, Math.min(deeds, 2000), clients);
      rates[servers].push(perSecond);
      cpu[servers].push(cpuMs);
      process.stderr.write(`${servers} of them: ${rounded(perSecond, 0)} deeds a second\n`);
    }
  const told = await withDatabase(server, async (url) => {
    const folder = mkdtempSync(join(tmpdir(), 'caco-replicas-'));
    const places = { url, folder, servers: 2, operators: 2, clients, deeds, seed };
    const found = await disturbed({ ...places, kills: 40, stops: 20, longestStopMs: 40_000 });
    if (found.wrong.length === 0) rmSync(folder, { recursive: true, force: true });
    else process.stderr.write(`kept in ${folder}\n`);
    return found;
  });
  const [one, four] = [median(rates[1]), median(rates[4])];
  keep('replicas', {
    seed,
    deeds,
    clients,
    undisturbed: {
      deedsPerSecondOfOne: rounded(one, 0),
      deedsPerSecondOfFour: rounded(four, 0),
      fourToOne: rounded(four / one),
      serverCpuMsPerDeedOfOne: rounded(median(cpu[1])),
      serverCpuMsPerDeedOfFour: rounded(median(cpu[4])),
    },
    disturbed: { ...told, seconds: rounded(told.seconds, 1) },
    targets: { fourToOneAtLeast: 1, wrong: 0 },
  });
  process.exitCode = told.wrong.length === 0 ? 0 : 1;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = process.env.CACO_TEST_POSTGRES_URL;
  if (!server) throw new Error('CACO_TEST_POSTGRES_URL names no Postgres: postgres://user@127.0.0.1:5432/postgres');
  await main(server, Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 1));
}
