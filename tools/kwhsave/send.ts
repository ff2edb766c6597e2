/**
 * A transaction on its way: looked at before it is signed, sent with the next number of its sender, waited for until it is deep enough,
 * and sent again with a higher fee when nobody takes it. The number is always the first that is not yet used: what was sent before a
 * crash and still waits is replaced, never doubled.
 */
import { addr, Transaction } from 'micro-eth-signer';
import { type Chain, ChainRefusal, type Eip1193 } from '../../domain/chain.js';
import { Fault } from '../../domain/fault.js';
import { type ContractEvent, eventsIn, faultOf } from './contract.js';

/** What would be sent, as a dry run shows it. */
export interface Unsigned {
  readonly chainId: number;
  readonly from: string;
  /** null: it makes a contract */
  readonly to: string | null;
  readonly data: string;
  readonly gasLimit: string;
  readonly maxFeePerGas: string;
  readonly nonce: number;
}

export interface Receipt {
  readonly txHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly gasUsed: number;
  readonly contractAddress: string | null;
  readonly events: readonly ContractEvent[];
}

export interface Sending {
  readonly key: string;
  readonly to: string | null;
  readonly data: string;
}

const number = (value: unknown): bigint => BigInt(String(value));
const GWEI = 10n ** 9n;

/** Fault `conflict` where another chain answers than the settings say: a transaction for one is never shown to another. */
export const requireChain = async (chain: Chain, rpc: Eip1193, signal?: AbortSignal): Promise<void> => {
  const found = Number(await rpc.request({ method: 'eth_chainId' }, signal));
  if (found !== chain.chainId)
    throw new Fault(
      'conflict',
      `the chain answers with the id ${found}, and ${chain.chainId} is wanted`,
      `Set CACO_CHAIN_ID=${found}, or point RPC_URL at the right node.`,
    );
};

export const addressOf = (key: string): string => addr.fromPrivateKey(key);

/** Looks whether it would go through, and what it would cost. Fault by what the contract says. */
export const prepare = async (
  chain: Chain,
  rpc: Eip1193,
  { key, to, data }: Sending,
  signal?: AbortSignal,
): Promise<Unsigned & { readonly tip: string }> => {
  await requireChain(chain, rpc, signal);
  const from = addressOf(key);
  const call = { from, data, ...(to === null ? {} : { to }) };
  try {
    // What makes a contract is tried by its estimate, for an answer of its call is the contract itself.
    if (to !== null) await rpc.request({ method: 'eth_call', params: [call, 'latest'] }, signal);
    const gas = number(await rpc.request({ method: 'eth_estimateGas', params: [call] }, signal));
    const block = (await rpc.request({ method: 'eth_getBlockByNumber', params: ['latest', false] }, signal)) as {
      baseFeePerGas?: string;
    } | null;
    const base = number(block?.baseFeePerGas ?? (await rpc.request({ method: 'eth_gasPrice' }, signal)));
    const tip = await rpc.request({ method: 'eth_maxPriorityFeePerGas' }, signal).then(number, (error: unknown) => {
      if (error instanceof ChainRefusal) return GWEI;
      throw error;
    });
    const used = await rpc.request({ method: 'eth_getTransactionCount', params: [from, 'latest'] }, signal);
    return {
      ...{ chainId: chain.chainId, from, to, data, nonce: Number(used) },
      ...{ gasLimit: String((gas * 12n) / 10n), maxFeePerGas: String(2n * base + tip), tip: String(tip) },
    };
  } catch (error) {
    throw faultOf(error);
  }
};

/** A replacement must offer a tenth more at most nodes; a quarter is taken everywhere. */
const raised = (fee: bigint) => (fee * 5n) / 4n + 1n;
const MOST_REPLACEMENTS = 3;
const POLL_MS = 250;

const signed = (unsigned: Unsigned, key: string, fee: bigint, tip: bigint): { raw: string; hash: string } => {
  const tx = Transaction.prepare({
    ...{ type: 'eip1559', to: unsigned.to ?? '0x', data: unsigned.data, value: 0n },
    ...{ chainId: BigInt(unsigned.chainId), nonce: BigInt(unsigned.nonce), gasLimit: BigInt(unsigned.gasLimit) },
    ...{ maxFeePerGas: fee, maxPriorityFeePerGas: tip },
  } as Parameters<typeof Transaction.prepare>[0]).signBy(key);
  return { raw: tx.toHex(), hash: `0x${tx.hash.replace(/^0x/, '')}` };
};

