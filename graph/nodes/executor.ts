/** Executor: places what was decided and files the tickets; once the window has closed, verifies what ran. */
import { placeJobs } from '../../tools/fleet/fleet.js';
import { fileTickets, settleTickets } from '../../tools/tickets/tickets.js';
import { verifySavings } from '../../tools/verifier/verifier.js';
import type { Node } from '../node.js';

export const executor: Node = async (state, desk) => {
  if (state.kind === 'settle') {
    const { verification } = await desk.call(verifySavings, { planId: state.planId! });
    const { verified, method } = verification;
    await desk.call(
      settleTickets,
      { planId: state.planId!, verifiedKg: verified.emissionsKg, method },
      state.decisionId!,
    );
    return { verificationId: verification.id };
  }
  const { orderKey } = await desk.call(placeJobs, { planId: state.planId! }, state.decisionId!);
  const { tickets, total } = await desk.call(fileTickets, { planId: state.planId! }, state.decisionId!);
  return { orderKey, ticketIds: tickets.slice(0, 50).map((t) => t.id), ticketCount: total };
};
