/** Minting through the tools, on the chain within the process and on a node over HTTP: the same code, the same laws. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Chain } from '../../domain/chain.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import { MINTS, SAVINGS_CLAIMS } from '../../domain/savings.js';
import type { Store } from '../../domain/store.js';
import { instant, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { type Call, callTool, type Tool } from '../tool.js';
import { type ChainSettings, openChain } from './chains/chains.js';
import { bytesOf, encode, MINT, meterKey } from './contract.js';
import { claimed, FIRST } from './fixtures/claims.js';
import { startNode, type TestNode } from './fixtures/node.js';
import {
  approveMint,
  auditKwhsave,
  deployKwhsave,
  getKwhsaveBalance,
  mintKwhsave,
  pauseKwhsave,
  rateMeter,
  retireKwhsave,
  voidKwhsave,
} from './kwhsave.js';
import { addressOf, sendAndWait } from './send.js';

const NOW = instant('2026-03-01T00:00:00Z');
const KEYS = {
  deployerKey: `0x${'11'.repeat(32)}`,
  minterKey: `0x${'22'.repeat(32)}`,
  holderKey: `0x${'33'.repeat(32)}`,
  pauserKey: `0x${'44'.repeat(32)}`,
  voiderKey: `0x${'55'.repeat(32)}`,
};

let home: string;
let store: Store;
let world: World;
let node: TestNode | undefined;
const settings = (over: Partial<ChainSettings> = {}): ChainSettings => ({
  ...{ home, chainId: 80_002, chainMainnet: false, chainConfirmations: 1, chainPatienceS: 60 },
  ...over,
});
const chainWith = (over: Partial<ChainSettings> = {}): Chain => openChain(settings(over), { store, now: () => NOW });
const worldWith = (chain: Chain): World => ({ ...quietWorld(store, () => NOW), chain });
const reopen = async () => {
  await store.close();
  store = await openStore(join(home, 'caco.db'));
};
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'kwhsave-'));
  store = await openStore(join(home, 'caco.db'));
  world = worldWith(chainWith());
});
afterEach(async () => {
  await node?.close();
  node = undefined;
  await store.close();
  rmSync(home, { recursive: true, force: true });
});

const call = (over: Partial<Call> = {}): Call => ({
  ...{ signal: new AbortController().signal, progress: () => {}, actor: { id: 'ann', via: 'cli' }, cause: null },
  ...over,
});
const run = <T = Record<string, unknown>>(tool: Tool, input: object, over?: Partial<Call>) =>
  callTool(tool, input, world, call(over)) as Promise<T>;
const send = { dryRun: false };

const setUp = async () => {
  await run(deployKwhsave as unknown as Tool, send);
  await run(rateMeter as unknown as Tool, { meterId: 'hall', ratedKw: 100, ...send });
};
const mint = async (claimId: string, over: Partial<Call> = {}) => {
  const { decisionId } = await run<{ decisionId: string }>(approveMint as unknown as Tool, { claimId, why: 'proven' });
  const input = { claimId, decisionId, ...send };
  return run<{ mint: { kWh: number; txHash: string }; gasUsed: number | null }>(mintKwhsave as unknown as Tool, input, {
    idempotencyKey: `kwhsave-mint/${claimId}`,
    ...over,
  });
};
const audit = () =>
  run<{ ok: boolean; firstBreak?: string; minted: number; proven: string; unminted: number }>(
    auditKwhsave as unknown as Tool,
    {},
  );
const balance = () =>
  run<{ balance: number; minted: number; supply: number; retired: number }>(getKwhsaveBalance as unknown as Tool, {});

describe.each(['within the process', 'over HTTP'] as const)('a chain %s', (where) => {
  beforeEach(async () => {
    if (where === 'within the process') return;
    node = await startNode();
    world = worldWith(chainWith({ rpcUrl: node.url, ...KEYS }));
  });

  it('takes deploy, rate, mint, retire and audit, each of them once', async () => {
    await setUp();
    const { id } = await claimed(store, 0);
    const other = await claimed(store, 1, 7);
    expect(await mint(id)).toMatchObject({ mint: { kWh: 5 }, gasUsed: expect.any(Number) });
    const again = await mint(id);
    expect(again).toMatchObject({ mint: { kWh: 5 } });
    await mint(other.id);
    expect(await balance()).toMatchObject({ balance: 12, minted: 12 });
    const retired = await run(retireKwhsave as unknown as Tool, {
      kWh: 4,
      beneficiary: 'ACME Ltd',
      reason: 'report 2026',
      ...send,
    });
    expect(retired).toMatchObject({ certificate: 1 });
    expect(await balance()).toMatchObject({ balance: 8, retired: 4, supply: 8 });
    expect(await audit()).toMatchObject({ ok: true, minted: 12, proven: '12.5', unminted: 0 });
    // A second deployment is the first one.
    const before = await run<{ address: string }>(deployKwhsave as unknown as Tool, {});
    expect((await run<{ address: string }>(deployKwhsave as unknown as Tool, send)).address).toBe(before.address);
  });

  it('retires what one key names once, also where a crash left nothing but the chain', async () => {
    await setUp();
    await mint((await claimed(store, 0)).id);
    const input = { kWh: 2, beneficiary: 'ACME Ltd', reason: 'report 2026', ...send };
    const retire = (idempotencyKey?: string) =>
      run<{ certificate: number; txHash: string; gasUsed: number | null }>(retireKwhsave as unknown as Tool, input, {
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
    // The crash: intended and mined, and nothing was written down.
    const { digest } = await import('../../domain/digest.js');
    await store.deeds.intend({
      ...{ key: 'first', tool: 'retire_kwhsave', actor: 'cli:ann', at: NOW, inputDigest: digest(input) },
    });
    const lost = await openStore(':memory:');
    const { CONTRACTS_ON_CHAIN } = await import('../../domain/savings.js');
    await lost
      .collection(CONTRACTS_ON_CHAIN)
      .put('80002', (await store.collection(CONTRACTS_ON_CHAIN).get('80002'))!.value);
    const dying = { ...quietWorld(lost, () => NOW), chain: world.chain! };
    await callTool(retireKwhsave as unknown as Tool, input, dying, call({ idempotencyKey: 'first' }));
    await lost.close();
    expect(await balance()).toMatchObject({ retired: 2 });
    expect(await retire('first')).toMatchObject({ certificate: 1, gasUsed: null });
    expect(await retire('first')).toMatchObject({ certificate: 1 });
    expect(await balance()).toMatchObject({ retired: 2 });
    // Another key is another retirement in the same words, and so is none.
    expect(await retire('second')).toMatchObject({ certificate: 2 });
    await expect(retire()).rejects.toThrow('holds fewer tokens');
    expect(await balance()).toMatchObject({ retired: 4, balance: 1 });
    expect(await audit()).toMatchObject({ ok: true });
  });

  it('voids a mint once and stops and goes on, each by its own key', async () => {
    await setUp();
    const { id, evidence } = await claimed(store, 0);
    const taking = { claimId: id, reason: 'the meter was swapped' };
    const take = (over: object) => run(voidKwhsave as unknown as Tool, { ...taking, ...over });
    await expect(take(send)).rejects.toThrow('nothing was minted for this claim');
    await mint(id);
    const pause = (paused: boolean, over: object = send) =>
      run<{ paused: boolean; txHash: string | null }>(pauseKwhsave as unknown as Tool, {
        paused,
        why: 'a look',
        ...over,
      });
    expect(await pause(true, {})).toMatchObject({ dryRun: true, paused: false });
    expect(await pause(true)).toMatchObject({ paused: true, txHash: expect.any(String) });
    expect(await pause(true)).toMatchObject({ paused: true, txHash: null });
    const retire = { kWh: 2, beneficiary: 'A', reason: 'B', ...send };
    await expect(run(retireKwhsave as unknown as Tool, retire)).rejects.toThrow('paused');
    await pause(false);
    await run(retireKwhsave as unknown as Tool, retire);
    expect(await take({})).toMatchObject({ dryRun: true, burnt: null });
    expect(await take(send)).toMatchObject({ evidence, burnt: 3, owed: 2, gasUsed: expect.any(Number) });
    expect(await take(send)).toMatchObject({ burnt: 3, owed: 2, gasUsed: null });
    expect(await take({})).toMatchObject({ dryRun: true, burnt: 3, owed: 2 });
    expect(await balance()).toMatchObject({ balance: 0, owed: 2, voided: 3, supply: 0 });
    expect(await audit()).toMatchObject({ ok: true });
    const kinds = (await store.entries.read(0, 1000)).map(({ body }) => body.kind);
    expect(kinds.filter((kind) => kind === 'kwhsave-void' || kind === 'kwhsave-pause')).toEqual([
      ...['kwhsave-pause', 'kwhsave-pause', 'kwhsave-void'],
    ]);
    // Whoever mints voids nothing, and its half-hours are never minted anew.
    const { id: anew } = await claimed(store, 0, 4);
    await expect(mint(anew)).rejects.toThrow('half-hour of this meter was minted before');
  });

  it('shows what it would do, and does nothing, unless it is told to', async () => {
    const dry = await run<{ unsigned: { to: null } }>(deployKwhsave as unknown as Tool, {});
    expect(dry.unsigned).toMatchObject({ to: null, chainId: 80_002 });
    await expect(audit()).rejects.toMatchObject({ code: 'not-found' });
    await setUp();
    const { id } = await claimed(store, 0);
    expect(await run(mintKwhsave as unknown as Tool, { claimId: id })).toMatchObject({ dryRun: true, mint: null });
    expect(await balance()).toMatchObject({ minted: 0 });
  });

  it('refuses what the contract refuses, in words, before anything is sent', async () => {
    await run(deployKwhsave as unknown as Tool, send);
    const { id } = await claimed(store, 0);
    await expect(mint(id)).rejects.toThrow('a meter is not registered');
    await run(rateMeter as unknown as Tool, { meterId: 'hall', ratedKw: 4, ...send });
    await expect(mint(id)).rejects.toThrow('more than the meters can count');
    await expect(
      run(retireKwhsave as unknown as Tool, { kWh: 1, beneficiary: 'A', reason: 'B', ...send }),
    ).rejects.toThrow('holds fewer tokens');
  });
});

describe('a mint', () => {
  it('needs the leave of a person, for this claim and no other', async () => {
    await setUp();
    const [a, b] = [await claimed(store, 0), await claimed(store, 1)];
    await expect(run(mintKwhsave as unknown as Tool, { claimId: a.id, ...send })).rejects.toMatchObject({
      code: 'forbidden',
    });
    const leave = { claimId: b.id, why: 'proven' };
    await expect(run(approveMint as unknown as Tool, leave, { actor: { id: 'bot', via: 'mcp' } })).rejects.toThrow(
      'mcp cannot give it',
    );
    const { decisionId } = await run<{ decisionId: string }>(approveMint as unknown as Tool, leave);
    await expect(run(mintKwhsave as unknown as Tool, { claimId: a.id, decisionId, ...send })).rejects.toThrow(
      'no leave to mint',
    );
    const empty = await claimed(store, 2, 0);
    await expect(run(approveMint as unknown as Tool, { claimId: empty.id, why: 'x' })).rejects.toThrow('no whole one');
  });

  it('is there after a restart, from the ledger alone, and in another process of this home at once', async () => {
    await setUp();
    const { id } = await claimed(store, 0);
    await mint(id);
    await reopen();
    world = worldWith(chainWith());
    expect(await balance()).toMatchObject({ balance: 5, minted: 5 });
    const second = worldWith(chainWith());
    const [one, two] = [await claimed(store, 1), await claimed(store, 2)];
    await mint(one.id);
    const first = world;
    world = second;
    await mint(two.id);
    world = first;
    expect(await balance()).toMatchObject({ balance: 15 });
    expect(await audit()).toMatchObject({ ok: true });
  });

  it('that was sent before a crash is found by its evidence and not sent again', async () => {
    node = await startNode();
    const chain = chainWith({ rpcUrl: node.url, ...KEYS });
    world = worldWith(chain);
    await setUp();
    const { id, evidence } = await claimed(store, 0);
    // The crash: it was intended and sent, and nothing was written down.
    const { decisionId } = await run<{ decisionId: string }>(approveMint as unknown as Tool, {
      claimId: id,
      why: 'proven',
    });
    const input = { claimId: id, decisionId, ...send };
    await callTool(mintKwhsave as unknown as Tool, input, world, call());
    await store.collection(MINTS).delete(id);
    const { digest } = await import('../../domain/digest.js');
    await store.deeds.intend({
      ...{ key: `kwhsave-mint/${id}`, tool: 'mint_kwhsave', actor: 'ann' },
      inputDigest: digest(input),
      at: NOW,
    });
    const sent = node.asked.filter((method) => method === 'eth_sendRawTransaction').length;
    expect(await mint(id)).toMatchObject({ mint: { evidence } });
    expect(node.asked.filter((method) => method === 'eth_sendRawTransaction')).toHaveLength(sent);
    expect(await balance()).toMatchObject({ minted: 5 });
    expect((await store.collection(MINTS).get(id))?.value.evidence).toBe(evidence);
  });

  it('for evidence that somebody else used with other figures is a conflict, and the audit finds theirs', async () => {
    await setUp();
    const { id } = await claimed(store, 0);
    await mint(id);
    const claim = (await store.collection(SAVINGS_CLAIMS).get(id))!.value;
    const other = { ...claim.record, mintableKwh: 4 };
    await store.collection(SAVINGS_CLAIMS).put(id, { ...claim, record: other });
    await expect(mint(id, { idempotencyKey: 'another' })).rejects.toThrow('is not what its evidence names');
    expect(await audit()).toMatchObject({
      ok: false,
      firstBreak: expect.stringContaining(`the record of ${id} was changed`),
    });
  });

  it('whose evidence somebody with the minter’s key used for another window is told apart from ours', async () => {
    node = await startNode();
    const chain = chainWith({ rpcUrl: node.url, ...KEYS });
    world = worldWith(chain);
    await setUp();
    const { id, evidence } = await claimed(store, 0);
    const { address } = await run<{ address: string }>(deployKwhsave as unknown as Tool, {});
    const start = BigInt(toEpoch(FIRST) + 86_400);
    const theirs = {
      to: addressOf(KEYS.holderKey),
      kWh: 3n,
      evidence: bytesOf(evidence),
      meters: [meterKey('hall')],
      start,
      end: start + 3600n,
    };
    const sending = { key: KEYS.minterKey, to: address, data: encode(MINT, theirs) };
    await sendAndWait(chain, await chain.open(), sending, { signal: new AbortController().signal });
    await expect(mint(id)).rejects.toThrow('3 kWh were minted for this evidence, with another window');
    expect(await audit()).toMatchObject({ ok: false, firstBreak: expect.stringContaining('its record proves 5') });
  });

  it('that no ledger knows, and a claim that is not in it, are what the audit breaks at', async () => {
    await setUp();
    const stranger = await openStore(':memory:');
    const { id } = await claimed(stranger, 3);
    const own = world;
    world = { ...quietWorld(stranger, () => NOW), chain: own.chain! };
    const contract = (await run<{ contract: string }>(getKwhsaveBalance as unknown as Tool, {}).catch(() => null))
      ?.contract;
    expect(contract).toBeUndefined();
    const { CONTRACTS_ON_CHAIN } = await import('../../domain/savings.js');
    const kept = (await store.collection(CONTRACTS_ON_CHAIN).get('80002'))!.value;
    await stranger.collection(CONTRACTS_ON_CHAIN).put('80002', kept);
    await mint(id);
    world = own;
    expect(await audit()).toMatchObject({
      ok: false,
      firstBreak: expect.stringContaining('the ledger has no record of it'),
    });
    await stranger.close();
  });
});

describe('a node', () => {
  const over = async (options: Parameters<typeof startNode>[0], more: Partial<ChainSettings> = {}) => {
    node = await startNode(options);
    world = worldWith(chainWith({ rpcUrl: node.url, ...KEYS, ...more }));
  };

  it('that answers another id is shown no transaction; the main chain is asked for twice', async () => {
    await over({ chainId: 1337 });
    await expect(run(deployKwhsave as unknown as Tool, send)).rejects.toThrow(
      'the chain answers with the id 1337, and 80002 is wanted',
    );
    expect(node!.asked).toEqual(['eth_chainId']);
    expect(() => chainWith({ chainId: 137 })).toThrow('main chain');
    expect(chainWith({ chainId: 137, chainMainnet: true }).chainId).toBe(137);
  });

  it('that does not mine gets it again for more, with the same number; what is never mined is not known, and replaced later', async () => {
    let block = true;
    await over({ atOnce: false }, { chainPatienceS: 0.3 });
    const mining = setInterval(() => void (block || node!.mine()), 20);
    try {
      block = false;
      await setUp();
      block = true;
      const { id } = await claimed(store, 0);
      await expect(mint(id)).rejects.toMatchObject({ code: 'unavailable', details: { fate: 'unknown' } });
      // Sent four times, each in place of the one before.
      expect(node!.waiting()).toBe(1);
      block = false;
      expect(await mint(id)).toMatchObject({ mint: { kWh: 5 } });
      expect(await balance()).toMatchObject({ minted: 5 });
    } finally {
      clearInterval(mining);
    }
  });

  it('that goes another way loses a mint: the audit says which, and it can be minted again', async () => {
    await over({});
    await setUp();
    const { id } = await claimed(store, 0);
    await mint(id);
    await node!.drop(1);
    expect(await audit()).toMatchObject({
      ok: false,
      firstBreak: expect.stringContaining('the chain no longer has it: mint it again'),
    });
    await mint(id, { idempotencyKey: `kwhsave-mint/${id}/2` });
    expect(await audit()).toMatchObject({ ok: true, minted: 5 });
  });

  it('that is away, or is none, is told so; a missing key is named', async () => {
    await over({});
    const url = node!.url;
    await node!.close();
    node = undefined;
    await expect(run(deployKwhsave as unknown as Tool, send)).rejects.toMatchObject({ code: 'unavailable' });
    world = worldWith(chainWith({ rpcUrl: url }));
    await over({});
    world = worldWith(chainWith({ rpcUrl: node!.url }));
    await expect(run(deployKwhsave as unknown as Tool, send)).rejects.toMatchObject({
      remedy: expect.stringContaining('DEPLOYER_KEY'),
    });
  });
});
