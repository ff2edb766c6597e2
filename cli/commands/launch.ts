/** Runs of the whole way: launch, resume, runs, show. */
import type { Command } from 'commander';
import type { App, RunEvent } from '../../app.js';
import { APPROVALS, type Approval, DECISIONS, foundText } from '../../domain/decision.js';
import { VERIFICATIONS } from '../../domain/evidence/verification.js';
import { invalid, notFound } from '../../domain/fault.js';
import { PLANS, type Plan } from '../../domain/plan.js';
import { prunedFault } from '../../domain/retention.js';
import { RUNS, type Run } from '../../domain/run.js';
import { saleBehind, saleText } from '../../domain/sale.js';
import { type Answer, addCommand, type Context, type Scope } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf } from '../fields.js';
import { flagsOf } from '../flags.js';
import { tableText } from '../terminal.js';

/** A run plans with make_plan, so what bounds its plan is spelt as there. */
const FLAGS = flagsOf('make_plan', {
  workloadId: { about: 'plan this ingested workload instead of the queue' },
  from: false,
  tardinessWeight: false,
  foresight: false,
  seed: false,
  cpuSeconds: false,
  carbonPricePerTonne: false,
  relax: false,
});

/** Members that `launch`, `resume` and `show` share. */
export const runDocument = async (app: App, context: Context, run: Run) => {
  const { store } = app.world;
  const plan = run.planId === null ? undefined : (await store.collection(PLANS).get(run.planId))?.value;
  const decision = run.decisionId === null ? undefined : (await store.collection(DECISIONS).get(run.decisionId))?.value;
  const verified =
    plan && run.status === 'done'
      ? (await store.collection(VERIFICATIONS).list({ limit: 200 })).find((v) => v.value.planId === plan.id)?.value
      : undefined;
  const tickets = plan ? (await context.call('list_tickets', { planId: plan.id, limit: 200 })).tickets : [];
  return {
    runId: run.id,
    status: run.status,
    planId: run.planId,
    ...(run.status === 'waiting' ? { approvalId: run.approvalId } : {}),
    ...(run.status === 'placed' ? { settleAfter: run.settleAfter } : {}),
    decision: decision
      ? { id: decision.id, status: decision.status, by: decision.by, reasons: decision.reasons }
      : null,
    ...(plan ? figuresOf(plan) : {}),
    tickets,
    ...(verified ? { verified } : {}),
    story: run.story,
    ...(run.error === null ? {} : { error: run.error }),
  };
};

const figuresOf = (plan: Plan) => ({
  window: plan.window,
  jobs: plan.jobs,
  baseline: plan.baseline,
  plan: plan.planned,
  savings: plan.savings,
  objective: plan.objective,
  lowerBound: plan.lowerBound,
  gap: plan.gap,
  savingsGap: plan.savingsGap,
  bindingLimits: plan.bindingLimits,
  signals: plan.signals,
  unseen: plan.unseen,
});

const waitingText = (run: Run, approval: Approval | undefined) =>
  [
    `Run ${run.id} waits for a person: ${approval?.reasons.join('; ') || 'an approval is asked for'}.`,
    ...(approval?.judgement === undefined ? [] : [foundText(approval.judgement)]),
    `  caco show ${run.planId}        what would be done`,
    `  caco approve ${run.approvalId} --why "…"    the run goes on to its end`,
    `  caco reject ${run.approvalId} --why "…"     nothing is placed`,
  ].join('\n');

/** The answer to whatever has brought a run forward. */
export const runAnswer = async (app: App, context: Context, run: Run): Promise<Answer> => {
  const json = await runDocument(app, context, run);
  if (run.status === 'waiting') {
    const approval =
      run.approvalId === null ? undefined : (await app.world.store.collection(APPROVALS).get(run.approvalId))?.value;
    return { json, text: waitingText(run, approval), exitCode: EXIT.refused };
  }
  if (run.status === 'placed' && run.error !== null)
    return {
      json,
      text: `${run.story ?? ''}\n\n  Run ${run.id} is ${run.error}.\n  Try again: ${await nextOf(app, run)}`,
      exitCode: EXIT.done,
    };
  return {
    json,
    text: run.story ?? `Run ${run.id} is ${run.status}${run.error === null ? '' : `: ${run.error}`}.`,
    exitCode: run.status === 'refused' ? EXIT.refused : EXIT.done,
  };
};

export const byOf = async (context: Context, needed: Scope = 'operate') => ({
  actor: await context.actor(needed),
  signal: context.signal,
  onEvent: (event: RunEvent) => {
    if (event.type === 'node') context.progress({ done: 0, note: `${event.node} done` });
    else if (event.type === 'progress') {
      const { node, done, total, note } = event.data as { node: string; done: number; total?: number; note?: string };
      context.progress({ done, ...(total === undefined ? {} : { total }), note: `${node}: ${note ?? ''}` });
    }
  },
});

