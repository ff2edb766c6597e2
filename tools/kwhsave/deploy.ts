/** The tools that set the contract up: put it on the chain, and say what a meter can count. */
import { addr } from 'micro-eth-signer';
import { z } from 'zod';
import type { Eip1193 } from '../../domain/chain.js';
import { CONTRACTS_ON_CHAIN } from '../../domain/savings.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { ask, creation, encode, meterKey } from './contract.js';
import { addressIfKnown, chainOf, keyOf, placeOf, requireAddress } from './place.js';
import { addressOf, prepare, requireChain, sendAndWait } from './send.js';
import { Done, dryRun, unsignedOf } from './shape.js';

const account = z.string().optional();

/** What a crash left of a deployment: a contract of this admin at one of the addresses that its transactions made. */
const foundOf = async (rpc: Eip1193, admin: string, signal: AbortSignal): Promise<string | null> => {
  const sent = Number(await rpc.request({ method: 'eth_getTransactionCount', params: [admin, 'latest'] }, signal));
  for (let nonce = sent - 1; nonce >= 0; nonce--) {
    const address = addr.getCreateAddress(admin, BigInt(nonce));
    const code = await rpc.request({ method: 'eth_getCode', params: [address, 'latest'] }, signal);
    if (code === '0x') continue;
    if ((await ask(rpc, address, 'symbol', undefined, signal).catch(() => null)) === 'kWhSave') return address;
  }
  return null;
};

const keep = (world: World, call: Running, of: { address: string; fromBlock: number; txHash: string | null }) => {
  const chain = chainOf(world);
  const at = world.clock.now();
  call.commit(async (tx) => {
    await tx.collection(CONTRACTS_ON_CHAIN).put(String(chain.chainId), { ...of, chainId: chain.chainId, at });
    await tx.entries.append([
      {
        ...{ kind: 'kwhsave-deploy', at, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause },
        ...{ subject: of.address, data: { chainId: chain.chainId, txHash: of.txHash } },
      },
    ]);
  });
};

export const deployKwhsave = defineTool({
  name: 'deploy_kwhsave',
  title: 'Deploy kWhSave',
  description:
    'Puts the token’s contract on the chain, with admin, minter, pauser and voider apart. A dry run, the default, only shows the transaction; a second deployment answers with the first.',
  toolset: 'proof',
  effect: 'decides',
  input: z.strictObject({
    dryRun,
    minter: account.describe('address of who mints; that of the minter’s key when left out'),
    pauser: account.describe(
      'address of who may stop it; the key of this home on the chain within, else appointed later',
    ),
    voider: account.describe('address of who may void records, likewise'),
  }),
  output: z.strictObject({ ...Done, address: z.string().nullable(), chainId: z.number().int(), admin: z.string() }),
  run: async ({ dryRun: isDry, ...given }, world, call) => {
    const chain = chainOf(world);
    const rpc = await chain.open();
    await requireChain(chain, rpc, call.signal);
    const key = keyOf(chain, 'admin');
    const admin = addressOf(key);
    const same = { chainId: chain.chainId, admin, dryRun: isDry };
    const kept = (await world.store.collection(CONTRACTS_ON_CHAIN).get(String(chain.chainId)))?.value;
    const there = kept?.address ?? (await foundOf(rpc, admin, call.signal));
    if (there !== null) {
      if (kept === undefined && !isDry) keep(world, call, { address: there, fromBlock: 0, txHash: null });
      return { ...same, address: there, unsigned: null, txHash: kept?.txHash ?? null, gasUsed: null };
    }
    const who = (role: 'minter' | 'pauser' | 'voider') => {
      const address = given[role];
      return address === undefined ? addressIfKnown(chain, role) : requireAddress(address);
    };
    const data = creation({ admin, minter: who('minter'), pauser: who('pauser'), voider: who('voider') });
    const sending = { key, to: null, data };
    if (isDry) {
      const unsigned = unsignedOf(await prepare(chain, rpc, sending, call.signal));
      return { ...same, address: null, unsigned, txHash: null, gasUsed: null };
    }
    const receipt = await sendAndWait(chain, rpc, sending, { signal: call.signal });
    const address = receipt.contractAddress!;
    keep(world, call, { address, fromBlock: receipt.blockNumber, txHash: receipt.txHash });
    return { ...same, address, unsigned: null, txHash: receipt.txHash, gasUsed: receipt.gasUsed };
  },
  tell: ({ address, unsigned }) =>
    unsigned === null
      ? `kWhSave is at ${address}.`
      : `Dry run: the contract would be made with ${unsigned.gasLimit} gas at most.`,
});

export const rateMeter = defineTool({
  name: 'rate_meter',
  title: 'Rate a meter',
  description:
    'Says at the contract what a meter can count at most, kW: no record of it mints more than that times its hours. Needs the admin’s key; a dry run is the default.',
  toolset: 'proof',
  effect: 'decides',
  input: z.strictObject({
    meterId: z.string().min(1).max(200),
    ratedKw: z.number().int().positive().max(4_000_000).describe('whole kW'),
    dryRun,
  }),
  output: z.strictObject({ ...Done, meterKey: z.string().describe('SHA-256 of its name, as the chain has it') }),
  run: async ({ meterId, ratedKw, dryRun: isDry }, world, call) => {
    const { chain, rpc, address } = await placeOf(world, call.signal);
    const meter = meterKey(meterId);
    const data = encode('rateMeter', { meter, kW: BigInt(ratedKw) });
    const sending = { key: keyOf(chain, 'admin'), to: address, data };
    const same = { dryRun: isDry, meterKey: Buffer.from(meter).toString('hex') };
    if (Number(await ask<bigint>(rpc, address, 'ratedKw', meter, call.signal)) === ratedKw)
      return { ...same, unsigned: null, txHash: null, gasUsed: null };
    if (isDry)
      return {
        ...same,
        unsigned: unsignedOf(await prepare(chain, rpc, sending, call.signal)),
        txHash: null,
        gasUsed: null,
      };
    const { txHash, gasUsed } = await sendAndWait(chain, rpc, sending, { signal: call.signal });
    return { ...same, unsigned: null, txHash, gasUsed };
  },
  tell: ({ dryRun: isDry, txHash }) =>
    isDry ? 'Dry run: nothing was sent.' : txHash === null ? 'It was rated so before.' : `Rated in ${txHash}.`,
});
