/** Copilot: tells the story of the run, and writes it down where people look. */
import { RUNS } from '../../domain/run.js';
import type { Node } from '../node.js';
import { settledText } from '../settle-events.js';
import { storyOf } from '../story.js';

export const copilot: Node = async (state, desk) => {
  const runs = desk.world.store.collection(RUNS);
  const story =
    state.settled.length > 0
      ? await settledText(desk.world, state.settled)
      : await storyOf(desk.world, {
          runId: state.runId,
          planId: state.planId,
          decisionId: state.decisionId,
          verificationId: state.verificationId,
          ticketCount: state.ticketCount,
          placing: state.placing,
          placed: state.orderKey !== null,
          waiting: state.waiting && { placed: 0, placedBy: [], ...state.waiting },
        });
  for (;;) {
    const run = (await runs.get(state.runId))!;
    if (await runs.replace(run.id, run.version, { ...run.value, story })) return { told: true };
  }
};
