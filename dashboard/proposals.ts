/** Plans with all that was said and done about each. */
import type { Approval, Decision, Plan, Run, Verification } from './answers.js';
import { callTool } from './client.js';
import { type Fact, useFact } from './facts.js';

/** A plan with all that was said and done about it. */
export interface Proposal {
  readonly plan: Plan;
  readonly approval: Approval | undefined;
  readonly decision: Decision | undefined;
  readonly run: Run | undefined;
  readonly verification: Verification | undefined;
}

export const stateOf = ({
  approval,
  decision,
  run,
  verification,
}: Proposal): { readonly text: string; readonly look: string } => {
  if (verification)
    return verification.demonstrated
      ? { text: 'verified', look: 'good' }
      : { text: 'verified, no saving shown', look: 'warn' };
  if (approval?.status === 'waiting') return { text: 'waits for a person', look: 'waiting' };
  if (decision?.status === 'refused' || approval?.status === 'rejected') return { text: 'declined', look: 'bad' };
  if (approval?.status === 'expired') return { text: 'expired unanswered', look: 'bad' };
  if (run?.status === 'placed' || (decision && run?.status === 'running')) return { text: 'running', look: 'good' };
  if (decision) return { text: decision.status === 'partly-approved' ? 'approved in part' : 'approved', look: 'good' };
  return { text: 'proposed', look: '' };
};

const MOST = 200;

/** All that the books have, newest plan first. */
export const useProposals = (): Fact<readonly Proposal[]> =>
  useFact('proposals', async () => {
    const [{ plans }, { approvals }, { decisions }, { runs }, { verifications }] = await Promise.all([
      callTool<{ plans: Plan[] }>('list_plans', { limit: MOST }),
      callTool<{ approvals: Approval[] }>('list_approvals', { limit: MOST, status: 'all' }),
      callTool<{ decisions: Decision[] }>('list_decisions', { limit: MOST }),
      callTool<{ runs: Run[] }>('list_runs', { limit: MOST }),
      callTool<{ verifications: Verification[] }>('list_verifications', { limit: MOST }),
    ]);
    return plans.map((plan) => ({
      plan,
      approval: approvals.find((a) => a.planId === plan.id),
      decision: decisions.find((d) => d.planId === plan.id),
      run: runs.find((r) => r.planId === plan.id),
      verification: verifications.find((v) => v.planId === plan.id),
    }));
  });
