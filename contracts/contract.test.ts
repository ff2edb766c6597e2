/** The contract on the machine that this program brings: as it was compiled, step by step as the reference, and by its laws. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChainRefusal } from '../domain/chain.js';
import { compile } from './compile.mjs';
import { ADDRESS, digestOf, METER, type OnChain, onChain, T0 } from './fixtures/on-chain.js';
import { followed, gasTable, type Step } from './fixtures/reference.js';

const EXPECTED = new URL('../../shared/reference/energy/token/expected.json', import.meta.url);

describe('the artefact', () => {
  it('is what the pinned compiler makes of the source today', () => {
    expect(compile()).toEqual(JSON.parse(readFileSync(new URL('./KWhSave.json', import.meta.url), 'utf8')));
  });
});

let chain: OnChain;
beforeEach(async () => {
  chain = await onChain();
});

describe('the reference', () => {
  it.skipIf(!existsSync(EXPECTED))('is followed step by step; what differs is refused, not allowed', async () => {
    const { steps, end } = JSON.parse(readFileSync(EXPECTED, 'utf8')) as { steps: Step[]; end: Record<string, number> };
    const { chain: followedOn, done } = await followed(steps);
    chain = followedOn;
    for (const { step, revert, events } of done)
      expect([step.do, revert, events]).toEqual([step.do, step.revert ?? null, step.events ?? expect.any(Array)]);
    await expect(gasTable(done)).toMatchFileSnapshot('../docs/methods/kwhsave-gas.md');
    expect(await chain.sums()).toMatchObject({ supply: BigInt(end.totalSupply!), retired: BigInt(end.totalRetired!) });
    expect(Number(await chain.ask('decimals'))).toBe(end.decimals);
    expect(await chain.ask('balanceOf', ADDRESS.holder)).toBe(BigInt(end.balanceOf_holder!));
    expect(Number(await chain.rpc.request({ method: 'eth_chainId' }))).toBe(end.chainId);
    // The admin, who may all of it in the reference, may not pause here.
    await expect(chain.by('admin').call('pause')).rejects.toThrow(ChainRefusal);
  });
});

describe('a half-hour', () => {
  const refused = (work: Promise<unknown>) => work.then(() => 'done', chain.nameOf);

  it('of a meter is minted once, whatever record says it, in whatever order, across words of the bitmap', async () => {
    await chain.by('admin').rate(METER, 1000);
    await chain.by('minter').mint({ digest: 'a', half: 250, halves: 12 });
    for (const [half, halves] of [
      [250, 12],
      [261, 1],
      [240, 11],
      [245, 30],
    ] as const)
      expect(await refused(chain.by('minter').mint({ digest: `b${half}`, half, halves }))).toBe('AlreadyMinted');
    // Ranges come in any order: an earlier one is as good as a later one.
    await chain.by('minter').mint({ digest: 'c', half: 0, halves: 250 });
    await chain.by('minter').mint({ digest: 'd', half: 262, halves: 74 });
    expect(await refused(chain.by('minter').mint({ digest: 'e', half: 400, halves: 2, meters: [METER, METER] }))).toBe(
      'AlreadyMinted',
    );
  });

  it('is bounded by what the meter can count, whole, past, and no more than seven days of them at once', async () => {
    const mint = (over: Parameters<ReturnType<OnChain['by']>['mint']>[0]) => refused(chain.by('minter').mint(over));
    expect(await mint({ digest: 'a' })).toBe('UnknownMeter');
    await chain.by('admin').rate(METER, 3);
    expect(await mint({ digest: 'a', kWh: 2n, halves: 1 })).toBe('AboveRating');
    expect(await mint({ digest: 'a', kWh: 3n, halves: 2 })).toBe('done');
    expect(await mint({ digest: 'b', half: 10, halves: 337 })).toBe('BadWindow');
    expect(await mint({ digest: 'b', half: 10, halves: 336 })).toBe('done');
    expect(await mint({ digest: 'c', half: 2000, halves: 336 })).toBe('InTheFuture');
    expect(await mint({ digest: 'c', half: 1000, offsetS: 60 })).toBe('BadWindow');
    expect(await mint({ digest: 'c', half: 1000, meters: [] })).toBe('NoMeter');
    expect(await mint({ digest: null, half: 1000 })).toBe('ZeroEvidence');
    expect(await refused(chain.by('minter').rate(METER, 9))).toBe('AccessControlUnauthorizedAccount');
  });

  it('stays minted when its record is voided; what was passed on is owed, and can be given back', async () => {
    await chain.by('admin').rate(METER, 1000);
    await chain.by('minter').mint({ digest: 'a', kWh: 10n, half: 0 });
    await chain.by('holder').call('transfer', { to: ADDRESS.other, value: 7n });
    const voided = await chain
      .by('voider')
      .call('voidRecord', { evidence: digestOf('a'), reason: 'meter was swapped' });
    expect(voided).toEqual(['Transfer', 'Voided']);
    expect(await chain.sums()).toMatchObject({ supply: 7n, voided: 3n, owed: 7n });
    expect(await refused(chain.by('minter').mint({ digest: 'z', half: 0 }))).toBe('AlreadyMinted');
    expect(await refused(chain.by('minter').mint({ digest: 'a', half: 5 }))).toBe('EvidenceUsed');
    const again = chain.by('voider').call('voidRecord', { evidence: digestOf('a'), reason: 'x' });
    expect(await refused(again)).toBe('UnknownEvidence');
    await chain.by('other').call('transfer', { to: ADDRESS.holder, value: 7n });
    expect(await refused(chain.by('holder').call('repay', 8n))).toBe('NothingOwed');
    await chain.by('holder').call('repay', 7n);
    expect(await chain.sums()).toMatchObject({ supply: 0n, voided: 10n, owed: 0n });
  });
});

describe('roles', () => {
  const refused = (work: Promise<unknown>) => work.then(() => 'done', chain.nameOf);

  it('are apart: nobody holds two, at the start or later', async () => {
    await expect(onChain({ minter: ADDRESS.admin })).rejects.toThrow('reverted');
    expect(await refused(chain.by('admin').grant('PAUSER_ROLE', 'minter'))).toBe('RoleConflict');
    expect(await refused(chain.by('admin').grant('MINTER_ROLE', 'admin'))).toBe('RoleConflict');
    expect(await refused(chain.by('minter').call('voidRecord', { evidence: digestOf('a'), reason: 'x' }))).toBe(
      'AccessControlUnauthorizedAccount',
    );
  });

  it('that pause stop minting and retiring, not transfers; a certificate names whom and why', async () => {
    await chain.by('admin').rate(METER, 1000);
    await chain.by('minter').mint({ digest: 'a', kWh: 10n });
    await chain.by('pauser').call('pause');
    expect(await refused(chain.by('holder').retire(1n))).toBe('EnforcedPause');
    expect(await refused(chain.by('minter').mint({ digest: 'b', half: 9 }))).toBe('EnforcedPause');
    await chain.by('holder').call('transfer', { to: ADDRESS.other, value: 1n });
    await chain.by('pauser').call('unpause');
    expect(await refused(chain.by('holder').retire(1n, ''))).toBe('NoBeneficiary');
    expect(await refused(chain.by('holder').retire(1n, 'ACME', ''))).toBe('NoReason');
    await chain.by('holder').retire(2n);
    await chain.by('other').retire(1n);
    expect(chain.last()).toMatchObject({
      name: 'Retired',
      args: { certificate: 2n, beneficiary: 'ACME Ltd', kWh: 1n },
    });
  });
});

describe('its laws', () => {
  const who = fc.constantFrom('admin', 'minter', 'pauser', 'voider', 'holder', 'other' as const);
  const act = fc.oneof(
    fc.record({
      do: fc.constant('mint' as const),
      who,
      digest: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      kWh: fc.bigInt(0n, 9n),
      half: fc.nat(300),
      halves: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({ do: fc.constant('retire' as const), who, kWh: fc.bigInt(0n, 6n) }),
    fc.record({ do: fc.constant('transfer' as const), who, to: who, kWh: fc.bigInt(0n, 6n) }),
    fc.record({ do: fc.constant('void' as const), who, digest: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ do: fc.constant('repay' as const), who, kWh: fc.bigInt(0n, 6n) }),
    fc.record({ do: fc.constantFrom('pause' as const, 'unpause' as const), who }),
  );

  it('hold over random calls of anybody: sums add up, nothing is minted twice, only roles do what they may', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 25 }), async (acts) => {
        chain = await onChain();
        await chain.by('admin').rate(METER, 1);
        const taken = new Set<number>();
        const used = new Set<string>();
        for (const one of acts) {
          const by = chain.by(one.who);
          const before = await chain.sums();
          const work =
            one.do === 'mint'
              ? by.mint(one)
              : one.do === 'retire'
                ? by.retire(one.kWh)
                : one.do === 'transfer'
                  ? by.call('transfer', { to: ADDRESS[one.to], value: one.kWh })
                  : one.do === 'void'
                    ? by.call('voidRecord', { evidence: digestOf(one.digest), reason: 'wrong' })
                    : one.do === 'repay'
                      ? by.call('repay', one.kWh)
                      : by.call(one.do);
          const done = await work.then(
            () => true,
            (error: unknown) => (chain.nameOf(error) === null ? Promise.reject(error) : false),
          );
          const { supply, minted, retired, voided, owed } = await chain.sums();
          expect(supply).toBe(minted - retired - voided);
          expect(owed).toBeLessThanOrEqual(minted - voided);
          if (!done) expect({ supply, minted, retired, voided, owed }).toEqual(before);
          if (done && one.do === 'mint') {
            expect([one.who, used.has(one.digest)]).toEqual(['minter', false]);
            used.add(one.digest);
            const hours = Array.from({ length: one.halves }, (_, i) => one.half + i);
            expect(hours.filter((h) => taken.has(h))).toEqual([]);
            for (const h of hours) taken.add(h);
            // The meter counts one kW at most.
            expect(Number(one.kWh)).toBeLessThanOrEqual(one.halves / 2);
          } else expect(minted).toBe(before.minted);
          if (done && one.do === 'void') expect(one.who).toBe('voider');
          if (done && (one.do === 'pause' || one.do === 'unpause')) expect(one.who).toBe('pauser');
        }
        expect(T0 % 1800).toBe(0);
      }),
      { numRuns: 8 },
    );
  });
});
