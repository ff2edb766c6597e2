/** Executor: places what was decided and files the tickets; once the window has closed, verifies what ran. */
import { settleTickets } from '../../tools/tickets/tickets.js';
import { verifySavings } from '../../tools/verifier/verifier.js';
import { carryOut } from '../carry-out.js';
import type { Node } from '../node.js';
import { settleEach } from '../settle-events.js';

export const executor: Node = async (state, desk) => {
  if (state.kind === 'settle' && state.planId === null) return { settled: await settleEach(state.runId, desk) };
  if (state.kind === 'settle') {
    const { verification } = await desk.call(verifySavings, { planId: state.planId! });
    await desk.call(settleTickets, { planId: state.planId! }, state.decisionId!);
    return { verificationId: verification.id };
  }
  const { placing, filing } = await carryOut(desk.world, desk.caller, state.planId!, state.decisionId!);
  const { orderKey, placed, moved, leftOut, heldBy, left, rehearsed, watched } = placing;
  return {
    orderKey: placed === 0 ? null : orderKey,
    placing: {
      moved,
      leftOut,
      heldBy,
      ...(left === undefined ? {} : { left }),
      ...(rehearsed === undefined ? {} : { rehearsed }),
      ...(watched === undefined ? {} : { watched }),
    },
    ticketIds: (filing?.tickets ?? []).slice(0, 50).map((t) => t.id),
    ticketCount: filing?.total ?? 0,
  };
};
