/** The tool that tells how many tokens there are, whose they are, and what they were used up for. */
import { z } from 'zod';
import { defineTool } from '../tool.js';
import { allEvents, ask } from './contract.js';
import { addressIfKnown, placeOf, requireAddress } from './place.js';

export const getKwhsaveBalance = defineTool({
  name: 'get_kwhsave_balance',
  title: 'Look up kWhSave',
  description:
    'How many kWhSave an account holds and owes, and how many were minted, retired and voided in all, with the newest certificates.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({ account: z.string().optional().describe('address; that of the holder’s key when left out') }),
  output: z.strictObject({
    contract: z.string(),
    chainId: z.number().int(),
    account: z.string().nullable(),
    balance: z.number().int().nullable().describe('kWh; null: no account is known'),
    owed: z.number().int().nullable().describe('kWh of voided records that it has passed on'),
    minted: z.number().int(),
    retired: z.number().int(),
    voided: z.number().int(),
    supply: z.number().int(),
    paused: z.boolean(),
    certificates: z
      .array(
        z.strictObject({
          certificate: z.number().int(),
          from: z.string(),
          beneficiary: z.string(),
          reason: z.string(),
          kWh: z.number().int(),
          txHash: z.string(),
        }),
      )
      .describe('the newest 20'),
  }),
  run: async ({ account }, world, call) => {
    const { chain, rpc, address, fromBlock } = await placeOf(world, call.signal);
    const who = account === undefined ? addressIfKnown(chain, 'holder') : requireAddress(account);
    const sum = async (method: string, args?: unknown) =>
      Number(await ask<bigint>(rpc, address, method, args, call.signal));
    const retired = (await allEvents(rpc, address, fromBlock, call.signal)).filter(({ name }) => name === 'Retired');
    return {
      ...{ contract: address, chainId: chain.chainId, account: who },
      balance: who === null ? null : await sum('balanceOf', who),
      owed: who === null ? null : await sum('owed', who),
      ...{ minted: await sum('totalMinted'), retired: await sum('totalRetired'), voided: await sum('totalVoided') },
      supply: await sum('totalSupply'),
      paused: await ask<boolean>(rpc, address, 'paused', undefined, call.signal),
      certificates: retired.slice(-20).map(({ args, txHash }) => ({
        ...{ certificate: Number(args.certificate), from: String(args.from), beneficiary: String(args.beneficiary) },
        ...{ reason: String(args.reason), kWh: Number(args.kWh), txHash },
      })),
    };
  },
  tell: ({ account, balance, supply }) =>
    balance === null ? `${supply} kWhSave are in being.` : `${account} holds ${balance} of ${supply} kWhSave.`,
});
