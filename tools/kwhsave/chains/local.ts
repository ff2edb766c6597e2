/**
 * The chain within this process: an EVM that mines a block for each transaction, as soon as its block is durable. It answers what a
 * node answers, in the words of EIP-1193, as far as this program asks. There is no money on it: whoever sends is given what gas costs.
 */
import { ChainRefusal, type Eip1193 } from '../../../domain/chain.js';
import type { Block, Blocks } from './blocks.js';

const GAS_LIMIT = 30_000_000n;
const BASE_FEE = 7n;
const PURSE = 10n ** 20n;
const NOTHING = `0x${'00'.repeat(32)}`;
const REVERTED = 3;
const INVALID = -32_000;
const UNKNOWN_METHOD = -32_601;

export interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly logIndex: string;
}

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

const load = async () => {
  const [vm, tx, util, common, block] = await Promise.all([
    import('@ethereumjs/vm'),
    import('@ethereumjs/tx'),
    import('@ethereumjs/util'),
    import('@ethereumjs/common'),
    import('@ethereumjs/block'),
  ]);
  return { ...vm, ...tx, ...util, ...common, ...block };
};
type Library = Awaited<ReturnType<typeof load>>;

interface Mined {
  readonly timestamp: number;
  readonly hash: string;
  readonly logs: readonly Log[];
}

interface CallObject {
  readonly from?: string;
  readonly to?: string;
  readonly data?: string;
}

interface LogFilter {
  readonly address?: string;
  readonly topics?: readonly (string | null)[];
  readonly fromBlock?: string;
  readonly toBlock?: string;
}

/** `now`: seconds since 1970, for the time of the next block. Contracts see time as the world of this program has it. */
export const localChain = async (blocks: Blocks, chainId: number, now: () => number): Promise<Eip1193> => {
  const library = await load();
  const common = library.createCustomCommon({ chainId }, library.Mainnet, { hardfork: library.Hardfork.Cancun });
  const machine = new Machine(library, common, await library.createVM({ common }), blocks, chainId, now);
  // One request after the other: a look must not see a block that is not yet durable.
  let before: Promise<unknown> = Promise.resolve();
  return {
    request: ({ method, params = [] }, signal) => {
      const mine = before.then(() => {
        signal?.throwIfAborted();
        return machine.answer(method, params);
      });
      before = mine.catch(() => undefined);
      return mine;
    },
  };
};

class Machine {
  readonly #mined: Mined[] = [];
  readonly #receipts = new Map<string, Record<string, unknown>>();
  readonly #transactions = new Map<string, Record<string, unknown>>();

  constructor(
    readonly lib: Library,
    readonly common: ReturnType<Library['createCustomCommon']>,
    readonly vm: Awaited<ReturnType<Library['createVM']>>,
    readonly blocks: Blocks,
    readonly chainId: number,
    readonly now: () => number,
  ) {}

