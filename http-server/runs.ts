/** Runs, the approvals that they wait for, and what changes, as it changes. */
import { Router } from 'express';
import { z } from 'zod';
import type { App, RunEvent } from '../app.js';
import { APPROVALS, DECISIONS } from '../domain/decision.js';
import { VERIFICATIONS } from '../domain/evidence/verification.js';
import { Fault, invalid } from '../domain/fault.js';
import { PLANS } from '../domain/plan.js';
import { RUNS, type Run } from '../domain/run.js';
import { Instant } from '../domain/time.js';
import { actorOf, requireScope } from './guard.js';
import type { News } from './news.js';
import { runOf, streamRun } from './run-events.js';
import { failureOf, openStream, wantsStream } from './sse.js';

const LaunchBody = z.strictObject({
  horizonHours: z.number().positive().max(840).default(24),
  approval: z.enum(['auto', 'ask']).default('auto'),
  from: Instant.optional(),
  workloadId: z.string().optional(),
  region: z.string().optional(),
  clusterId: z.string().optional(),
  carbonPricePerTonne: z.number().min(0).optional(),
  tardinessWeight: z.number().min(0).optional(),
  maxPowerKw: z.number().positive().optional(),
  seed: z.number().int().min(0).optional(),
});
const RunsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().optional(),
});
const ApprovalsQuery = z.strictObject({ status: z.enum(['waiting', 'all']).default('waiting') });
const AnswerBody = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  why: z.string().max(2000).default(''),
  only: z.array(z.string()).nullable().default(null),
  digest: z.string().max(100).optional(),
});

export const parseBody = <S extends z.ZodType>(schema: S, body: unknown): z.output<S> => {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((i) => ({ field: i.path.join('.') || '(body)', message: i.message }));
  throw invalid(
    problems.map((p) => `${p.field}: ${p.message}`).join('; '),
    'Mend the named members; GET /openapi.json says what each may be.',
    problems,
  );
};

/** Members that are undefined are absent: the orchestrator's options are exact. */
const present = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

const detailOf = async (app: App, run: Run) => {
  const { store } = app.world;
  const [plan, decision, approval] = await Promise.all([
    run.planId === null ? undefined : store.collection(PLANS).get(run.planId),
    run.decisionId === null ? undefined : store.collection(DECISIONS).get(run.decisionId),
    run.approvalId === null ? undefined : store.collection(APPROVALS).get(run.approvalId),
  ]);
  const verified =
    run.planId === null || run.status !== 'done'
      ? undefined
      : (await store.collection(VERIFICATIONS).list({ limit: 200 })).find((v) => v.value.planId === run.planId);
  return {
    ...run,
    plan: plan?.value ?? null,
    decision: decision?.value ?? null,
    approval: approval?.value ?? null,
    verification: verified?.value ?? null,
  };
};

/** Runs that this server works on; they end with it, and `resume` goes on with them. */
export interface Working {
  readonly signal: AbortSignal;
  track<T>(work: Promise<T>): Promise<T>;
}

export const runRoutes = (app: App, news: News, working: Working): Router => {
  const router = Router();
  const runs = () => app.world.store.collection(RUNS);

  router.get('/runs', async (req, res) => {
    requireScope(res, 'read');
    const { limit, after } = parseBody(RunsQuery, req.query);
    const page = await runs().list({ limit, after });
    res.json({ runs: page.map((r) => r.value), next: page.length === limit ? (page.at(-1)?.id ?? null) : null });
  });

  router.get('/runs/:id', async (req, res) => {
    requireScope(res, 'read');
    res.json(await detailOf(app, await runOf(app, req.params.id)));
  });

  router.get('/runs/:id/events', async (req, res) => {
    requireScope(res, 'read');
    await streamRun(app, news, res, req.params.id);
  });

  router.post('/runs', async (req, res) => {
    requireScope(res, 'operate');
    const input = present(parseBody(LaunchBody, req.body));
    const stream = wantsStream(req) ? openStream(res) : undefined;
    const atOnce = /\brespond-async\b/.test(req.get('prefer') ?? '');
    let begun: (id: string) => void = () => {};
    const first = new Promise<string>((resolve) => {
      begun = resolve;
    });
    // A run goes on although its caller has gone: it is in the store, and its deeds happen once.
    const onEvent = (event: RunEvent) => {
      begun(event.runId);
      news.tell(event);
      stream?.send(event.type, event);
    };
    const work = working.track(
      app.orchestrator.launch(input, { actor: actorOf(res), signal: working.signal, onEvent }),
    );
    try {
      if (atOnce && !stream) {
        const id = await Promise.race([first, work.then((run) => run.id)]);
        work.catch(() => {});
        return void res.status(202).location(`/runs/${id}`).json({ id, status: 'running' });
      }
      const run = await detailOf(app, await work);
      if (stream) stream.send('done', run);
      else res.json(run);
    } catch (error) {
      stream?.send('failed', failureOf(error));
      if (!stream || !(error instanceof Fault)) throw error;
    } finally {
      stream?.end();
    }
  });

  router.post('/runs/:id/resume', async (req, res) => {
    requireScope(res, 'operate');
    const by = { actor: actorOf(res), signal: working.signal, onEvent: news.tell };
    res.json(await detailOf(app, await working.track(app.orchestrator.resume(req.params.id, by))));
  });

  router.get('/approvals', async (req, res) => {
    requireScope(res, 'read');
    const { status } = parseBody(ApprovalsQuery, req.query);
    res.json(await app.call('list_approvals', { status, limit: 200 }, { actor: actorOf(res) }));
  });

  router.post('/approvals/:id', async (req, res) => {
    requireScope(res, 'approve');
    const { decision, why, only, digest } = parseBody(AnswerBody, req.body);
    const by = { actor: actorOf(res), signal: working.signal, onEvent: news.tell };
    const answered = await working.track(
      app.orchestrator.answer({ id: req.params.id, decision, why, only, ...(digest ? { digest } : {}) }, by),
    );
    res.json(answered);
  });

  router.get('/events', async (req, res) => {
    requireScope(res, 'read');
    const run = typeof req.query.run === 'string' ? req.query.run : undefined;
    const last = req.get('last-event-id');
    const after = last !== undefined && /^\d+$/.test(last) ? Number(last) : undefined;
    await news.follow(() => openStream(res), { run, after });
  });
  return router;
};
