/**
 * What a store that is left on for years may forget, and with what. Documents and rows are named here by what they are kept
 * under; `retention.test.ts` holds the two lists against every collection and set of rows that the program declares, so
 * that a new one has to say which it is.
 */
import { z } from 'zod';
import { Fault } from './fault.js';
import { defineCollection, type Tx } from './store.js';
import { Instant } from './time.js';

interface Kept {
  readonly documents: readonly string[];
  readonly rows: readonly string[];
}

/** What goes, by what it is kept under. */
export const GOES_WITH = {
  /** by plan id */
  plan: {
    documents: [
      'plans',
      'certificates',
      'plan-offers',
      'plan-summaries',
      'plan-loads',
      'frozen-baselines',
      'orders',
      'watched-orders',
    ],
    rows: ['placements', 'baseline', 'recommendations', 'plan-tables'],
  },
  /** by what the fleet knows the plan's order by */
  order: {
    documents: ['simulated_order_receipts', 'file-order-receipts', 'slurm_order_receipts', 'kubernetes_order_receipts'],
    rows: ['simulated_orders', 'file-orders', 'slurm_orders', 'kubernetes_orders'],
  },
  /** by workload id */
  workload: { documents: ['workloads'], rows: ['jobs'] },
  /** by run id */
  run: { documents: ['runs'], rows: [] },
} as const satisfies Record<string, Kept>;

/** What is no plan's, order's, workload's or run's, and why it stays or who else clears it. */
export const STAYS: Readonly<Record<string, string>> = {
  evidence: 'what a saving was proven from',
  'evidence-jobs': 'what a saving was proven from',
  'evidence-places': 'what a saving was proven from',
  'evidence-contracts': 'what a saving was proven from',
  'evidence-entries': 'which entry of the ledger names it',
  verifications: 'the proven saving',
  'verified-jobs': 'the proven saving, job by job',
  'newest-verification': 'which record of a plan holds',
  'booked-pieces': 'the books of the month',
  claims: 'nothing is claimed twice',
  responses: 'what is done to running work for an event; one a site',
  held_jobs: 'no job is handed over twice',
  held_jobs_entered: 'no job is handed over twice',
  decisions: 'who gave leave for what',
  approvals: 'who answered what',
  roles: 'whom a policy means',
  tokens: 'who may call',
  'policy-sets': 'what is and was in force',
  'active-policy': 'what is in force',
  contracts: 'what power was bought',
  sites: 'where work can run',
  meters: 'what was measured',
  metered: 'what was measured',
  'meter-edges': 'what was measured',
  'meter-looks': 'what was measured',
  ran: 'what a fleet reports, kept by no store',
  command_runs: 'commands that waited for a clean hour',
  bought: 'orders at the market',
  'registry-rows': 'peers of the market',
  'sold-flexibility': 'orders at the market',
  'sold-orders': 'orders at the market',
  'capacity-claims': 'nothing is sold twice; gone when the order is over',
  'flexibility-events': 'what was asked, promised and kept',
  'event-courses': 'what was asked, promised and kept',
  'event-readings': 'what was measured',
  'simulated-halls': 'one a region',
  'settlement-statements': 'what was paid for',
  'delivered-periods': 'no kilowatt-hour is paid for twice',
  covariates: 'what was measured',
  covaried: 'what was measured',
  'savings-models': 'what a saving was judged by',
  'savings-claims': 'the proven saving',
  'savings-rest': 'what is left over for the next claim',
  'savings-totals': 'what was proven, minted and retired in all',
  'mint-leaves': 'who gave leave for what',
  mints: 'no kilowatt-hour is minted twice',
  'kwhsave-contracts': 'where the tokens are',
  'voided-mints': 'evidence of which a token was taken back',
  'local-chain': 'points to the newest block in the ledger',
  'sale-plans': 'which plan keeps which order',
  'market-ratings': 'what buyers said',
  tickets: 'closed ones go with their plan, by the room that files them',
  'ticket-outbox': 'goes with its ticket',
  'ticket-lanes': 'one a tracker',
  'ingest-drafts': 'gone when the file is in',
  operations: 'one a world',
  taken_up_jobs: 'no job is planned anew twice',
  turns: 'one a run that is under way',
  conversations: 'six turns a conversation',
  'a2a-tasks': 'go thirty days after they are over, by the door that keeps them, with all that is theirs',
  'a2a-open-tasks': 'gone when the task is over',
  'a2a-cancel-wishes': 'gone once the process that works on the task has answered',
  'a2a-messages': 'go with their task: none begins two',
  'a2a-task-list': 'goes with its task',
  'a2a-artifacts': 'go with their task',
  'a2a-push-configs': 'go with their task',
  'a2a-letters': 'gone when they have arrived or were given up',
  'mcp-answers': 'answers that were too long for an assistant',
};

/** What stands in place of a plan, workload or run that was pruned. */
export const Pruned = z.strictObject({
  kind: z.enum(['plan', 'workload', 'run']),
  at: Instant.describe('when it was pruned'),
  verificationId: z.string().optional().describe('what of a plan stays: the record of what it saved'),
  rows: z.number().int().describe('rows that went with it'),
  digest: z
    .string()
    .describe('SHA-256 of all that went, as an archive holds it: a line of JSON for each, see archiveLine'),
});
export type Pruned = z.infer<typeof Pruned>;

/** By the id of what was pruned. */
export const PRUNED = defineCollection('pruned', Pruned);

/** One line of an archive: what it was kept as, under which id, and the thing itself. */
export const archiveLine = (kept: 'document' | 'row', of: string, id: string, value: unknown): string =>
  `${JSON.stringify({ [kept]: of, id, value })}\n`;

/** For whoever asks for what is gone: Fault `not-found` that says so. undefined: nothing of that name was pruned. */
export const prunedFault = async (books: Pick<Tx, 'collection'>, id: string): Promise<Fault | undefined> => {
  const found = (await books.collection(PRUNED).get(id))?.value;
  if (found === undefined) return undefined;
  const { kind, at, verificationId, digest } = found;
  return new Fault(
    'not-found',
    `${kind} ${id} was pruned at ${at}${verificationId === undefined ? '' : `; what it saved stands in ${verificationId}`}`,
    `Where an archive was written, its file of that name has the SHA-256 ${digest}.`,
    { details: { id, ...found } },
  );
};
