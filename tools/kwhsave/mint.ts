/** The tools that mint: a person’s leave for what one claim proves, and the deed, which happens once. */
import { z } from 'zod';
import { digest, shortId } from '../../domain/digest.js';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { addToTotals, MINT_LEAVES, MINTS, Mint, SAVINGS_CLAIMS, type SavingsClaim } from '../../domain/savings.js';
import { toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { bytesOf, type ContractEvent, encode, MINT, meterKey, recordOf } from './contract.js';
import { hexOf, mintedIn } from './minted.js';
import { once } from './once.js';
import { addressIfKnown, keyOf, type Place, placeOf, requireAddress } from './place.js';
import { prepare } from './send.js';
import { dryRun, UnsignedTx, unsignedOf } from './shape.js';

/** The claim, whole. Fault `conflict` where its record is no longer what its evidence names. */
export const claimOf = async (world: World, claimId: string): Promise<SavingsClaim> => {
  const claim = (await world.store.collection(SAVINGS_CLAIMS).get(claimId))?.value;
  if (!claim) throw notFound(`there is no claim ${claimId}`, 'caco savings report lists those that there are.');
  if (digest(claim.record) !== claim.evidence)
    throw new Fault(
      'conflict',
      `the record of ${claimId} is not what its evidence names`,
      'It was changed since: nothing is minted for it. Look: caco ledger audit.',
    );
  return claim;
};

export const approveMint = defineTool({
  name: 'approve_mint',
  title: 'Approve a mint',
  description: 'A person’s leave to mint what one claim proves. It binds to the claim’s evidence and to nothing else.',
  toolset: 'proof',
  effect: 'decides',
  input: z.strictObject({ claimId: z.string().min(1), why: z.string().min(1).max(500) }),
  output: z.strictObject({ decisionId: z.string(), claimId: z.string(), kWh: z.number().int(), evidence: z.string() }),
  run: async ({ claimId, why }, world, call) => {
    const { evidence, record } = await claimOf(world, claimId);
    if (record.mintableKwh === 0)
      throw invalid(
        `${claimId} proves ${record.provenKwh} kWh, which with ${record.carriedInKwh} kWh left over is no whole one`,
        'There is nothing to mint; what is left over counts with the next claim of the site.',
      );
    const by = `${call.actor.via}:${call.actor.id}`;
    const id = shortId('L', { claimId, evidence });
    const leave = { id, claimId, evidence, kWh: record.mintableKwh, by, why, at: world.clock.now() };
    call.commit(async (tx) => {
      if (await tx.collection(MINT_LEAVES).get(id)) return;
      await tx.collection(MINT_LEAVES).put(id, leave);
      await tx.entries.append([
        {
          ...{ kind: 'mint-leave', at: leave.at, actor: by, cause: call.cause, subject: claimId },
          data: { leave: id, evidence, kWh: leave.kWh, why },
        },
      ]);
    });
    return { decisionId: id, claimId, kWh: record.mintableKwh, evidence };
  },
  tell: ({ decisionId, claimId, kWh }) => `${decisionId}: ${kWh} kWh of ${claimId} may be minted.`,
});

const Input = z.strictObject({
  claimId: z.string().min(1).describe('the claim that proves it, S-…'),
  decisionId: z
    .string()
    .optional()
    .describe('the leave of a person, L-…: approve_mint gives it; not needed for a dry run'),
  to: z.string().optional().describe('address that gets the tokens; that of the holder’s key when left out'),
  dryRun,
});
type Input = z.output<typeof Input>;

const Output = z.strictObject({
  dryRun: z.boolean(),
  unsigned: UnsignedTx.nullable().describe('of a dry run'),
  mint: Mint.nullable().describe('null: a dry run'),
  gasUsed: z.number().int().nullable(),
});

const recipient = ({ to }: Input, { chain }: Place): string => {
  const address = to === undefined ? addressIfKnown(chain, 'holder') : requireAddress(to);
  if (address === null) throw invalid('nobody has said who gets the tokens', 'Say it: --to 0x…, or set HOLDER_KEY.');
  return address;
};

/** Fault `forbidden` without a leave for this very evidence. */
const requireLeave = async (world: World, { claimId, decisionId }: Input): Promise<void> => {
  const leave =
    decisionId === undefined ? undefined : (await world.store.collection(MINT_LEAVES).get(decisionId))?.value;
  const claim = await claimOf(world, claimId);
  if (leave === undefined || leave.claimId !== claimId || leave.evidence !== claim.evidence)
    throw new Fault(
      'forbidden',
      decisionId === undefined ? 'minting needs the leave of a person' : `${decisionId} is no leave to mint ${claimId}`,
      `Give it: caco kwhsave mint ${claimId} --send --why WHY; programs name the decisionId of approve_mint.`,
    );
};

/** Writes down what the chain has for the claim; the ledger gets it as `kwhsave-mint`. */
const keepMint = (call: Running, mint: Mint): void =>
  call.commit(async (tx) => {
    const before = (await tx.collection(MINTS).get(mint.claimId))?.value;
    if (before?.txHash === mint.txHash) return;
    // Minted anew after the chain dropped it, it is still one.
    if (before === undefined) await addToTotals(tx, { mintedKwh: String(mint.kWh) });
    await tx.collection(MINTS).put(mint.claimId, mint);
    const { claimId, at, ...data } = mint;
    await tx.entries.append([
      {
        ...{ kind: 'kwhsave-mint', at, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause },
        ...{ subject: claimId, data },
      },
    ]);
  });

/** The mint of the claim's evidence on the chain; undefined: there is none. Fault `conflict` where somebody minted something else for it. */
const findMint = async (claimId: string, world: World, call: Running, place: Place) => {
  const { evidence, record } = await claimOf(world, claimId);
  const found = await recordOf(place.rpc, place.address, evidence, call.signal);
  if (found === null) return undefined;
  const [start, end] = [BigInt(toEpoch(record.start)), BigInt(toEpoch(record.end))];
  if (found.kWh !== BigInt(record.mintableKwh) || found.start !== start || found.end !== end)
    throw new Fault(
      'conflict',
      `${found.kWh} kWh were minted for this evidence, with another window than the claim’s`,
      'Somebody used it before: look who may mint, and void that record.',
    );
  return mintedIn(place, evidence, call.signal);
};

const asMinted = (
  { claimId, decisionId }: Input,
  world: World,
  call: Running,
  { chain, address }: Place,
  { args, txHash, blockNumber, blockHash }: ContractEvent,
): Mint => {
  const mint: Mint = {
    ...{ claimId, evidence: hexOf(args.evidence), kWh: Number(args.kWh), to: String(args.to), contract: address },
    ...{ chainId: chain.chainId, txHash, blockNumber, blockHash, leaveId: decisionId ?? '', at: world.clock.now() },
  };
  keepMint(call, mint);
  return mint;
};

export const mintKwhsave = defineTool({
  name: 'mint_kwhsave',
  title: 'Mint kWhSave',
  description:
    'Mints the whole kWh that one claim proves, one token each, once: the chain is asked for the evidence first, before and after a crash. Needs a person’s leave; a dry run, the default, shows the transaction and sends nothing.',
  toolset: 'proof',
  effect: 'acts',
  input: Input,
  output: Output,
  leave: async (input, world) => {
    if (!input.dryRun) await requireLeave(world, input);
  },
  run: async (input, world, call) => {
    const place = await placeOf(world, call.signal);
    const { evidence, record } = await claimOf(world, input.claimId);
    if (record.mintableKwh === 0)
      throw invalid(`${input.claimId} has no whole kWh to mint`, 'caco savings report shows what is left over.');
    const data = encode(MINT, {
      ...{ to: recipient(input, place), kWh: BigInt(record.mintableKwh), evidence: bytesOf(evidence) },
      meters: record.meters.map(meterKey),
      ...{ start: BigInt(toEpoch(record.start)), end: BigInt(toEpoch(record.end)) },
    });
    const sending = { key: keyOf(place.chain, 'minter'), to: place.address, data };
    if (input.dryRun) {
      const unsigned = unsignedOf(await prepare(place.chain, place.rpc, sending, call.signal));
      return { dryRun: true, unsigned, mint: null, gasUsed: null };
    }
    const find = () => findMint(input.claimId, world, call, place);
    const { found, gasUsed } = await once(place, sending, { find, event: 'Minted', doneBy: 'EvidenceUsed' }, call);
    return { dryRun: false, unsigned: null, mint: asMinted(input, world, call, place, found), gasUsed };
  },
  reconcile: async (input, world, call) => {
    if (input.dryRun) return undefined;
    const place = await placeOf(world, call.signal);
    const found = await findMint(input.claimId, world, call, place);
    return found && { dryRun: false, unsigned: null, mint: asMinted(input, world, call, place, found), gasUsed: null };
  },
  tell: ({ unsigned, mint }) =>
    mint === null
      ? `Dry run: the mint would go through with ${unsigned?.gasLimit} gas at most; nothing was sent.`
      : `${mint.kWh} kWhSave of ${mint.claimId} are at ${mint.to}, minted in ${mint.txHash}.`,
});
