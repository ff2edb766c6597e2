/**
 * The program left on over the simulated fleet: days of half-hourly looks, planned again while under way and planned once, beside what could have been had with
 * every job and the grid's truth known from the start. What was saved is verified once all has run; churn is how often a placed job moved again.
 * Run: npx tsx bench/operate.ts [DAYS] [STEP MINUTES]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { ORDERS } from '../domain/plan.js';
import { type Instant, plusHours } from '../domain/time.js';
import { keep, rounded, timed } from './results.js';

const START = '2022-05-25T00:00:00Z' as Instant;
const HORIZON_HOURS = 24;
const by = { actor: { id: 'bench', via: 'cli' as const } };

const open = (home: string) => openApp(readConfig({ home, now: START }, {}, home).config);

/** Verified, over every order that was given. */
const verified = async (app: Awaited<ReturnType<typeof open>>) => {
  const sum = { savedKg: 0, savedMoney: 0, jobs: 0 };
  for (let after: string | undefined; ; ) {
    const page = await app.world.store.collection(ORDERS).list({ after, limit: 200 });
    for (const { value } of page) {
      const { verification } = await app.call('verify_savings', { planId: value.planId }, by);
      sum.savedKg += verification.verified.emissionsKg.value;
      sum.savedMoney += verification.verified.cost ?? 0;
      sum.jobs += verification.jobs;
    }
    if (page.length < 200) return sum;
    after = page.at(-1)!.id;
  }
};

const left = async (home: string, days: number, minutes: number, reviewHours: number) => {
  const app = await open(home);
  const counts = { looks: 0, jobs: 0, moved: 0, reviews: 0, movedAgain: 0, trouble: 0 };
  const spent = await timed(() =>
    app.operate(
      {
        ...{ everySeconds: minutes * 60, horizonHours: HORIZON_HOURS, approval: 'auto', noticeMinutes: 30 },
        ...{ reviewHours, mostChanges: 2, until: plusHours(START, days * 24) },
      },
      by,
      ({ jobs, moved, reviewed, trouble }) => {
        counts.looks++;
        counts.jobs += jobs;
        counts.moved += moved;
        counts.reviews += reviewed === null ? 0 : 1;
        counts.movedAgain += reviewed?.moved ?? 0;
        counts.trouble += trouble.length;
      },
    ),
  );
  await app.world.clock.waitUntil(plusHours(START, days * 24 + 4 * HORIZON_HOURS));
  const { savedKg, savedMoney, jobs } = await verified(app);
  await app.close();
  return {
    ...counts,
    seconds: rounded(spent.seconds),
    cpuSeconds: rounded(spent.cpuSeconds),
    cpuSecondsALook: rounded(spent.cpuSeconds / counts.looks, 3),
    verifiedJobs: jobs,
    savedKg: rounded(savedKg),
    savedMoney: rounded(savedMoney),
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
};

/** One plan of all of it, on what came true: nobody can do that. */
const foreseen = async (home: string, days: number) => {
  const app = await open(home);
  const window = { from: START, horizonHours: days * 24 };
  const { workloadId, jobs } = await app.call('gather_jobs', window, by);
  const { plan } = await app.call('make_plan', { ...window, workloadId, foresight: 'actual' }, by);
  await app.close();
  return {
    jobs,
    moved: plan!.jobs.moved,
    savedKg: rounded(plan!.savings.emissionsKg.value),
    savedMoney: rounded(plan!.savings.cost),
  };
};

const [mode, home, days = 7, minutes = 30] = process.argv.slice(2).map((word, i) => (i < 2 ? word : Number(word))) as [
  string | undefined,
  string | undefined,
  number?,
  number?,
];
const WAYS = ['again', 'once', 'foresight'] as const;
if (WAYS.includes(mode as (typeof WAYS)[number]))
  process.send?.(
    mode === 'foresight'
      ? await foreseen(home!, days)
      : await left(home!, days, minutes, mode === 'again' ? 6 : Number.POSITIVE_INFINITY),
  );
else {
  const [givenDays, givenMinutes] = [mode ?? '7', home ?? '30'];
  const folder = mkdtempSync(join(tmpdir(), 'caco-bench-operate-'));
  const inChild = (way: string) =>
    new Promise<object>((resolve, reject) => {
      const child = fork(fileURLToPath(import.meta.url), [way, join(folder, way), givenDays, givenMinutes]);
      let said: object | undefined;
      child.on('message', (message) => {
        said = message as object;
      });
      child.on('exit', (code) => (said ? resolve(said) : reject(new Error(`the measured process ended with ${code}`))));
    });
  try {
    const rows: Record<string, object> = {};
    for (const way of WAYS) rows[way] = await inChild(way);
    keep('operate', {
      days: Number(givenDays),
      stepMinutes: Number(givenMinutes),
      ...rows,
      targets: { aWeekOfHalfHoursSeconds: 60 },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