interface RawReceipt {
  readonly transactionHash: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly gasUsed: string;
  readonly status: string;
  readonly contractAddress: string | null;
  readonly logs: Parameters<typeof eventsIn>[0];
}

const pause = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const done = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(done);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
  });

/** Taken as sent: the node has it, or another of this number. */
const IS_THERE = /already known|known transaction|already imported/i;
const UNDERPRICED = /underpriced|fee too low|replacement/i;
const NONCE_USED = /nonce too low|nonce has already been used|the tx doesn't have the correct nonce/i;

/**
 * Sends and waits. Fault of the contract where it refuses, `unavailable` where nobody mined it in time (then it may still be), and
 * `conflict` where another transaction took its number: the caller looks at the chain and begins anew.
 */
export const sendAndWait = async (
  chain: Chain,
  rpc: Eip1193,
  sending: Sending,
  { signal, tell }: { signal: AbortSignal; tell?: (note: string) => void },
): Promise<Receipt> => {
  const unsigned = await prepare(chain, rpc, sending, signal);
  let [fee, tip] = [BigInt(unsigned.maxFeePerGas), BigInt(unsigned.tip)];
  const hashes: string[] = [];
  for (let attempt = 0; attempt <= MOST_REPLACEMENTS; attempt++) {
    const { raw, hash } = signed(unsigned, sending.key, fee, tip);
    try {
      await rpc.request({ method: 'eth_sendRawTransaction', params: [raw] }, signal);
      hashes.push(hash);
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      if (IS_THERE.test(error.message)) hashes.push(hash);
      else if (!UNDERPRICED.test(error.message) && !NONCE_USED.test(error.message)) throw faultOf(error);
    }
    const receipt = await awaitReceipt(chain, rpc, unsigned, hashes, signal);
    if (receipt !== null) return receipt;
    tell?.(`not mined after ${chain.patienceS} s: sent again with a higher fee`);
    [fee, tip] = [raised(fee), raised(tip)];
  }
  throw new Fault(
    'unavailable',
    `nobody mined the transaction ${hashes.at(-1) ?? ''} in ${MOST_REPLACEMENTS + 1} × ${chain.patienceS} s`,
    'Run the command again: it asks the chain first, and replaces what still waits.',
    { details: { fate: 'unknown', hashes } },
  );
};

/** Null: it still waits. */
const awaitReceipt = async (
  chain: Chain,
  rpc: Eip1193,
  { from, nonce }: Unsigned,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<Receipt | null> => {
  const until = Date.now() + chain.patienceS * 1000;
  for (;;) {
    for (const hash of hashes) {
      const found = (await rpc.request(
        { method: 'eth_getTransactionReceipt', params: [hash] },
        signal,
      )) as RawReceipt | null;
      if (found === null) continue;
      // Asked again each time: a block that went its own way takes its receipts with it.
      const depth = Number(await rpc.request({ method: 'eth_blockNumber' }, signal)) - Number(found.blockNumber) + 1;
      if (depth >= chain.confirmations) return receiptOf(found);
    }
    const used = Number(await rpc.request({ method: 'eth_getTransactionCount', params: [from, 'latest'] }, signal));
    if (used > nonce) {
      const ours = await Promise.all(
        hashes.map((hash) => rpc.request({ method: 'eth_getTransactionReceipt', params: [hash] }, signal)),
      );
      if (ours.every((receipt) => receipt === null))
        throw new Fault(
          'conflict',
          `another transaction of ${from} took the number ${nonce}`,
          'Run the command again: it asks the chain first.',
          { details: { reason: 'number-taken' } },
        );
    }
    if (Date.now() >= until) return null;
    await pause(POLL_MS, signal);
  }
};

const receiptOf = (found: RawReceipt): Receipt => {
  if (found.status !== '0x1')
    throw new Fault(
      'conflict',
      `the transaction ${found.transactionHash} was mined and refused`,
      'Another one came between: run the command again, it asks the chain first.',
    );
  return {
    ...{ txHash: found.transactionHash, blockNumber: Number(found.blockNumber), blockHash: found.blockHash },
    ...{ gasUsed: Number(found.gasUsed), contractAddress: found.contractAddress, events: eventsIn(found.logs) },
  };
};
