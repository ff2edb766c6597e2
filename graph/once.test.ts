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

const folder = mkdtempSync(join(tmpdir(), 'caco-once-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (home: string): Promise<App> => {
  const { config, settings } = readConfig({ home }, {}, folder);
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

type Step =
  | { do: 'launch'; workload: 0 | 1; approval: 'auto' | 'ask'; price: number; dies: number | null }
  | { do: 'ask'; plan: number }
  | { do: 'plan'; workload: 0 | 1; price: number }
  | { do: 'replan'; plan: number }
  | { do: 'answer'; approval: number; yes: boolean; who: string }
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
      who: fc.constantFrom('ann', 'bob'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('execute' as const), plan: index, decision: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const), run: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const) }) },
);

/** One of a list that may be empty, newest first. */
const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];

class Stage {
  private constructor(
    readonly home: string,
    private app: App,
    private readonly workloads: string[],
  ) {}

  static async set(home: string): Promise<Stage> {
    const app = await open(home);
    const workloads: string[] = [];
    for (const list of WORKLOADS) {
      const answer = await app.call('ingest_jobs', { jobs: list }, { actor: { id: 'ann', via: 'cli' } });
      workloads.push((answer as { workloadId: string }).workloadId);
    }
    return new Stage(home, app, workloads);
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
          await this.app.orchestrator.launch(
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
          return;
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
          const waiting = (await this.newest<{ id: string; status: string }>(APPROVALS)).filter(
            (a) => a.status === 'waiting',
          );
          const asked = pick(waiting, step.approval);
          if (asked)
            await this.app.orchestrator.answer(
              { id: asked.id, decision: step.yes ? 'approve' : 'reject', why: 'as I see it', only: null },
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
        case 'die':
          await this.app.close();
          this.app = await open(this.home);
      }
    } catch (error) {
      // What is refused is an answer. What was killed is looked at afterwards.
      if (!(error instanceof Fault) && (error as Error).message !== 'killed' && (error as Error).name !== 'AbortError')
        throw error;
    }
  }

  /** Everything that must hold after any step. */
  async check(): Promise<void> {
    const { store, fleet } = this.world;
    const orders = await this.newest<{ planId: string; key: string }>(ORDERS);
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
      if (!byRule) expect([...new Set(approval.votes.map((v) => v.actor.id))]).toEqual(d.by);
      if (d.status !== 'refused') expect(approval.votes.some((v) => v.decision === 'approve')).toBe(true);
    }
  }

  close = () => this.app.close();
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
  }, 1_800_000);
});
