/** A person's answer: what waits, approve, reject. */
import type { Command } from 'commander';
import type { App } from '../../app.js';
import { APPROVALS, type Approval } from '../../domain/decision.js';
import { Fault, notFound } from '../../domain/fault.js';
import { PLANS } from '../../domain/plan.js';
import { RUNS } from '../../domain/run.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { plain, tableText } from '../terminal.js';
import { byOf, runAnswer } from './launch.js';

const listed = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const o = await context.call<{ approvals: Approval[] }>('list_approvals', {
    status: options.all === true ? 'all' : 'waiting',
    limit: 200,
  });
  const rows = o.approvals.map((a) => [
    a.id,
    a.status,
    a.planId,
    `${a.votes.filter((v) => v.decision === 'approve').length} of ${a.approvalsNeeded}`,
    a.expiresAt,
    plain(a.reasons.join('; ')).slice(0, 100),
  ]);
  return {
    json: o,
    text:
      o.approvals.length === 0
        ? 'Nothing waits for an answer.'
        : `${tableText(['approval', 'state', 'plan', 'agreed', 'expires', 'why a person is asked'], rows)}\n\n  caco approve ID --why "…"   caco reject ID --why "…"`,
  };
};

/** The approval that somebody means by its own id, a run's or a plan's; undefined for a plan that nothing waits for. */
const meant = async (app: App, id: string): Promise<{ approval: Approval | undefined; planId: string | null }> => {
  const { store } = app.world;
  const own = (await store.collection(APPROVALS).get(id))?.value;
  if (own) return { approval: own, planId: own.planId };
  const run = (await store.collection(RUNS).get(id))?.value;
  const planId = run ? run.planId : (await store.collection(PLANS).get(id)) ? id : undefined;
  if (planId === undefined)
    throw notFound(`there is no approval, run or plan ${id}`, '`caco approvals` lists what waits.');
  const waiting = (await store.collection(APPROVALS).list({ limit: 1000 }))
    .map((a) => a.value)
    .find((a) => a.status === 'waiting' && a.planId === planId && (!run || a.threadId === run.id));
  return { approval: waiting, planId };
};

const onlyOf = (text: unknown): string[] | null =>
  text === undefined
    ? null
    : String(text)
        .split(/[,\s]+/)
        .filter((job) => job !== '');

const answer = async (
  context: Context,
  approvalId: string,
  decision: 'approve' | 'reject',
  options: Record<string, unknown>,
): Promise<Answer> => {
  const app = await context.app();
  const { approval, run } = await app.orchestrator.answer(
    { approvalId, decision, why: String(options.why ?? ''), only: onlyOf(options.only) },
    await byOf(context, 'approve'),
  );
  if (run) {
    const told = await runAnswer(app, context, run);
    const rejected = decision === 'reject' && run.status === 'refused';
    return {
      ...told,
      json: { approvalId: approval.id, approvalStatus: approval.status, ...(told.json as object) },
      exitCode: rejected ? EXIT.done : (told.exitCode ?? EXIT.done),
    };
  }
  const agreed = approval.votes.filter((v) => v.decision === 'approve').length;
  const waits = approval.status === 'waiting';
  return {
    json: {
      approvalId: approval.id,
      approvalStatus: approval.status,
      planId: approval.planId,
      agreed,
      approvalsNeeded: approval.approvalsNeeded,
    },
    text: waits
      ? `${approval.id}: ${agreed} of ${approval.approvalsNeeded} approvals given; another person has to agree: caco approve ${approval.id}`
      : `${approval.id} is ${approval.status}. The plan’s decision is on record: caco show ${approval.planId}`,
    exitCode: waits ? EXIT.refused : EXIT.done,
  };
};

const approve = async (context: Context, [id]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const app = await context.app();
  const { approval, planId } = await meant(app, id!);
  if (approval) return answer(context, approval.id, 'approve', options);
  const only = onlyOf(options.only);
  if (planId === null || only === null)
    throw new Fault(
      'conflict',
      `nothing waits for an answer on ${id}`,
      planId === null
        ? '`caco approvals` lists what waits.'
        : `A refused plan can be taken up for the jobs that the policy allows: caco approve ${planId} --only allowed`,
    );
  // A refused plan, taken up again: it is judged anew and a person is always asked, which this answer then is.
  const plan = (await app.world.store.collection(PLANS).get(planId))!.value;
  const hours = (Date.parse(plan.window.end) - Date.parse(plan.window.start)) / 3_600_000;
  const run = await app.orchestrator.launch(
    { planId, horizonHours: hours, approval: 'ask', from: plan.window.start },
    await byOf(context, 'approve'),
  );
  if (run.status !== 'waiting' || run.approvalId === null) return runAnswer(app, context, run);
  return answer(context, run.approvalId, 'approve', options);
};

const reject = async (context: Context, [id]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const { approval } = await meant(await context.app(), id!);
  if (!approval)
    throw new Fault('conflict', `nothing waits for an answer on ${id}`, '`caco approvals` lists what waits.');
  return answer(context, approval.id, 'reject', options);
};

export const register = (program: Command) => {
  addCommand(
    program,
    'approvals',
    'what waits for a person',
    (c) => c.option('--all', 'answered and expired ones too'),
    listed,
  );
  addCommand(
    program,
    'approve <id>',
    'say yes to an approval, a run or a plan; the run goes on to its end',
    (c) =>
      c
        .option('--why <text>', 'the reason, kept with the decision')
        .option('--only <jobs>', 'these jobs only, parted by commas; "allowed": all that the policy allows'),
    approve,
  );
  addCommand(
    program,
    'reject <id>',
    'say no; nothing is placed',
    (c) => c.requiredOption('--why <text>', 'the reason, kept with the decision'),
    reject,
  );
};
