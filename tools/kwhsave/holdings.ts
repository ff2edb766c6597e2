/** The tools of whoever holds tokens: how many there are, and using them up under somebody’s name. */
import { z } from 'zod';
import { Fault } from '../../domain/fault.js';
import { addToTotals } from '../../domain/savings.js';
import { defineTool } from '../tool.js';
import { allEvents, ask, encode, faultOf } from './contract.js';
import { addressIfKnown, keyOf, placeOf, requireAddress } from './place.js';
import { addressOf, prepare, sendAndWait } from './send.js';
import { Done, dryRun, unsignedOf } from './shape.js';

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

export const retireKwhsave = defineTool({
  name: 'retire_kwhsave',
  title: 'Retire kWhSave',
  description:
    'Uses tokens of the holder’s key up, for a beneficiary and a reason that stand in the certificate for good. A dry run is the default.',
  toolset: 'proof',
  effect: 'decides',
  input: z.strictObject({
    kWh: z.number().int().positive().describe('whole kWh'),
    beneficiary: z.string().min(1).max(300),
    reason: z.string().min(1).max(500),
    dryRun,
  }),
  output: z.strictObject({ ...Done, certificate: z.number().int().nullable() }),
  run: async ({ kWh, beneficiary, reason, dryRun: isDry }, world, call) => {
    const { chain, rpc, address } = await placeOf(world, call.signal);
    const sending = {
      ...{ key: keyOf(chain, 'holder'), to: address },
      data: encode('retire', { kWh: BigInt(kWh), beneficiary, reason }),
    };
    if (isDry) {
      const unsigned = unsignedOf(await prepare(chain, rpc, sending, call.signal));
      return { dryRun: true, unsigned, txHash: null, gasUsed: null, certificate: null };
    }
    const { txHash, gasUsed, events } = await sendAndWait(chain, rpc, sending, { signal: call.signal }).catch(
      (error: unknown) => {
        throw faultOf(error);
      },
    );
    const certificate = Number(events.find(({ name }) => name === 'Retired')!.args.certificate);
    const at = world.clock.now();
    call.commit(async (tx) => {
      await addToTotals(tx, { retiredKwh: String(kWh) });
      await tx.entries.append([
        {
          ...{ kind: 'kwhsave-retire', at, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause },
          subject: `certificate ${certificate}`,
          data: {
            from: addressOf(sending.key),
            kWh,
            beneficiary,
            reason,
            txHash,
            contract: address,
            chainId: chain.chainId,
          },
        },
      ]);
    });
    return { dryRun: false, unsigned: null, txHash, gasUsed, certificate };
  },
  // A retirement has no name on the chain before it is mined, so a crash in between is for a person to look at.
  reconcile: async () => {
    throw new Fault(
      'conflict',
      'the retirement was begun before and its outcome is not known',
      'Look: caco kwhsave balance shows the newest certificates. Then retire what is missing.',
    );
  },
  tell: ({ certificate, txHash }) =>
    certificate === null ? 'Dry run: nothing was retired.' : `Certificate ${certificate}, in ${txHash}.`,
});
