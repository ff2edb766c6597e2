/** Which chain tokens are minted on: one within this process unless the settings name a node. */
import { join } from 'node:path';
import type { Chain, ChainRole, Eip1193 } from '../../../domain/chain.js';
import { invalid } from '../../../domain/fault.js';
import type { Store } from '../../../domain/store.js';
import { type Instant, toEpoch } from '../../../domain/time.js';
import { folderKeys } from './keys.js';

export { CHAIN_SETTINGS } from './settings.js';

/** The program's settings that a chain reads, as config.ts names them. */
export interface ChainSettings {
  readonly home: string;
  readonly rpcUrl?: string | undefined;
  readonly chainId: number;
  readonly chainMainnet: boolean;
  readonly chainConfirmations: number;
  readonly chainPatienceS: number;
  readonly kwhsaveAddress?: string | undefined;
  readonly deployerKey?: string | undefined;
  readonly minterKey?: string | undefined;
  readonly pauserKey?: string | undefined;
  readonly voiderKey?: string | undefined;
  readonly holderKey?: string | undefined;
}

/** Polygon's main chain, where a token costs money and stays. */
const MAINNET = 137;

/** Fault `invalid-input` for the main chain that was not asked for twice. */
export const openChain = (
  settings: ChainSettings,
  ground: { readonly store: Store; readonly now: () => Instant },
): Chain => {
  const { rpcUrl, chainId, home } = settings;
  if (chainId === MAINNET && !settings.chainMainnet)
    throw invalid(
      'chain id 137 is Polygon’s main chain, where what is minted stays',
      'Set CACO_CHAIN_MAINNET=on as well, if that is what you want; 80002 is its test chain.',
    );
  const common = { chainId, patienceS: settings.chainPatienceS, contract: settings.kwhsaveAddress ?? null };
  let opened: Promise<Eip1193> | undefined;
  if (rpcUrl === undefined) {
    const keyOf = folderKeys(join(home, 'keys'));
    const open = async () => {
      const [{ localChain }, { ledgerBlocks }] = await Promise.all([import('./local.js'), import('./blocks.js')]);
      return localChain(ledgerBlocks(ground.store, chainId), chainId, () => toEpoch(ground.now()));
    };
    return {
      ...common,
      about: `an EVM within this program, chain id ${chainId}, whose blocks are in the ledger`,
      confirmations: 1,
      keyOf,
      open: () => {
        opened ??= open();
        return opened;
      },
    };
  }
  const given: Record<ChainRole, string | undefined> = {
    admin: settings.deployerKey,
    minter: settings.minterKey,
    pauser: settings.pauserKey,
    voider: settings.voiderKey,
    holder: settings.holderKey,
  };
  return {
    ...common,
    about: `the node at RPC_URL, chain id ${chainId}`,
    confirmations: settings.chainConfirmations,
    keyOf: (role) => given[role] ?? null,
    open: async () => {
      const { jsonRpc } = await import('./json-rpc.js');
      return jsonRpc(rpcUrl);
    },
  };
};