/** What brings a run forward. One that was answered by a process that died waits for nobody any more. */
const nextOf = async (app: App, run: Run): Promise<string> => {
  if (run.status === 'done' || run.status === 'refused') return '';
  if (run.settleAfter !== undefined && app.world.clock.now() < run.settleAfter)
    return `after ${run.settleAfter}: caco resume ${run.id}${app.world.clock.live ? '' : ` --now ${run.settleAfter}`}`;
  if (run.status !== 'waiting' || run.approvalId === null) return `caco resume ${run.id}`;
  const approval = (await app.world.store.collection(APPROVALS).get(run.approvalId))?.value;
  return approval?.status === 'waiting' ? `caco approve ${run.approvalId}` : `caco resume ${run.id}`;
};

const launch = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const approval = options.approval;
  if (approval !== 'auto' && approval !== 'ask')
    throw invalid(`--approval is "${String(approval)}"`, 'Give auto (rules decide) or ask (a person decides).');
  const { horizonHours = 24, ...given } = await FLAGS.input(options);
  const app = await context.app();
  const run = await app.orchestrator.launch({ ...given, horizonHours, approval }, await byOf(context));
  return runAnswer(app, context, run);
};

const show = async (context: Context, [id]: string[]): Promise<Answer> => {
  const app = await context.app();
  const { store } = app.world;
  const run = (await store.collection(RUNS).get(id!))?.value;
  if (run) return { ...(await runAnswer(app, context, run)), exitCode: EXIT.done };
  const plan = (await store.collection(PLANS).get(id!))?.value;
  if (plan) {
    const explained = await context.call('explain_plan', { planId: plan.id });
    const sold = await saleBehind(store, plan.id);
    const sale = sold === null ? '' : `\nMade for a sale, ${saleText(sold)}.`;
    return { json: { plan, explained }, text: `${await context.tell('explain_plan', explained)}${sale}` };
  }
  const decision = (await store.collection(DECISIONS).get(id!))?.value;
  if (decision)
    return {
      json: decision,
      text: `${decision.planId} is ${decision.status} by ${decision.by.join(', ')}: ${decision.reasons.join('; ')}.`,
    };
  const approval = (await store.collection(APPROVALS).get(id!))?.value;
  if (approval)
    return {
      json: approval,
      text: `${approval.id} is ${approval.status}: plan ${approval.planId} of run ${approval.threadId}; ${approval.reasons.join('; ')}.\n  caco show ${approval.planId}   ${
        approval.status === 'waiting'
          ? `caco approve ${approval.id} --why "…"   caco reject ${approval.id} --why "…"`
          : `caco show ${approval.threadId}`
      }`,
    };
  const verification = (await store.collection(VERIFICATIONS).get(id!))?.value;
  if (verification) return { json: verification, text: JSON.stringify(verification, null, 2) };
  throw (
    (await prunedFault(store, id!)) ??
    notFound(
      `there is no run, plan, approval, decision or verification ${id}`,
      '`caco runs` lists runs with their plans.',
    )
  );
};

export const register = (program: Command) => {
  addCommand(
    program,
    'launch',
    'run once from the queue to the verified saving; what has yet to happen is placed, and verified later',
    async (c) =>
      (await FLAGS.shape(c))
        .option('--scenario <name>', 'shipped scenario or path of a scenario file')
        .option('--approval <mode>', 'auto: rules decide; ask: a person is always asked', 'auto'),
    launch,
  );
  addCommand(
    program,
    'resume <run>',
    'go on with a run that was interrupted, whose approval was answered, or whose placed work has run',
    () => {},
    async (context, [id]) => {
      const app = await context.app();
      return runAnswer(app, context, await app.orchestrator.resume(id!, await byOf(context)));
    },
  );
  addCommand(
    program,
    'runs',
    'list runs, the newest first',
    (c) => c.option('--limit <n>', 'at most this many', '20'),
    async (context, _, options) => {
      const app = await context.app();
      const limit = numberOf('--limit', options.limit);
      const runs = (await app.world.store.collection(RUNS).list({ limit })).map((r) => r.value);
      const rows = await Promise.all(
        runs.map(async (r) => [
          r.id,
          r.status,
          r.scenario,
          `${r.horizonHours} h`,
          r.startedAt,
          r.planId ?? '–',
          await nextOf(app, r),
        ]),
      );
      return {
        json: { runs },
        text:
          runs.length === 0
            ? 'No runs yet: caco launch'
            : tableText(['run', 'status', 'scenario', 'window', 'started', 'plan', 'next'], rows),
      };
    },
  );
  addCommand(program, 'show <id>', 'show a run, plan, approval, decision or verification', () => {}, show);
};
