/**
 * Deeds once, whatever the order of launches, questions, answers, executions, retries and deaths on one store: no job is placed
 * twice, no promise is counted twice, no question is asked twice, and every decision names who gave it and what they saw.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { APPROVALS, DECISIONS } from '../domain/decision.js';
import { NEWEST_VERIFICATION, VERIFICATIONS, VERIFIED_JOBS } from '../domain/evidence/verification.js';
import { Fault } from '../domain/fault.js';
import { ORDERS, PLANS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import { openStore } from '../store/store.js';
import { voters } from '../tools/approval/approval.js';
import { movedJobs } from './decide.js';
import { DEAD, dying } from './fixtures/dying.js';
import { buildGraph } from './graph.js';
import { openOrchestrator } from './orchestrator.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-once-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (home: string): Promise<App> => {
  const { config, settings } = readConfig({ home, simulate: 'all' }, {}, folder);
  return openApp(config, settings);
};

const NOW = '2022-05-25T00:00:00Z';
const jobs = (...ids: string[]) =>
  ids.map((id, n) => ({
    id,
    submitted_at: NOW,
    duration_hours: 1 + (n % 3),
    power_kw: 20 + 10 * n,
    deadline: '2022-05-26T12:00:00Z',
    category: 'sustainable',
  }));
/** Two workloads that share two jobs, as two snapshots of one queue do. */
const WORKLOADS = [jobs('a', 'b', 'c', 'd'), [...jobs('a', 'b'), ...jobs('x', 'y', 'e')]];

const POLICIES = [
  'Plans that move more than 1 job need approval by two people.',
  'Jobs of team weather must not be moved.',
  'Plans that cost more than £100000 need approval.',
] as const;

type Step =
  /** `dies` after so many events, or its checkpoints end after so many `writes`. */
  | {
      do: 'launch';
      workload: 0 | 1;
      approval: 'auto' | 'ask';
      price: number;
      dies: number | null;
      writes: number | null;
    }
  | { do: 'ask'; plan: number }
  | { do: 'plan'; workload: 0 | 1; price: number }
  | { do: 'replan'; plan: number }
  | { do: 'answer'; approval: number; yes: boolean; who: string; part: boolean }
  | { do: 'policy'; text: string }
  | { do: 'retell'; workload: 0 | 1; team: string }
  | { do: 'overrun'; plan: number; job: string; hours: number }
  /** Both processes at once carry out the same. */
  | { do: 'both'; plan: number; decision: number }
  | { do: 'other' }
  | { do: 'execute'; plan: number; decision: number }
  | { do: 'resume'; run: number }
  | { do: 'die' };

const workload = fc.constantFrom(0 as const, 1 as const);
const price = fc.constantFrom(0, 75, 500);
const index = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('launch' as const),
      workload,
      approval: fc.constantFrom('auto' as const, 'ask' as const),
      price,
      dies: fc.option(fc.nat(40), { freq: 3 }),
      writes: fc.option(fc.nat(30), { freq: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('plan' as const), workload, price }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ask' as const), plan: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replan' as const), plan: index }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      approval: index,
      yes: fc.boolean(),
      who: fc.constantFrom('ann', 'Ann', 'bob'),
      part: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('execute' as const), plan: index, decision: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const), run: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('other' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('both' as const), plan: index, decision: index }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('policy' as const), text: fc.constantFrom(...POLICIES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('retell' as const),
      workload,
      team: fc.constantFrom('ml', 'weather'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('overrun' as const),
      plan: index,
      job: fc.constantFrom('a', 'b', 'x'),
      hours: fc.constantFrom(2, 4),
    }),
  },
);

/** One of a list that may be empty, newest first. */
const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];

class Stage {
  private constructor(
    readonly home: string,
    private app: App,
    /** Another process on the same store. */
    private other: App,
    private readonly workloads: string[],
  ) {}

  static async set(home: string): Promise<Stage> {
    const app = await open(home);
    const workloads: string[] = [];
    for (const list of WORKLOADS) {
      const answer = await app.call('ingest_jobs', { jobs: list }, { actor: { id: 'ann', via: 'cli' } });
      workloads.push((answer as { workloadId: string }).workloadId);
    }
    return new Stage(home, app, await open(home), workloads);
  }

  get world() {
    return this.app.world;
  }

