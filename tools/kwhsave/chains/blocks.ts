/**
 * The blocks of the chain within this process are entries of the ledger, one transaction each: what the ledger holds is run again, and
 * balances are what they were. A document points to the newest one, so that of two processes only one continues a block.
 */
import { z } from 'zod';
import { Fault } from '../../../domain/fault.js';
import { defineCollection, type Store } from '../../../domain/store.js';
import { fromEpoch, Instant, toEpoch } from '../../../domain/time.js';

export interface Block {
  readonly number: number;
  /** seconds since 1970 */
  readonly timestamp: number;
  /** the signed transaction, hex */
  readonly raw: string;
}

export interface Blocks {
  /** Those above `after`, in order. */
  since(after: number): Promise<Block[]>;
  /** Durable when it answers true; false: another one came first and nothing was added. */
  add(block: Block): Promise<boolean>;
}

export const memoryBlocks = (): Blocks => {
  const kept: Block[] = [];
  return {
    since: async (after) => kept.slice(after),
    add: async (block) => block.number === kept.length + 1 && kept.push(block) > 0,
  };
};

const Tip = z.strictObject({
  number: z.number().int(),
  seq: z.number().int().describe('the ledger’s entry that is the newest block'),
});
const TIPS = defineCollection('local-chain', Tip);
const ONLY = 'tip';

export const BLOCK_KIND = 'kwhsave-block';
const Body = z.strictObject({
  number: z.number().int(),
  at: Instant,
  chainId: z.number().int(),
  raw: z.string(),
  previous: z
    .number()
    .int()
    .nullable()
    .describe('sequence number of the entry that is the block before; null: there is none'),
});

export const ledgerBlocks = (
  store: Pick<Store, 'collection' | 'entries' | 'transaction'>,
  chainId: number,
): Blocks => ({
  since: async (after) => {
    const found: Block[] = [];
    const tip = (await store.collection(TIPS).get(ONLY))?.value;
    for (let seq: number | null = tip?.seq ?? null; seq !== null; ) {
      const [entry] = await store.entries.read(seq, 1);
      const read = Body.safeParse(entry?.body.data);
      if (entry?.body.kind !== BLOCK_KIND || !read.success)
        throw new Fault(
          'conflict',
          `ledger entry ${seq} should be a block of the chain, and is not`,
          'Run caco ledger audit: the store was changed by hand or put back from a copy.',
        );
      const { number, at, raw, previous } = read.data;
      if (read.data.chainId !== chainId)
        throw new Fault(
          'conflict',
          `the chain of this home has the id ${read.data.chainId}, not ${chainId}`,
          'A chain keeps its id: set CACO_CHAIN_ID back, or use another CACO_HOME.',
        );
      if (number <= after) break;
      found.push({ number, timestamp: toEpoch(at), raw });
      seq = previous;
    }
    return found.reverse();
  },
  add: ({ number, timestamp, raw }) =>
    store.transaction(async (tx) => {
      const before = await tx.collection(TIPS).get(ONLY);
      if ((before?.value.number ?? 0) !== number - 1) return false;
      const at = fromEpoch(timestamp);
      const data = { number, at, chainId, raw, previous: before?.value.seq ?? null };
      const [entry] = await tx.entries.append([
        { kind: BLOCK_KIND, at, actor: 'chain', cause: null, subject: String(number), data },
      ]);
      await tx.collection(TIPS).put(ONLY, { number, seq: entry!.seq });
      return true;
    }),
});
