/** The tool that lists what was settled: each event with its half-hours, its money and the digest that the ledger has. */
import { z } from 'zod';
import { Listing, listing, Next } from '../../domain/listing.js';
import { RUNS } from '../../domain/settlement/runs.js';
import { KeptStatement, STATEMENTS, statementId } from '../../domain/settlement/statement.js';
import { defineTool } from '../tool.js';
import { amountText } from './lines.js';

export const listSettlements = defineTool({
  name: 'list_settlements',
  title: 'List settlements',
  description:
    'Flexibility events that were settled, newest first: half-hours, money and notes of each settlement run, with what was asked. SHA-256 of `asked` and `figures` is what the ledger’s entry of kind settlement holds.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    event: z.string().min(1).max(200).optional().describe('the runs of this event only'),
    limit: Listing.limit,
    cursor: Listing.cursor,
  }),
  output: z.strictObject({ settlements: z.array(KeptStatement), next: Next }),
  run: async ({ event, ...page }, { store }) => {
    const ids = event === undefined ? undefined : RUNS.map((run) => statementId(event, run));
    const { found, next } = await listing(store, STATEMENTS, { ...page, ids });
    return { settlements: found, next };
  },
  tell: ({ settlements }) =>
    settlements.length === 0
      ? 'Nothing was settled.'
      : settlements
          .map(
            ({ run, figures: f }) =>
              `${f.id}, run ${run}: ${f.deliveredMwh} MWh delivered at ${f.site}, ${amountText(f.gross, f.currency)}`,
          )
          .join('\n'),
});