  private async newest<T>(of: Parameters<App['world']['store']['collection']>[0]): Promise<T[]> {
    return (await this.world.store.collection(of).list({ limit: 1000 })).map((d) => d.value as T);
  }

  async take(step: Step): Promise<void> {
    const ann = { actor: { id: 'ann', via: 'cli' as const } };
    const bot = { actor: { id: 'bot', via: 'http' as const } };
    try {
      switch (step.do) {
        case 'launch': {
          const stop = new AbortController();
          let seen = 0;
          const store = step.writes === null ? null : await openStore(join(this.home, 'caco.db'));
          const saver = await store?.saver();
          const orchestrator =
            saver === undefined
              ? this.app.orchestrator
              : openOrchestrator(this.world, buildGraph(this.world, dying(saver, step.writes!)), saver);
          const launched = orchestrator.launch(
            {
              horizonHours: 24,
              approval: step.approval,
              workloadId: this.workloads[step.workload]!,
              carbonPricePerTonne: step.price,
            },
            {
              ...ann,
              signal: stop.signal,
              // Dies after so many events: between nodes, and in the middle of one.
              onEvent: () => {
                if (step.dies !== null && seen++ === step.dies) stop.abort(new Error('killed'));
              },
            },
          );
          return void (await launched.finally(() => store?.close()));
        }
        case 'plan':
          return void (await this.app.call(
            'make_plan',
            { workloadId: this.workloads[step.workload]!, horizonHours: 24, carbonPricePerTonne: step.price },
            bot,
          ));
        case 'replan': {
          const plan = pick(await this.newest<{ id: string; window: { start: string } }>(PLANS), step.plan);
          if (plan) await this.app.call('replan', { fromPlanId: plan.id, at: plan.window.start, churnCost: 0 }, bot);
          return;
        }
        case 'ask': {
          const plan = pick(await this.newest<{ id: string }>(PLANS), step.plan);
          if (plan) await this.app.call('request_approval', { planId: plan.id, reasons: ['please'] }, bot);
          return;
        }
        case 'answer': {
          const waiting = (await this.newest<{ id: string; status: string; planId: string }>(APPROVALS)).filter(
            (a) => a.status === 'waiting',
          );
          const asked = pick(waiting, step.approval);
          if (asked)
            await this.app.orchestrator.answer(
              {
                id: asked.id,
                decision: step.yes ? 'approve' : 'reject',
                why: 'as I see it',
                only: step.part ? ['allowed', ...(await movedJobs(this.world.store, asked.planId)).slice(0, 1)] : null,
              },
              { actor: { id: step.who, via: 'cli' } },
            );
          return;
        }
        case 'execute': {
          const plan = pick(await this.newest<{ id: string }>(PLANS), step.plan);
          const decision = pick(await this.newest<{ id: string }>(DECISIONS), step.decision);
          if (plan && decision)
            await this.app.call(
              'execute_plan',
              { planId: plan.id, decisionId: decision.id, dryRun: false },
              { ...bot, decisionId: decision.id },
            );
          return;
        }
        case 'resume': {
          const run = pick(await this.newest<{ id: string }>(RUNS), step.run);
          if (run) await this.app.orchestrator.resume(run.id, ann);
          return;
        }
        case 'both': {
          const plan = pick(await this.newest<{ id: string }>(PLANS), step.plan);
          const decision = pick(await this.newest<{ id: string }>(DECISIONS), step.decision);
          if (!plan || !decision) return;
          const input = { planId: plan.id, decisionId: decision.id, dryRun: false };
          const by = { ...bot, decisionId: decision.id };
          const done = [this.app, this.other].map((app) => app.call('execute_plan', input, by));
          for (const one of await Promise.allSettled(done)) if (one.status === 'rejected') throw one.reason;
          return;
        }
        case 'policy': {
          const { setId } = await this.app.call('ingest_policy', { text: step.text, name: 'rules.md' }, ann);
          return void (await this.app.call('confirm_policy', { setId }, ann));
        }
        case 'retell': {
          const told = WORKLOADS[step.workload]!.map((job) => ({ ...job, team: step.team }));
          const workloadId = this.workloads[step.workload]!;
          return void (await this.app.call('ingest_jobs', { jobs: told, workloadId }, bot));
        }
        case 'overrun': {
          const plan = pick(await this.newest<{ id: string }>(PLANS), step.plan);
          const overran = [{ jobId: step.job, durationHours: step.hours }];
          if (plan) await this.app.call('replan', { fromPlanId: plan.id, overran } as never, bot);
          return;
        }
        case 'other':
          [this.app, this.other] = [this.other, this.app];
          return;
        case 'die':
          await this.app.close();
          this.app = await open(this.home);
      }
    } catch (error) {
      // What is refused is an answer. What was killed is looked at afterwards.
      if (
        !(error instanceof Fault) &&
        ![DEAD, 'killed'].includes((error as Error).message) &&
        (error as Error).name !== 'AbortError'
      )
        throw error;
    }
  }

