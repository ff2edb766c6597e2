/** Where the contract of this home is, and who signs. */
import type { Chain, ChainRole, Eip1193 } from '../../domain/chain.js';
import { Fault, invalid } from '../../domain/fault.js';
import { CONTRACTS_ON_CHAIN } from '../../domain/savings.js';
import type { World } from '../../domain/world.js';
import { addressOf, requireChain } from './send.js';

export interface Place {
  readonly chain: Chain;
  readonly rpc: Eip1193;
  readonly address: string;
  readonly fromBlock: number;
}

export const chainOf = (world: World): Chain => {
  if (world.chain) return world.chain;
  throw new Fault('unsupported', 'this world has no chain', 'Run the command line or the server.');
};

/** The chain, checked for its id, and the contract on it. Fault `not-found` before a deployment. */
export const placeOf = async (world: World, signal?: AbortSignal): Promise<Place> => {
  const chain = chainOf(world);
  const kept = (await world.store.collection(CONTRACTS_ON_CHAIN).get(String(chain.chainId)))?.value;
  const address = chain.contract ?? kept?.address;
  if (address === undefined)
    throw new Fault(
      'not-found',
      `no kWhSave contract is known on ${chain.about}`,
      'Deploy one: caco kwhsave deploy --send; or set CACO_KWHSAVE_ADDRESS.',
    );
  const rpc = await chain.open();
  await requireChain(chain, rpc, signal);
  return { chain, rpc, address, fromBlock: kept?.address === address ? kept.fromBlock : 0 };
};

const KEY_SETTINGS: Record<ChainRole, string> = {
  admin: 'DEPLOYER_KEY',
  minter: 'MINTER_KEY',
  pauser: 'PAUSER_KEY',
  voider: 'VOIDER_KEY',
  holder: 'HOLDER_KEY',
};

/** Fault `invalid-input` that names the setting of a key that is missing. */
export const keyOf = (chain: Chain, role: ChainRole): string => {
  const key = chain.keyOf(role);
  const setting = KEY_SETTINGS[role];
  if (key === null)
    throw invalid(`nobody has given the key of the ${role} on ${chain.about}`, `Set ${setting} in the environment.`);
  if (!/^(0x)?[0-9a-f]{64}$/i.test(key))
    throw invalid(`${setting} is no key of 32 bytes in hex`, 'Give it as 0x and 64 hex digits.');
  return key.startsWith('0x') ? key : `0x${key}`;
};

/** Null where no key of it is known here. */
export const addressIfKnown = (chain: Chain, role: ChainRole): string | null => {
  const key = chain.keyOf(role);
  return key === null ? null : addressOf(keyOf(chain, role));
};

const ADDRESS = /^0x[0-9a-f]{40}$/i;
export const requireAddress = (text: string): string => {
  if (ADDRESS.test(text)) return text;
  throw invalid(`"${text.slice(0, 60)}" is no address`, 'Give it as 0x and 40 hex digits.');
};
