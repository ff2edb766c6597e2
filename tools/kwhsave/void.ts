/** The tool for a record whose evidence was wrong: what is left of its tokens goes, and what was passed on is owed. */
import { z } from 'zod';
import { Fault } from '../../domain/fault.js';
import { VOIDED_MINTS, type VoidedMint } from '../../domain/savings.js';
import type { Tx } from '../../domain/store.js';
import { defineTool, type Running } from '../tool.js';
import { allEvents, bytesOf, type ContractEvent, encode, recordOf } from './contract.js';
import { claimOf } from './mint.js';
import { evidenceIn } from './minted.js';
import { once } from './once.js';
import { keyOf, type Place, placeOf } from './place.js';
import { prepare } from './send.js';
import { Done, dryRun, unsignedOf } from './shape.js';

const Input = z.strictObject({
  claimId: z.string().min(1).describe('the claim whose evidence was wrong, S-…'),
  reason: z.string().min(1).max(500).describe('what was wrong: it stands on the chain for good'),
  dryRun,
});

/** How the chain has it that a record was voided; undefined: it was not. */
const findVoid = async (
  { rpc, address, fromBlock }: Place,
  evidence: string,
  signal: AbortSignal,
): Promise<ContractEvent | undefined> => {
  const found = await recordOf(rpc, address, evidence, signal);
  if (found === null)
    throw new Fault(
      'not-found',
      'nothing was minted for this claim, so there is nothing to void',
      'What is not minted needs no more than to be left so: caco savings report shows it.',
    );
  if (!found.voided) return undefined;
  const events = await allEvents(rpc, address, fromBlock, signal);
  return events.find((event) => event.name === 'Voided' && evidenceIn(event) === evidence);
};

export const voidKwhsave = defineTool({
  name: 'void_kwhsave',
  title: 'Void kWhSave',
  description:
    'Voids the record of a mint whose evidence was wrong: burns of it what its holder still has, and says what is owed. Its half-hours stay minted. Needs the voider’s key; a dry run is the default.',
  toolset: 'proof',
  effect: 'decides',
  input: Input,
  output: z.strictObject({
    ...Done,
    evidence: z.string(),
    burnt: z.number().int().nullable().describe('kWh that the holder still had; null: a dry run of what is not voided'),
    owed: z.number().int().nullable().describe('kWh that it had passed on or retired'),
  }),
  run: async ({ claimId, reason, dryRun: isDry }, world, call) => {
    const place = await placeOf(world, call.signal);
    const { evidence } = await claimOf(world, claimId);
    const find = () => findVoid(place, evidence, call.signal);
    const data = encode('voidRecord', { evidence: bytesOf(evidence), reason });
    const sending = { key: keyOf(place.chain, 'voider'), to: place.address, data };
    if (isDry) {
      const before = await find();
      const nothing = { dryRun: true, txHash: null, gasUsed: null, evidence };
      // Voided already: a dry run tells what that came to, and writes nothing down.
      if (before !== undefined)
        return { ...nothing, unsigned: null, burnt: Number(before.args.burnt), owed: Number(before.args.owed) };
      const unsigned = unsignedOf(await prepare(place.chain, place.rpc, sending, call.signal));
      return { ...nothing, unsigned, burnt: null, owed: null };
    }
    const { found, gasUsed } = await once(place, sending, { find, event: 'Voided', doneBy: 'UnknownEvidence' }, call);
    const { args, txHash } = found;
    const kept = { claimId, evidence, burnt: Number(args.burnt), owed: Number(args.owed), txHash };
    call.commit((tx) => keepVoid(tx, { ...kept, reason: String(args.reason), at: world.clock.now() }, call));
    const { burnt, owed } = kept;
    return { dryRun: false, unsigned: null, txHash, gasUsed, evidence, burnt, owed };
  },
  tell: ({ dryRun: isDry, burnt, owed }) =>
    burnt === null
      ? 'Dry run: nothing was voided.'
      : `${isDry ? 'Dry run: it was voided before. ' : ''}Voided: ${burnt} kWh burnt, ${owed} kWh owed.`,
});

const keepVoid = async (tx: Tx, voided: VoidedMint, { actor, cause }: Running): Promise<void> => {
  if (await tx.collection(VOIDED_MINTS).get(voided.claimId)) return;
  await tx.collection(VOIDED_MINTS).put(voided.claimId, voided);
  const { claimId, at, ...data } = voided;
  await tx.entries.append([
    { kind: 'kwhsave-void', at, actor: `${actor.via}:${actor.id}`, cause, subject: claimId, data },
  ]);
};
