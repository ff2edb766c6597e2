/** The tool that uses tokens up under somebody’s name, each time it is meant once, whatever breaks in between. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { addToTotals } from '../../domain/savings.js';
import type { Instant } from '../../domain/time.js';
import { defineTool, type Running } from '../tool.js';
import { allEvents, type ContractEvent, encode } from './contract.js';
import { once } from './once.js';
import { keyOf, type Place, placeOf } from './place.js';
import { addressOf, prepare } from './send.js';
import { Done, dryRun, unsignedOf } from './shape.js';

const Input = z.strictObject({
  kWh: z.number().int().positive().describe('whole kWh'),
  beneficiary: z.string().min(1).max(300),
  reason: z.string().min(1).max(500),
  dryRun,
});
type Input = z.output<typeof Input>;

/**
 * What names a retirement on the chain before it is mined: 32 bytes behind the call’s arguments, which the contract does not read and every
 * node keeps. The certificate’s words stay the holder’s own.
 */
const markOf = (key: string, { chain, address }: Place): string =>
  bytesToHex(sha256(utf8ToBytes(`caco-retire/${chain.chainId}/${address.toLowerCase()}/${key}`)));

/** The retirement with this mark; undefined: the chain has none. */
const markedIn = async (
  { rpc, address, fromBlock }: Place,
  holder: string,
  { kWh, beneficiary, reason }: Input,
  mark: string,
  signal: AbortSignal,
): Promise<ContractEvent | undefined> => {
  for (const event of (await allEvents(rpc, address, fromBlock, signal)).reverse()) {
    const { name, args, txHash } = event;
    const isAlike =
      name === 'Retired' &&
      String(args.from).toLowerCase() === holder.toLowerCase() &&
      Number(args.kWh) === kWh &&
      args.beneficiary === beneficiary &&
      args.reason === reason;
    if (!isAlike) continue;
    const found = await rpc.request({ method: 'eth_getTransactionByHash', params: [txHash] }, signal);
    if ((found as { input?: string } | null)?.input?.endsWith(mark)) return event;
  }
  return undefined;
};

const keepRetired = (event: ContractEvent, input: Input, { chain, address }: Place, at: Instant, call: Running) => {
  const { kWh, beneficiary, reason } = input;
  const { txHash, args } = event;
  const certificate = Number(args.certificate);
  call.commit(async (tx) => {
    await addToTotals(tx, { retiredKwh: String(kWh) });
    await tx.entries.append([
      {
        ...{ kind: 'kwhsave-retire', at, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause },
        subject: `certificate ${certificate}`,
        data: {
          ...{ from: String(args.from), kWh, beneficiary, reason, txHash },
          ...{ contract: address, chainId: chain.chainId },
        },
      },
    ]);
  });
  return { dryRun: false, unsigned: null, txHash, certificate };
};

export const retireKwhsave = defineTool({
  name: 'retire_kwhsave',
  title: 'Retire kWhSave',
  description:
    'Uses tokens of the holder’s key up, for a beneficiary and a reason that stand in the certificate for good. With an idempotency key it happens once: the chain is asked for it first, before and after a crash. A dry run is the default.',
  toolset: 'proof',
  effect: 'decides',
  input: Input,
  output: z.strictObject({ ...Done, certificate: z.number().int().nullable() }),
  run: async (input, world, call) => {
    const place = await placeOf(world, call.signal);
    const key = keyOf(place.chain, 'holder');
    const { kWh, beneficiary, reason } = input;
    const mark = call.idempotencyKey === undefined ? '' : markOf(call.idempotencyKey, place);
    const data = `${encode('retire', { kWh: BigInt(kWh), beneficiary, reason })}${mark}`;
    const sending = { key, to: place.address, data };
    if (input.dryRun) {
      const unsigned = unsignedOf(await prepare(place.chain, place.rpc, sending, call.signal));
      return { dryRun: true, unsigned, txHash: null, gasUsed: null, certificate: null };
    }
    // Without a name each call is another retirement, and what it comes to is in its receipt alone.
    const find = async () => (mark === '' ? undefined : markedIn(place, addressOf(key), input, mark, call.signal));
    const { found, gasUsed } = await once(place, sending, { find, event: 'Retired', doneBy: null }, call);
    return { ...keepRetired(found, input, place, world.clock.now(), call), gasUsed };
  },
  tell: ({ certificate, txHash }) =>
    certificate === null ? 'Dry run: nothing was retired.' : `Certificate ${certificate}, in ${txHash}.`,
});
