/** A person's answer: what waits, approve, reject. */
import type { Command } from 'commander';
import type { Answered } from '../../app.js';
import { counted } from '../../domain/figures.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { plain, tableText } from '../terminal.js';
import { byOf, runAnswer } from './launch.js';

const listed = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const o = await context.call('list_approvals', {
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

const onlyOf = (text: unknown): string[] | null =>
  text === undefined
    ? null
    : String(text)
        .split(/[,\s]+/)
        .filter((job) => job !== '');

const answer = async (
  context: Context,
  id: string,
  decision: 'approve' | 'reject',
  options: Record<string, unknown>,
): Promise<Answer> => {
  const app = await context.app();
  const answered = await app.orchestrator.answer(
    { id, decision, why: String(options.why ?? ''), only: onlyOf(options.only) },
    await byOf(context, 'approve'),
  );
  const { approval, run } = answered;
  if (run) {
    const told = await runAnswer(app, context, run);
    const rejected = decision === 'reject' && run.status === 'refused';
    return {
      ...told,
      json: { approvalId: approval.id, approvalStatus: approval.status, ...(told.json as object) },
      exitCode: rejected ? EXIT.done : (told.exitCode ?? EXIT.done),
    };
  }
  const agreed = new Set(approval.votes.filter((v) => v.decision === 'approve').map((v) => v.actor.id)).size;
  const waits = approval.status === 'waiting';
  const refused = answered.decision?.status === 'refused' && decision === 'approve';
  return {
    json: {
      approvalId: approval.id,
      approvalStatus: approval.status,
      planId: approval.planId,
      agreed,
      approvalsNeeded: approval.approvalsNeeded,
      decision: answered.decision,
    },
    text: waits
      ? `${approval.id}: ${agreed} of ${approval.approvalsNeeded} approvals given; another person has to agree: caco approve ${approval.id}`
      : `${approval.id} is ${approval.status}. ${decisionText(answered.decision)} caco show ${approval.planId}`,
    exitCode: waits || refused ? EXIT.refused : EXIT.done,
  };
};

/** A yes to a plan that the policy refuses in part, or that too few have agreed to, says what it came to. */
const decisionText = (decision: Answered['decision']): string =>
  decision === null
    ? ''
    : `The plan is ${decision.status}${decision.jobs === null ? '' : ` for ${counted(decision.jobs.length, 'job')}`}${decision.reasons.length === 0 ? '' : `: ${plain(decision.reasons.join('; '))}`}.`;

const approve = (context: Context, [id]: string[], options: Record<string, unknown>) =>
  answer(context, id!, 'approve', options);

const reject = (context: Context, [id]: string[], options: Record<string, unknown>) =>
  answer(context, id!, 'reject', options);

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
