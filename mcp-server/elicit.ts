/** Questions to the person in front of the client, in the client's own dialog. Asked only where the client offers it; leaving it unanswered changes nothing. */
import type { App } from '../app.js';
import { APPROVALS, type Approval, DECISIONS } from '../domain/decision.js';
import { massEstimateText, moneyText } from '../domain/figures.js';
import { PLANS } from '../domain/plan.js';
import type { Caller, Passage } from './caller.js';

/** A person reads before answering. */
const PATIENCE_MS = 10 * 60_000;

const offersDialog = (passage: Passage) => passage.server.getClientCapabilities()?.elicitation?.form !== undefined;

const options = (passage: Passage) => ({
  relatedRequestId: passage.extra.requestId,
  signal: passage.signal,
  timeout: PATIENCE_MS,
});

/**
 * The person may answer at once what `request_approval` has put before them. The answer is theirs: it is given under their own
 * name, and only where the connection says who they are. What the assistant passed as an argument plays no part in it.
 */
export const askForApproval = async (app: App, caller: Caller, answer: unknown, passage: Passage): Promise<unknown> => {
  const { approval } = answer as { approval: Approval };
  const reread = async () =>
    withDecision(app, (await app.world.store.collection(APPROVALS).get(approval.id))?.value ?? approval);
  if (approval.status !== 'waiting' || caller.person === null || !offersDialog(passage)) return reread();
  const plan = (await app.world.store.collection(PLANS).get(approval.planId))?.value;
  const about = plan
    ? `Plan ${plan.id} moves ${plan.jobs.moved} of ${plan.jobs.total} jobs, saving ${massEstimateText(plan.savings.emissionsKg)} CO2e and ${moneyText(plan.savings.cost, plan.planned.cost.currency)}.`
    : `Plan ${approval.planId}.`;
  const reply = await passage.server
    .elicitInput(
      {
        message: `${about}\nWhy you are asked: ${approval.reasons.join('; ')}`,
        requestedSchema: {
          type: 'object',
          properties: {
            decision: {
              type: 'string',
              title: 'Decision',
              enum: ['approve', 'reject', 'later'],
              description: 'later leaves it open',
            },
            why: { type: 'string', title: 'Why', description: 'demanded for a rejection' },
          },
          required: ['decision'],
        },
      },
      options(passage),
    )
    .catch(() => null);
  const decision = reply?.action === 'accept' ? reply.content?.decision : undefined;
  if (decision !== 'approve' && decision !== 'reject') return reread();
  const said = reply?.content?.why;
  const why =
    typeof said === 'string' && said.trim() !== ''
      ? said
      : decision === 'reject'
        ? 'rejected in the assistant’s dialog'
        : '';
  await app.orchestrator.answer(
    { approvalId: approval.id, decision, why, only: null },
    { actor: caller.person, signal: passage.signal },
  );
  return reread();
};

/** The decision that came of it, so that execute_plan can be called with its id. */
const withDecision = async (app: App, approval: Approval) => {
  if (approval.status === 'waiting') return { approval };
  const decisions = await app.world.store.collection(DECISIONS).list({ limit: 1000 });
  const decision = decisions.find(
    (d) => d.value.planId === approval.planId && d.value.planDigest === approval.planDigest,
  );
  return decision ? { approval, decisionId: decision.id } : { approval };
};

/** Where there are several regions and none was named, the person chooses. */
export const askForRegion = async (app: App, input: Record<string, unknown>, passage: Passage) => {
  if (input.region !== undefined || !offersDialog(passage)) return input;
  const regions = await app.world.grid.regions();
  if (regions.length < 2) return input;
  const reply = await passage.server
    .elicitInput(
      {
        message: 'Which region’s grid?',
        requestedSchema: {
          type: 'object',
          properties: { region: { type: 'string', title: 'Region', enum: regions.slice(0, 200) } },
          required: ['region'],
        },
      },
      options(passage),
    )
    .catch(() => null);
  const region = reply?.action === 'accept' ? reply.content?.region : undefined;
  return typeof region === 'string' ? { ...input, region } : input;
};
