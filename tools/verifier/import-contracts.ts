/** The tool that takes in contracts, certificates and residual mix, so that a market-based figure can stand beside the location's. */
import { z } from 'zod';
import { CONTRACTS, Contracts } from '../../domain/contract.js';
import { defineTool } from '../tool.js';
import { checkContracts } from './market.js';

export const importContracts = defineTool({
  name: 'import_contracts',
  title: 'Import contracts',
  description:
    'Takes in contracts, certificates and residual mix for market-based figures; what was imported before is replaced. Records that exist keep what they were made with.',
  toolset: 'proof',
  // What a site can take, and what power was bought, is a person's word: plans and proofs rest on it.
  effect: 'decides',
  input: Contracts,
  output: z.strictObject({
    contracts: z.number().int(),
    residualMix: z.number().int(),
    regions: z.array(z.string()),
  }),
  run: async (input, _world, call) => {
    checkContracts(input);
    call.commit((tx) => tx.collection(CONTRACTS).put('current', input));
    return {
      contracts: input.contracts.length,
      residualMix: input.residualMix.length,
      regions: [...new Set([...input.contracts, ...input.residualMix].map((c) => c.region))].sort(),
    };
  },
  tell: (o) =>
    `${o.contracts} contracts and ${o.residualMix} residual mixes for ${o.regions.join(', ') || 'no region'} are in force from the next verification on.`,
});
