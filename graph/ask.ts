/** Putting a plan before people: what they see is what governance finds at that moment, never what a caller says of it. */
import { z } from 'zod';
import { Approval, foundText } from '../domain/decision.js';
import { counted } from '../domain/figures.js';
import { PLANS } from '../domain/plan.js';
import { oneLine } from '../domain/text.js';
import type { World } from '../domain/world.js';
import { openApproval } from '../tools/approval/approval.js';
import { type Call, callTool, defineTool } from '../tools/tool.js';
import { decide, judgedAs } from './decide.js';
import { judgementOf } from './judgement.js';

interface Asked {
  readonly planId: string;
  /** The run that waits for the answer; null: whoever asks does not wait. */
  readonly run: { readonly id: string; readonly interruptId: string } | null;
  /** What the asker adds to what governance found. */
  readonly reasons: readonly string[];
}

/** The question that stands about what the plan would do: a new one only where none does. Throws Fault `not-found`. */
export const openQuestion = async (world: World, call: Call, { planId, run, reasons }: Asked): Promise<Approval> => {
  const as = run === null ? { mode: 'ask' as const, trim: true } : await judgedAs(world.store, run.id);
  const judgement = await judgementOf(world, call, planId, as);
  const { approval } = await callTool(
    openApproval,
    {
      planId,
      judgement,
      reasons: [...reasons],
      threadId: run?.id ?? '',
      interruptId: run?.interruptId ?? null,
      // A run is started by somebody who means it; an assistant does not ask until it hears yes.
      again: run !== null,
    },
    world,
    { ...call, actor: { id: 'node:governance', via: 'graph' }, idempotencyKey: undefined },
  );
  return approval;
};

const LONGEST_REASON = 500;

export const requestApproval = defineTool({
  name: 'request_approval',
  title: 'Request an approval',
  description:
    'Puts a plan before a person, with what governance finds of it: the verdict, the promised saving, who must approve. The answer is theirs: `caco approve ID` or authenticated HTTP. A question about the same work that is open is shown, not asked again; one that was answered is answered with its decisionId, which also holds for this plan.',
  toolset: 'policy',
  effect: 'records',
  input: z.strictObject({
    planId: z.string().min(1).describe('id of the plan'),
    reasons: z
      .array(z.string().min(1).max(LONGEST_REASON))
      .min(1)
      .max(10)
      .describe('why a person is asked, one sentence each; shown as yours'),
  }),
  output: z.strictObject({
    approval: Approval,
    decisionId: z.string().nullable().describe('of the decision that came of it; null while it waits'),
    decision: z.enum(['approved', 'partly-approved', 'refused']).nullable(),
  }),
  run: async ({ planId, reasons }, world, call) => {
    // In a person's dialog, a line of the asker's own could pass for one of governance.
    const said = reasons.map((reason) => `${call.actor.id} asks: “${oneLine(reason, LONGEST_REASON)}”`);
    const approval = await openQuestion(world, call, { planId, run: null, reasons: said });
    const settled = approval.status !== 'waiting';
    // A decision on the same work stands under another plan's name; this plan gets its own, on the same answer.
    const own = settled ? await decide(world, call, { planId, runId: null, approvalId: approval.id }) : null;
    const plan = (await world.store.collection(PLANS).get(planId))!.value;
    return own !== null && own.planDigest === plan.digest
      ? { approval, decisionId: own.id, decision: own.status }
      : { approval, decisionId: null, decision: null };
  },
  tell: ({ approval, decisionId, decision }) => {
    if (decisionId === null)
      return `${approval.id} waits for ${counted(approval.approvalsNeeded, 'answer')}: caco approve ${approval.id}. ${approval.judgement ? foundText(approval.judgement) : ''}`.trim();
    const who = approval.votes.map((v) => v.actor.id).join(', ');
    return `${approval.id} was answered${who === '' ? '' : ` by ${who}`}: ${decision}, decision ${decisionId}.`;
  },
});