  async answer(method: string, params: readonly unknown[]): Promise<unknown> {
    if (method === 'eth_chainId') return hex(this.chainId);
    // Another process of this home may have added to the chain.
    for (const block of await this.blocks.since(this.#mined.length)) await this.#run(block);
    switch (method) {
      case 'eth_blockNumber':
        return hex(this.#mined.length);
      case 'eth_gasPrice':
        return hex(BASE_FEE);
      case 'eth_maxPriorityFeePerGas':
        return '0x0';
      case 'eth_getTransactionCount':
        return hex((await this.#account(String(params[0])))?.nonce ?? 0n);
      case 'eth_getCode':
        return this.lib.bytesToHex(await this.vm.stateManager.getCode(this.#address(String(params[0]))));
      case 'eth_getBlockByNumber':
        return this.#blockAt(String(params[0]));
      case 'eth_call':
        return this.lib.bytesToHex((await this.#call(params[0] as CallObject)).returnValue);
      case 'eth_estimateGas':
        // What a call uses, with the price of a transaction and of its data, and room for what is refunded at its end.
        return hex(((await this.#call(params[0] as CallObject)).executionGasUsed * 13n) / 10n + 100_000n);
      case 'eth_sendRawTransaction':
        return this.#mine(String(params[0]));
      case 'eth_getTransactionReceipt':
        return this.#receipts.get(String(params[0])) ?? null;
      case 'eth_getTransactionByHash':
        return this.#transactions.get(String(params[0])) ?? null;
      case 'eth_getLogs':
        return this.#logs(params[0] as LogFilter);
      default:
        throw new ChainRefusal(UNKNOWN_METHOD, `the method ${method} does not exist`, null);
    }
  }

  #address(text: string) {
    return this.lib.createAddressFromString(text.toLowerCase());
  }
  #account(address: string) {
    return this.vm.stateManager.getAccount(this.#address(address));
  }

  #header(number: number, timestamp: number) {
    const header = {
      number: BigInt(number),
      timestamp: BigInt(timestamp),
      gasLimit: GAS_LIMIT,
      baseFeePerGas: BASE_FEE,
    };
    const parent = this.#mined[number - 2]?.hash ?? NOTHING;
    return this.lib.createBlock(
      { header: { ...header, parentHash: this.lib.hexToBytes(parent as `0x${string}`) } },
      { common: this.common, skipConsensusFormatValidation: true },
    );
  }

  /** Never before the block that it follows. */
  #time(): number {
    return Math.max(Math.floor(this.now()), this.#mined.at(-1)?.timestamp ?? 0);
  }

  #blockAt(which: string): Record<string, unknown> | null {
    const number = which === 'latest' || which === 'pending' ? this.#mined.length : Number(which);
    const found = this.#mined[number - 1];
    if (found === undefined && number !== 0) return null;
    return {
      ...{ number: hex(number), hash: found?.hash ?? NOTHING, baseFeePerGas: hex(BASE_FEE) },
      timestamp: hex(found?.timestamp ?? 0),
    };
  }

  async #call({ from, to, data }: CallObject) {
    const { stateManager, evm } = this.vm;
    await stateManager.checkpoint();
    try {
      const { execResult } = await evm.runCall({
        block: this.#header(this.#mined.length + 1, this.#time()),
        ...(from === undefined ? {} : { caller: this.#address(from), origin: this.#address(from) }),
        ...(to === undefined ? {} : { to: this.#address(to) }),
        data: this.lib.hexToBytes((data ?? '0x') as `0x${string}`),
        gasLimit: GAS_LIMIT,
      });
      if (execResult.exceptionError !== undefined)
        throw new ChainRefusal(REVERTED, 'execution reverted', this.lib.bytesToHex(execResult.returnValue));
      return execResult;
    } finally {
      await stateManager.revert();
    }
  }

  /** Runs the transaction, makes its block durable, and only then keeps what it did. */
  async #mine(raw: string): Promise<string> {
    for (;;) {
      const number = this.#mined.length + 1;
      const block = { number, timestamp: this.#time(), raw };
      const { stateManager } = this.vm;
      await stateManager.checkpoint();
      try {
        await this.#execute(block);
      } catch (error) {
        await stateManager.revert();
        throw new ChainRefusal(INVALID, (error as Error).message, null);
      }
      // What it did is run again from the durable block, as another process will.
      await stateManager.revert();
      const added = await this.blocks.add(block);
      for (const one of await this.blocks.since(this.#mined.length)) await this.#run(one);
      if (added) return this.#txOf(raw).hash;
    }
  }

  #txOf(raw: string) {
    const tx = this.lib.createTxFromRLP(this.lib.hexToBytes(raw as `0x${string}`), { common: this.common });
    return { tx, hash: this.lib.bytesToHex(tx.hash()) as string };
  }

  async #execute({ number, timestamp, raw }: Block) {
    const { tx, hash } = this.#txOf(raw);
    if (this.#receipts.has(hash)) throw new Error('already known');
    const sender = tx.getSenderAddress();
    const account = (await this.vm.stateManager.getAccount(sender)) ?? this.lib.createAccount({ nonce: 0n });
    account.balance = PURSE;
    await this.vm.stateManager.putAccount(sender, account);
    const block = this.#header(number, timestamp);
    const done = await this.lib.runTx(this.vm, {
      ...{ tx, block, skipBlockGasLimitValidation: true, skipHardForkValidation: true },
    });
    return { tx, hash, done, blockHash: this.lib.bytesToHex(block.hash()) as string };
  }

  async #run(mined: Block): Promise<void> {
    const { tx, hash, done, blockHash } = await this.#execute(mined);
    const where = { blockNumber: hex(mined.number), blockHash, transactionHash: hash };
    const logs = (done.execResult.logs ?? []).map(
      ([address, topics, data], i): Log => ({
        ...{ address: this.lib.bytesToHex(address), topics: topics.map((t) => this.lib.bytesToHex(t)) },
        ...{ data: this.lib.bytesToHex(data), ...where, logIndex: hex(i) },
      }),
    );
    this.#mined.push({ timestamp: mined.timestamp, hash: blockHash, logs });
    const parties = { from: tx.getSenderAddress().toString(), to: tx.to?.toString() ?? null };
    const { transactionHash, ...block } = where;
    this.#transactions.set(hash, { hash, ...block, ...parties, input: this.lib.bytesToHex(tx.data) });
    this.#receipts.set(hash, {
      ...where,
      ...parties,
      contractAddress: done.createdAddress?.toString() ?? null,
      status: done.execResult.exceptionError === undefined ? '0x1' : '0x0',
      ...{ gasUsed: hex(done.totalGasSpent), logs },
    });
  }

  #logs({ address, topics = [], fromBlock = '0x0', toBlock = 'latest' }: LogFilter): Log[] {
    const last = toBlock === 'latest' ? this.#mined.length : Number(toBlock);
    return this.#mined
      .slice(Math.max(0, Number(fromBlock) - 1), last)
      .flatMap(({ logs }) => logs)
      .filter((log) => address === undefined || log.address.toLowerCase() === address.toLowerCase())
      .filter((log) => topics.every((topic, i) => topic === null || topic === log.topics[i]));
  }
}
