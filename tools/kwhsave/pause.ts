/** The tool that stops the contract and lets it go on: minting and retiring, never transfers. */
import { z } from 'zod';
import { defineTool } from '../tool.js';
import { allEvents, ask, encode } from './contract.js';
import { once } from './once.js';
import { keyOf, placeOf } from './place.js';
import { prepare } from './send.js';
import { Done, dryRun, unsignedOf } from './shape.js';

export const pauseKwhsave = defineTool({
  name: 'pause_kwhsave',
  title: 'Pause kWhSave',
  description:
    'Stops minting and retiring at the contract, or lets them go on; transfers are never stopped. Needs the pauser’s key; a dry run is the default.',
  toolset: 'proof',
  effect: 'decides',
  input: z.strictObject({
    paused: z.boolean().describe('true: stop; false: go on'),
    why: z.string().min(1).max(500).describe('for the ledger'),
    dryRun,
  }),
  output: z.strictObject({ ...Done, paused: z.boolean().describe('as the contract is now') }),
  run: async ({ paused, why, dryRun: isDry }, world, call) => {
    const place = await placeOf(world, call.signal);
    const { chain, rpc, address, fromBlock } = place;
    const now = () => ask<boolean>(rpc, address, 'paused', undefined, call.signal);
    const nothing = { unsigned: null, txHash: null, gasUsed: null };
    if ((await now()) === paused) return { dryRun: isDry, ...nothing, paused };
    const sending = { key: keyOf(chain, 'pauser'), to: address, data: encode(paused ? 'pause' : 'unpause') };
    if (isDry) {
      const unsigned = unsignedOf(await prepare(chain, rpc, sending, call.signal));
      return { ...nothing, dryRun: true, unsigned, paused: !paused };
    }
    const event = paused ? 'Paused' : 'Unpaused';
    const find = async () =>
      (await now()) === paused
        ? (await allEvents(rpc, address, fromBlock, call.signal)).findLast(({ name }) => name === event)
        : undefined;
    const doneBy = paused ? 'EnforcedPause' : 'ExpectedPause';
    const { found, gasUsed } = await once(place, sending, { find, event, doneBy }, call);
    const { txHash } = found;
    const at = world.clock.now();
    const actor = `${call.actor.via}:${call.actor.id}`;
    const data = { paused, why, txHash, chainId: chain.chainId };
    call.commit(async (tx) => {
      await tx.entries.append([{ kind: 'kwhsave-pause', at, actor, cause: call.cause, subject: address, data }]);
    });
    return { dryRun: false, unsigned: null, txHash, gasUsed, paused };
  },
  tell: ({ dryRun: isDry, paused }) =>
    `${isDry ? 'Dry run: nothing was sent. ' : ''}The contract is ${paused ? 'paused: nothing is minted or retired' : 'not paused'}.`,
});
