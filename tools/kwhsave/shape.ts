/** What the tools of this room answer alike. */
import { z } from 'zod';
import type { Unsigned } from './send.js';

export const UnsignedTx = z.strictObject({
  chainId: z.number().int(),
  from: z.string(),
  to: z.string().nullable().describe('null: it makes a contract'),
  data: z.string(),
  gasLimit: z.string(),
  maxFeePerGas: z.string().describe('wei'),
  nonce: z.number().int(),
});

export const dryRun = z
  .boolean()
  .default(true)
  .describe('only look whether it would go through, and show what would be signed');

export const unsignedOf = ({ chainId, from, to, data, gasLimit, maxFeePerGas, nonce }: Unsigned): Unsigned => ({
  ...{ chainId, from, to, data, gasLimit, maxFeePerGas, nonce },
});

export const Done = {
  dryRun: z.boolean(),
  unsigned: UnsignedTx.nullable().describe('of a dry run'),
  txHash: z.string().nullable().describe('null: nothing was sent, or it is not known which transaction it was'),
  gasUsed: z.number().int().nullable(),
};
