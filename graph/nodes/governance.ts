/** Governance in three steps: judge only reads, ask only waits, record writes down what was decided. */
import { interrupt } from '@langchain/langgraph';
import { APPROVALS } from '../../domain/decision.js';
import { PLANS } from '../../domain/plan.js';
import { RUNS } from '../../domain/run.js';
import { decide, judgedAs } from '../decide.js';
import { judgementOf } from '../judgement.js';
import type { Desk, Node } from '../node.js';

/** What the thread says while it waits: which plan. Doors show the approval, which is read from the store. */
export interface Question {
  readonly planId: string;
}

/** Only the way that the thread takes follows from this: what is decided is judged anew when it is written down. */
export const judgeStep: Node = async (state, desk) => {
  const as = await judgedAs(desk.world.store, desk.threadId);
  const { outcome } = await judgementOf(desk.world, desk.caller, state.planId!, as);
  return { outcome };
};

/** Runs again from its first line when it is resumed, so it must do nothing but ask. */
export const askStep: Node = async (state) => {
  const question: Question = { planId: state.planId! };
  interrupt(question);
  return {};
};

/**
 * Believes nothing of the state but which plan it is about: a state can be edited by whoever holds the checkpoints. A plan that
 * a person has to answer for first is put before them.
 */
export const recordStep: Node = async (state, desk) => {
  const run = (await desk.world.store.collection(RUNS).get(desk.threadId))?.value;
  const approvalId = run?.approvalId ?? null;
  const subject = { planId: state.planId!, runId: desk.threadId, approvalId };
  const decision =
    (await decide(desk.world, desk.caller, subject)) ??
    (approvalId === null ? await byEarlierAnswer(desk, state.planId!) : null);
  if (decision === null) return { outcome: 'ask', decision: 'open' };
  return { decisionId: decision.id, decision: decision.status };
};

/** A thread that another program drives put no question of its own; what people answered about the same work, put before them otherwise, holds. */
const byEarlierAnswer = async ({ world, caller, threadId }: Desk, planId: string) => {
  const { store } = world;
  const plan = (await store.collection(PLANS).get(planId))?.value;
  const answered = (await store.collection(APPROVALS).list()).find(
    ({ value }) =>
      value.planDigest === plan?.digest &&
      (value.status === 'approved' || value.status === 'partly-approved' || value.status === 'rejected'),
  );
  return answered === undefined ? null : decide(world, caller, { planId, runId: threadId, approvalId: answered.id });
};
