/** The audit, both ways: every mint on the chain has one record in the ledger, and every record is minted at most once. */
import { z } from 'zod';
import { Decimal, nanoAtMost, nanoText } from '../../domain/decimal.js';
import { digest } from '../../domain/digest.js';
import { MINTS, type Mint, SAVINGS_CLAIMS, SavingRecord, type SavingsClaim } from '../../domain/savings.js';
import type { CollectionOf, Tx } from '../../domain/store.js';
import { toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { allEvents, ask, type ContractEvent, meterKey, recordOf } from './contract.js';
import { evidenceIn, metersIn } from './minted.js';
import { type Place, placeOf } from './place.js';

const everyOf = async <T>(store: Pick<Tx, 'collection'>, of: CollectionOf<T>): Promise<T[]> => {
  const found: T[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.collection(of).list({ after, limit: 500 });
    found.push(...page.map(({ value }) => value));
    if (page.length < 500) return found.reverse();
    after = page.at(-1)!.id;
  }
};

const PAGE = 1000;
/** Records of claims as the ledger has them, by their evidence; and the first one that is not what it says. */
const recordsIn = async (
  world: World,
  signal: AbortSignal,
): Promise<{ records: Map<string, SavingRecord>; broken: string | null }> => {
  const records = new Map<string, SavingRecord>();
  let broken: string | null = null;
  for (let from = 0; ; from += PAGE) {
    signal.throwIfAborted();
    const page = await world.store.entries.read(from, PAGE);
    for (const { seq, body } of page) {
      if (body.kind !== 'savings-claim') continue;
      const { evidence, record } = body.data as { evidence?: string; record?: unknown };
      const read = SavingRecord.safeParse(record);
      if (!read.success || evidence === undefined || digest(read.data) !== evidence)
        broken ??= `ledger entry ${seq} holds a record that its evidence does not name`;
      else if (records.has(evidence)) broken ??= `ledger entry ${seq} claims ${evidence} a second time`;
      else records.set(evidence, read.data);
    }
    if (page.length < PAGE) return { records, broken };
  }
};

/** What is wrong with one mint on the chain; null: nothing. */
const wrongWith = (event: ContractEvent, records: ReadonlyMap<string, SavingRecord>): string | null => {
  const evidence = evidenceIn(event);
  const record = records.get(evidence);
  const where = `the mint in ${event.txHash}`;
  if (record === undefined) return `${where} names evidence ${evidence}, and the ledger has no record of it`;
  if (Number(event.args.kWh) !== record.mintableKwh)
    return `${where} has ${event.args.kWh} kWh, and its record proves ${record.mintableKwh}`;
  if (Number(event.args.start) !== toEpoch(record.start) || Number(event.args.end) !== toEpoch(record.end))
    return `${where} is of another window than its record`;
  const meters = record.meters.map((id) => Buffer.from(meterKey(id)).toString('hex'));
  return metersIn(event).join() === meters.join() ? null : `${where} names other meters than its record`;
};

/** What our books say is minted and the chain no longer has; null: it has all of it. */
const dropped = async (
  mints: readonly Mint[],
  { chain, rpc, address }: Place,
  signal: AbortSignal,
): Promise<string | null> => {
  for (const { claimId, evidence, contract, chainId, txHash, blockHash } of mints) {
    if (chainId !== chain.chainId || contract.toLowerCase() !== address.toLowerCase()) continue;
    if ((await recordOf(rpc, address, evidence, signal)) === null)
      return `${claimId} was minted in ${txHash} (block ${blockHash.slice(0, 18)}…), and the chain no longer has it: mint it again`;
  }
  return null;
};

const claimsProblem = (claims: readonly SavingsClaim[], records: ReadonlyMap<string, SavingRecord>): string | null => {
  for (const { id, evidence, record, rows } of claims) {
    const kept = records.get(evidence);
    if (kept === undefined) return `${id} is not in the ledger`;
    if (digest(record) !== evidence) return `the record of ${id} was changed`;
    if (digest(rows) !== record.rowsHash) return `the steps of ${id} were changed`;
  }
  return null;
};

export const auditKwhsave = defineTool({
  name: 'audit_kwhsave',
  title: 'Audit kWhSave',
  description:
    'Walks every mint on the chain to its record in the ledger and every record to at most one mint, and adds up: minted never exceeds proven, supply is minted less retired and voided. Answers with the first break.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({}),
  output: z.strictObject({
    ok: z.boolean(),
    contract: z.string(),
    chainId: z.number().int(),
    records: z.number().int(),
    mints: z.number().int(),
    minted: z.number().int().describe('kWh'),
    retired: z.number().int().describe('kWh'),
    voided: z.number().int().describe('kWh'),
    proven: Decimal.describe('kWh, over all records'),
    unminted: z.number().int().describe('whole kWh of records that are not minted'),
    firstBreak: z.string().optional(),
  }),
  run: async (_, world, call) => {
    const place = await placeOf(world, call.signal);
    const { rpc, address, fromBlock, chain } = place;
    const { records, broken } = await recordsIn(world, call.signal);
    const events = (await allEvents(rpc, address, fromBlock, call.signal)).filter(({ name }) => name === 'Minted');
    const seen = new Set<string>();
    let firstBreak = broken;
    for (const event of events) {
      firstBreak ??= wrongWith(event, records);
      if (seen.has(evidenceIn(event))) firstBreak ??= `evidence ${evidenceIn(event)} is minted twice`;
      seen.add(evidenceIn(event));
    }
    firstBreak ??= claimsProblem(await everyOf(world.store, SAVINGS_CLAIMS), records);
    firstBreak ??= await dropped(await everyOf(world.store, MINTS), place, call.signal);
    const sum = async (method: string) => Number(await ask<bigint>(rpc, address, method, undefined, call.signal));
    const [minted, retired, voided, supply] = [
      await sum('totalMinted'),
      await sum('totalRetired'),
      await sum('totalVoided'),
      await sum('totalSupply'),
    ];
    const proven = [...records.values()].reduce((total, record) => total + nanoAtMost(record.provenKwh), 0n);
    const told = events.reduce((total, { args }) => total + Number(args.kWh), 0);
    if (told !== minted) firstBreak ??= `the contract counts ${minted} kWh minted, and its events ${told}`;
    if (supply !== minted - retired - voided)
      firstBreak ??= `${supply} kWh are in being, where ${minted} minted less ${retired} retired and ${voided} voided are ${minted - retired - voided}`;
    if (BigInt(minted) * 1_000_000_000n > proven)
      firstBreak ??= `${minted} kWh are minted and ${nanoText(proven)} proven`;
    const left = [...records].reduce(
      (total, [evidence, record]) => total + (seen.has(evidence) ? 0 : record.mintableKwh),
      0,
    );
    return {
      ...{
        ok: firstBreak === null,
        contract: address,
        chainId: chain.chainId,
        records: records.size,
        mints: events.length,
      },
      ...{ minted, retired, voided, proven: nanoText(proven), unminted: left },
      ...(firstBreak === null ? {} : { firstBreak }),
    };
  },
  tell: ({ ok, minted, proven, mints, records, firstBreak }) =>
    ok
      ? `${mints} mints and ${records} records agree: ${minted} kWh minted of ${proven} kWh proven.`
      : `The first break: ${firstBreak}.`,
});
