/** Puts a scenario's world into an opened program: documents and rows of the domain, a run, a policy, an old signal. */
import type { App } from '../app.js';
import { APPROVALS, approvalIdOf, DECISIONS } from '../domain/decision.js';
import { digest } from '../domain/digest.js';
import { VERIFICATIONS, VERIFIED_JOBS } from '../domain/evidence/verification.js';
import { around, plainJob, plainPlan, plainTotals } from '../domain/fixtures/quiet-world.js';
import { JOBS, type Job, WORKLOADS } from '../domain/job.js';
import { BASELINE, PLACEMENTS, PLANS, type Placement, RECOMMENDATIONS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import { instantAt } from '../domain/series.js';
import { type Instant, plusHours, plusSeconds } from '../domain/time.js';
import { hours, kg, kwh, money } from '../domain/units.js';
import type { Grid } from '../domain/world.js';
import { JobSeed, type Seed } from './scenario.js';

/** What a stage needs of the program. */
export type Program = Pick<App, 'world' | 'call' | 'chat' | 'summary' | 'orchestrator' | 'close'>;

export const PERSON = { id: 'examiner', via: 'cli' as const };

const THREE = [
  { id: 'job-a', savedKg: 0.9 },
  { id: 'job-b', savedKg: 0.6 },
  { id: 'job-c', savedKg: 0.4 },
].map((j) => JobSeed.parse(j));

/** Hours from the present at which a job starts that the plan moves, and one that it leaves. */
const TO = 9;
const FROM = 1;

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

export const stage = async (program: Program, seeds: readonly Seed[]): Promise<void> => {
  for (const seed of seeds) {
    if ('plan' in seed) await planned(program, seed);
    else if ('waits' in seed) await waits(program, seed);
    else if ('verified' in seed) await verified(program, seed);
    else if ('signalAgeHours' in seed) age(program, seed);
    else if ('signalGap' in seed) gap(program);
    else if ('policy' in seed) {
      const { setId } = await program.call('ingest_policy', { text: seed.policy, useModel: false }, { actor: PERSON });
      if (seed.confirmed) await program.call('confirm_policy', { setId, why: 'checked' }, { actor: PERSON });
    } else await program.orchestrator.launch({ horizonHours: seed.launch, approval: seed.approval }, { actor: PERSON });
  }
};

const planned = async (
  { world }: Program,
  { plan: id, jobs = THREE, carbonPricePerTonne = 75, decided }: Extract<Seed, { plan: string }>,
) => {
  const now = world.clock.now();
  const [region = 'GB'] = await world.grid.regions();
  const { currency } = world.setting;
  const workloadId = `W-${id}`;
  const moved = jobs.filter((j) => j.savedKg > 0);
  const emitted = sum(jobs.map((j) => j.emissionsKg));
  const saved = sum(jobs.map((j) => j.savedKg));
  const energy = sum(jobs.map((j) => j.energyKwh));
  // Jobs that say what they cost say what the plan does.
  const priced = jobs.some((j) => j.homeCost !== undefined);
  const cost = priced
    ? { before: sum(jobs.map((j) => j.homeCost ?? j.cost)), after: sum(jobs.map((j) => j.cost)) }
    : { before: 30, after: 24 };
  const totals = (co2: number, cost: number) => plainTotals({ kg: co2, kwh: energy, cost, currency, peakKw: 12 });
  const plan = plainPlan(id, now, {
    digest: digest({ id, jobs }),
    workloadId,
    carbonPricePerTonne,
    jobs: {
      total: jobs.length,
      movable: jobs.filter((j) => j.category !== 'urgent').length,
      moved: moved.length,
      urgent: jobs.filter((j) => j.category === 'urgent').length,
      unplaced: 0,
    },
    baseline: totals(emitted + saved, cost.before),
    planned: totals(emitted, cost.after),
    savings: { cost: cost.before - cost.after, emissionsKg: around(saved) },
    objective: 25,
    lowerBound: 24.95,
    gap: 0.002,
    savingsGap: 0.01,
    engine: 'eval',
    stoppedBy: 'gap',
    signals: [{ region, kind: 'average operational', source: 'simulated signal', status: 'forecast', issuedAt: now }],
  });
  const { store } = world;
  await store.collection(PLANS).put(id, plan);
  await store.collection(WORKLOADS).put(workloadId, {
    id: workloadId,
    origin: 'ingested',
    source: 'evaluation',
    createdAt: now,
    jobs: jobs.length,
    earliestStart: now,
    latestEnd: plusHours(now, 48),
    assumed: [],
  });
  const placed = (job: JobSeed, of: { place: string; hour: number; kg: number; cost: number }): Placement => ({
    jobId: job.id,
    region: of.place,
    start: plusHours(now, of.hour),
    end: plusHours(now, of.hour + job.durationHours),
    energyKwh: kwh(job.energyKwh),
    emissionsKg: kg(of.kg),
    energyCost: money(of.cost),
    instanceCost: money(0),
    egressCost: money(0),
  });
  const to = (job: JobSeed) => ({
    place: job.place ?? region,
    hour: job.startHour ?? (job.savedKg > 0 ? TO : FROM),
    kg: job.emissionsKg,
    cost: job.cost,
  });
  const home = (job: JobSeed) => ({
    place: job.homePlace ?? to(job).place,
    hour: job.homeHour ?? (job.savedKg > 0 ? FROM : to(job).hour),
    kg: job.emissionsKg + job.savedKg,
    cost: job.homeCost ?? job.cost,
  });
  const rows = <T>(of: readonly JobSeed[], value: (job: JobSeed) => T, name = (job: JobSeed) => job.id) =>
    of.map((job) => ({ id: name(job), value: value(job) }));
  await store.rows(JOBS).append(
    workloadId,
    rows(jobs, (job) => jobOf(job, now, [home(job).place, to(job).place])),
  );
  const piece = (job: JobSeed) => `${job.id}#0`;
  await store.rows(PLACEMENTS).append(
    id,
    rows(jobs, (j) => placed(j, to(j)), piece),
  );
  await store.rows(BASELINE).append(
    id,
    rows(jobs, (j) => placed(j, home(j)), piece),
  );
  await store.rows(RECOMMENDATIONS).append(
    id,
    rows(moved, (job) => ({
      jobId: job.id,
      team: job.team,
      fromRegion: home(job).place,
      toRegion: to(job).place,
      fromStart: plusHours(now, home(job).hour),
      toStart: plusHours(now, to(job).hour),
      toEnd: plusHours(now, to(job).hour + job.durationHours),
      savedKg: job.savedKg,
      savedCost: 6 / moved.length,
      reason: 'starts in a cleaner hour',
    })),
  );
  if (decided !== undefined)
    await store.collection(DECISIONS).put(`D-${id}`, {
      id: `D-${id}`,
      planId: id,
      planDigest: plan.digest,
      status: decided,
      by: ['rule:low-risk'],
      reasons: ['within every threshold'],
      jobs: null,
      at: now,
    });
};

const jobOf = (
  { id, name = id, kind, team, category, durationHours, gpus, deadlineHour }: JobSeed,
  now: Instant,
  [region, place]: readonly [string, string],
): Job =>
  plainJob(id, now, {
    name,
    kind,
    team,
    category,
    due: plusHours(now, Math.min(36, deadlineHour)),
    deadline: plusHours(now, deadlineHour),
    durationHours: hours(durationHours),
    vcpus: 8,
    gpus,
    region,
    allowedRegions: [...new Set([region, place])],
  });

const waits = async (program: Program, seed: Extract<Seed, { waits: string }>) => {
  const { world } = program;
  const plans = world.store.collection(PLANS);
  if (!(await plans.get(seed.waits))) await planned(program, { plan: seed.waits });
  const plan = (await plans.get(seed.waits))!.value;
  const now = world.clock.now();
  const id = seed.approvalId ?? approvalIdOf({ workloadId: plan.workloadId, planDigest: plan.digest }, 0);
  await world.store.collection(APPROVALS).put(id, {
    id,
    threadId: '',
    interruptId: null,
    planId: plan.id,
    planDigest: plan.digest,
    status: 'waiting',
    reasons: seed.reasons ?? ['the risk is high'],
    approvalsNeeded: seed.needed ?? 1,
    votes: [],
    askedAt: plusHours(now, -30),
    expiresAt: plusHours(now, seed.expired === true ? -6 : 18),
  });
  await world.store.collection(RUNS).put(`R-${plan.id}`, {
    id: `R-${plan.id}`,
    kind: 'plan',
    status: 'waiting',
    scenario: world.setting.name,
    horizonHours: 24,
    approvalMode: 'ask',
    workloadId: plan.workloadId,
    planId: plan.id,
    approvalId: id,
    decisionId: null,
    startedBy: PERSON.id,
    startedAt: now,
    finishedAt: null,
    story: null,
    error: null,
  });
};

const verified = async ({ world }: Program, seed: Extract<Seed, { verified: string }>) => {
  const { store } = world;
  const team = seed.verified;
  const saved = {
    value: seed.kg,
    low: seed.low ?? seed.kg * 0.8,
    high: seed.high ?? seed.kg * 1.2,
    confidence: 0.95,
  };
  const known = (await store.collection(VERIFICATIONS).list({ limit: 1000 })).length;
  for (let i = 0; i < seed.records; i++) {
    const id = `V-${team}-${known + i + 1}`;
    const amounts = { emissionsKg: saved, cost: 2 };
    await store.collection(VERIFICATIONS).put(id, {
      id,
      planId: `P-of-${id}`,
      runId: null,
      at: plusSeconds(plusHours(world.clock.now(), -24 * seed.daysAgo), -60 * i),
      supersedes: null,
      jobs: 4,
      unverified: [],
      unverifiedCount: 0,
      claimed: { emissionsKg: seed.kg + 1, cost: 2.5 },
      verified: amounts,
      demonstrated: saved.low > 0,
      difference: [{ cause: 'jobs ran longer', emissionsKg: -1, cost: -0.5 }],
      byTeam: [{ team, saved: amounts, energyKwh: seed.energyKwh, jobs: 4 }],
      method: 'analytical 1',
      evidenceId: null,
    });
    await store.rows(VERIFIED_JOBS).append(id, [
      {
        id: 'job-1',
        value: {
          jobId: 'job-1',
          team,
          claimedKg: seed.kg + 1,
          counterfactualKg: seed.kg * 4,
          actualKg: seed.kg * 3,
          overheadKg: 0,
          savedKg: saved,
          savedCost: 2,
          energyKwh: seed.energyKwh,
        },
      },
    ]);
  }
};

/** The world's own signal, issued long ago. */
const age = ({ world }: Program, { signalAgeHours, limitHours }: Extract<Seed, { signalAgeHours: number }>) => {
  const { grid, setting } = world;
  const issuedAt = plusHours(world.clock.now(), -signalAgeHours);
  const old: Grid = {
    regions: () => grid.regions(),
    carbon: async (...asked) => ({ ...(await grid.carbon(...asked)), issuedAt }),
    price: async (...asked) => ({ ...(await grid.price(...asked)), issuedAt }),
  };
  Object.assign(world, {
    grid: old,
    setting: { ...setting, thresholds: { ...setting.thresholds, maxSignalAgeHours: limitHours } },
  });
};

/** The world's own signal with the present hour missing. */
const gap = ({ world }: Program) => {
  const { grid } = world;
  const now = world.clock.now();
  const holed: Grid = {
    regions: () => grid.regions(),
    carbon: async (...asked) => {
      const signal = await grid.carbon(...asked);
      const values = signal.series.values.map((v, i) =>
        instantAt(signal.series, i) <= now && instantAt(signal.series, i + 1) > now ? null : v,
      );
      return { ...signal, series: { ...signal.series, values } };
    },
    price: (...asked) => grid.price(...asked),
  };
  Object.assign(world, { grid: holed });
};
