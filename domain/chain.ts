/**
 * A chain of blocks as this program speaks to one: EIP-1193 and nothing more, so that a machine within the process and a node on the
 * other side of the world are asked in the same words.
 */
export interface Eip1193 {
  /**
   * Throws ChainRefusal for what the chain itself answers instead of a result, and Fault `unavailable` where it does not answer; then
   * whether the request arrived is told by `details.fate`.
   */
  request(
    call: { readonly method: string; readonly params?: readonly unknown[] },
    signal?: AbortSignal,
  ): Promise<unknown>;
}

/** The error member of an answer: a contract that reverts puts its reason into `data`. */
export class ChainRefusal extends Error {
  override readonly name = 'ChainRefusal';
  constructor(
    readonly code: number,
    message: string,
    /** hex; null where there is none */
    readonly data: string | null,
  ) {
    super(message);
  }
}

/** Who signs what: an admin names the others and says what a meter can count, and mints nothing. */
export const CHAIN_ROLES = ['admin', 'minter', 'pauser', 'voider', 'holder'] as const;
export type ChainRole = (typeof CHAIN_ROLES)[number];

/** The chain that tokens are minted on, as the settings choose it. Nothing is loaded and nobody is asked before `open`. */
export interface Chain {
  readonly about: string;
  /** the id that it must answer with before anything is sent to it */
  readonly chainId: number;
  /** blocks, its own among them, after which a transaction is believed */
  readonly confirmations: number;
  /** seconds without a receipt after which a transaction is sent again with a higher fee */
  readonly patienceS: number;
  /** the contract, where a setting says it */
  readonly contract: string | null;
  /** hex; null: nobody gave one. Of a chain within this process one is made. */
  keyOf(role: ChainRole): string | null;
  open(): Promise<Eip1193>;
}
