/** The last words in a ticket: how it ended, and what came true. Pure. */
import type { Estimate } from '../../domain/estimate.js';
import type { Plan } from '../../domain/plan.js';
import type { KeptStatement } from '../../domain/settlement/statement.js';
import { oneLine } from '../../domain/text.js';
import { jobCount } from './compose.js';
import { code, paragraph, strong, type TicketDoc } from './document.js';
import { saving } from './promise.js';

const OUTCOMES = {
  applied: 'Settled: the moves were placed and their time has passed. The verified saving follows when it is known.',
  expired: 'Settled: nobody decided while acting still helped, so nothing was moved.',
  superseded: 'Settled: a newer plan no longer proposes this change.',
} as const;

export const outcomeDoc = (outcome: keyof typeof OUTCOMES, ticket: { planId: string }, plan: Plan): TicketDoc => [
  paragraph(
    strong(OUTCOMES[outcome]),
    ' Plan ',
    code(ticket.planId),
    ...(outcome === 'superseded' ? [', now ', code(plan.id)] : []),
  ),
];

/** What came true, told once a window has closed. */
export const verifiedDoc = (
  ticket: { planId: string; savedKg: Estimate; jobs: number },
  verified: { savedKg: Estimate; planned: Estimate; method: string },
): TicketDoc => [
  paragraph(
    strong('Verified. '),
    `The plan as a whole saved ${saving(verified.savedKg)}; planned were ${saving(verified.planned)}.`,
  ),
  paragraph(
    `This ticket had promised ${saving(ticket.savedKg)} with ${jobCount(ticket.jobs)}; what single tickets saved is not measured apart.`,
  ),
  paragraph(`Method: ${oneLine(verified.method, 200)}. Plan `, code(ticket.planId)),
];

/** What a flexibility event came to, once it was settled. */
export const paidDoc = ({ run, figures: f, evidence }: KeptStatement): TicketDoc => {
  const money = (amount: number | null) => (amount === null ? 'not known' : `${amount.toFixed(2)} ${f.currency}`);
  return [
    paragraph(
      strong('Settled. '),
      `Event ${oneLine(f.id, 200)}, run ${run}: ${f.deliveredMwh} MWh delivered, paid ${money(f.gross)}; bought later ${money(f.rebound)}; net ${money(f.net)}.`,
    ),
    paragraph('A later run of the settlement may change it. Evidence ', code(evidence)),
  ];
};