  /** Everything that must hold after any step. */
  async check(): Promise<void> {
    const { store, fleet } = this.world;
    const orders = await this.newest<{ planId: string; key: string; decisionId?: string }>(ORDERS);
    for (const { planId, decisionId } of orders) {
      const leave = (await store.collection(DECISIONS).get(decisionId!))!.value;
      expect(leave.status, `the order of ${planId} has leave`).not.toBe('refused');
      expect(leave.planDigest).toBe((await store.collection(PLANS).get(planId))!.value.digest);
    }
    await this.world.clock.waitUntil('2022-06-05T00:00:00Z' as never);
    const runsUnder = new Map<string, string>();
    for (const order of orders)
      for await (const page of fleet.ran(order.key))
        for (const { jobId } of page) {
          expect(runsUnder.get(jobId) ?? order.planId, `job ${jobId} runs under one plan`).toBe(order.planId);
          runsUnder.set(jobId, order.planId);
        }

    const promised = new Map<string, string>();
    for (const { value: newest } of await store.collection(NEWEST_VERIFICATION).list({ limit: 1000 })) {
      const verification = (await store.collection(VERIFICATIONS).get(newest.verificationId))!.value;
      for await (const page of store.rows(VERIFIED_JOBS).pages(verification.id))
        for (const { jobId } of page) {
          expect(promised.get(jobId), `the saving of ${jobId} is counted once`).toBeUndefined();
          promised.set(jobId, verification.planId);
        }
    }

    const open = new Set<string>();
    const plans = new Map((await store.collection(PLANS).list({ limit: 1000 })).map((p) => [p.id, p.value]));
    for (const { value: a } of await store.collection(APPROVALS).list({ limit: 1000 })) {
      if (a.status !== 'waiting') continue;
      const about = `${plans.get(a.planId)!.workloadId} ${a.planDigest}`;
      expect(open.has(about), `one question is open about ${about}`).toBe(false);
      open.add(about);
    }

    for (const { value: d } of await store.collection(DECISIONS).list({ limit: 1000 })) {
      expect(d.judgement, `decision ${d.id} says what was found`).toBeDefined();
      const byRule = d.by.every((b) => b.startsWith('rule:'));
      if (d.approvalId === null || d.approvalId === undefined) {
        expect(byRule, `decision ${d.id} names its rule`).toBe(true);
        continue;
      }
      const approval = (await store.collection(APPROVALS).get(d.approvalId))!.value;
      expect(approval.judgement, `those who answered ${approval.id} were shown what was found`).toBeDefined();
      expect(approval.planDigest).toBe(d.planDigest);
      if (!byRule) expect(voters(approval.votes)).toEqual(d.by);
      expect(voters(approval.votes).length, 'nobody counts twice').toBe(
        new Set(approval.votes.map((v) => v.actor.id.toLowerCase())).size,
      );
      if (d.jobs !== null) {
        const moves = new Set(await movedJobs(store, d.planId));
        expect(d.jobs.filter((job) => !moves.has(job))).toEqual([]);
        expect(new Set(d.jobs).size).toBe(d.jobs.length);
      }
      if (d.status !== 'refused') expect(approval.votes.some((v) => v.decision === 'approve')).toBe(true);
    }
  }

  async close() {
    await this.app.close();
    await this.other.close();
  }
}

describe('any sequence of launches, questions, answers, executions, retries and deaths', () => {
  it('places each job once, counts each promise once, asks each question once, and says who decided on what', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 9 }), async (steps) => {
        const stage = await Stage.set(join(folder, `home-${n++}`));
        try {
          for (const one of steps) await stage.take(one);
          await stage.check();
        } finally {
          await stage.close();
        }
      }),
      { numRuns: Number(process.env.CACO_ONCE_RUNS ?? 6), endOnFailure: true },
    );
  });
});
