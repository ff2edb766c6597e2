/** Steps of the program’s own, which no door lists: whoever calls one is refused. */
import type { Line } from './line.js';

const step = (what: string, input: unknown, cannot: string): Line => ({
  what,
  scope: null,
  can: 'nothing: a step of the program’s own',
  cannot,
  attack: { as: 'approve', with: input, status: 403 },
});

export const STEP_LINES: readonly Line[] = [
  step(
    'record_decision',
    {
      planId: '$plan',
      planDigest: 'x',
      status: 'approved',
      by: Array(10_000).fill('ann'),
      reasons: [],
      jobs: null,
    },
    'write a decision',
  ),
  step('open_approval', { planId: '$plan', reasons: [] }, 'say what governance found'),
  step('answer_approval', { approvalId: '$approval', decision: 'approve' }, 'answer past the orchestrator'),
  step('place_jobs', { planId: '$plan', decisionId: '$decision' }, 'place past the policy of today'),
];
