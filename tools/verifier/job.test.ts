/** The figures of one job, worked out by hand: what it saved, by which steps that differs from what was claimed, and what is not known. */
import { describe, expect, it } from 'vitest';
import { nano } from '../../domain/decimal.js';
import type { EvidenceJob, EvidencePlace } from '../../domain/evidence/record.js';
import { AVERAGE, at, job, type Piece, place } from './fixtures/question.js';
import { CAUSES, figuresOf, type JobFigures } from './job.js';
import { type Place, placesOf } from './place.js';

const A = [400, 200, 900, 0, 600, 100, 200];
const B = [100, 100, 100, 100, 50, 150, 100];
const flat = (price: number | null) => A.map(() => price);
const home = place('A', A, { pue: '1.25', pricePerMwh: flat(100) });
const away = place('B', B, { pricePerMwh: flat(50) });
const piece = (region: string, from: number, to: number, kwh: number): Piece => ({ region, from, to, kwh });
const CONSTANTS = { transferKwhPerGb: 0.05, resumeMinutes: 30, pausedPowerRatio: 0.5 };

/** 20 kWh at home from the first hour, planned as 6 kWh in B from the fourth hour on; it ran an hour later, longer, and used 9. */
const moved = (
  over: Partial<EvidenceJob> = {},
  ran: Piece[] = [piece('B', 4, 7, 9)],
  planned = [piece('B', 3, 5, 6)],
) =>
  job('j', { baseline: piece('A', 0, 2, 20), ran, planned, claimedKg: 2, claimedCost: 0.5 }, { dataGb: '2', ...over });
const found = (
  of = moved(),
  rows: readonly EvidencePlace[] = [home, away],
  over: (places: Map<string, Place>) => void = () => {},
) => {
  const places = new Map(placesOf(rows, null));
  over(places);
  return figuresOf(of, places, AVERAGE, CONSTANTS);
};
const figures = (...of: Parameters<typeof found>): JobFigures => {
  const result = found(...of);
  if ('why' in result) throw new Error(result.why);
  return result;
};

describe('a job that ran', () => {
  it('saved what its own work would have caused at home at its time, less what it caused', () => {
    const { counterfactual, actual, overheads, kgSteps: _, costSteps: __, cost, ...rest } = figures();
    // 9 kWh of computing are 11.25 kWh at home, at a mean of 500 g; the data took 0.1 kWh in its first hour at 50 g.
    expect(rest).toEqual({
      job: moved(),
      claimedKg: nano(2),
      claimedCost: nano(0.5),
      counterfactualKg: nano(5.625),
      actualKg: nano(0.9),
      overheadKg: nano(0.005),
      counterfactualKwh: nano(11.25),
      actualKwh: nano(9),
      overheadKwh: nano(0.1),
      baselineItKwh: 16,
      actualItKwh: 9,
      // At home when it ran: 300 g.
      roadmapKg: nano(3.375 - 0.9),
      marketKg: null,
    });
    // Energy for data is not on the payer's bill.
    expect(cost).toEqual({ counterfactual: nano(1.125), actual: nano(0.45), overhead: 0n });
    expect([counterfactual.runs.length, actual.seconds, overheads.resumptions]).toEqual([1, 10_800, 0]);
  });

  it('leads from the claim to what is verified in steps: signals, time and place, use, and what the move took', () => {
    const { kgSteps, costSteps, ...f } = figures();
    expect(kgSteps).toEqual({
      // As planned: 7.5 kWh at 300 g less 6 kWh at 75 g.
      'forecast error': nano(1.8 - 2),
      // As it ran, with the planned work: 7.5 kWh at 500 g less 6 kWh at 100 g.
      'execution drift': nano(3.15 - 1.8),
      'use drift': nano(4.725 - 3.15),
      overhead: nano(-0.005),
    });
    expect(costSteps).toEqual({
      'forecast error': nano(-0.05),
      'execution drift': 0n,
      'use drift': nano(0.225),
      overhead: 0n,
    });
    const total = (steps: object) => Object.values(steps).reduce((sum: bigint, step: bigint) => sum + step, 0n);
    expect(f.claimedKg + total(kgSteps)).toBe(f.counterfactualKg - f.actualKg - f.overheadKg);
    expect(f.claimedCost + total(costSteps)).toBe(f.cost!.counterfactual - f.cost!.actual - f.cost!.overhead);
    expect(CAUSES).toEqual([
      'forecast error',
      'execution drift',
      'use drift',
      'overhead',
      'not separable',
      'not verified',
    ]);
  });

  it('costs machines and the data that leaves home where the payer is a tenant, and planned hours are no real ones', () => {
    const rent = (of: EvidencePlace, price: string): EvidencePlace => ({
      ...{ ...of, payer: 'tenant', instancePricesPerHour: { m: price }, egressPerGb: '0.1' },
    });
    const { cost, costSteps } = figures(moved({ instanceType: 'm' }), [rent(home, '2'), rent(away, '1')]);
    expect(cost).toEqual({ counterfactual: nano(6), actual: nano(3.2), overhead: 0n });
    // Planned: two hours at 2 less two at 1 and the data.
    expect(costSteps).toEqual({
      'forecast error': nano(1.3),
      'execution drift': 0n,
      'use drift': nano(1),
      overhead: 0n,
    });
  });

  it('pays for resuming, for power while it waits, and for ending later than it would have', () => {
    const pieces = [piece('B', 4, 5, 4), piece('B', 6, 7, 4)];
    const { overheadKwh, overheadKg, cost, kgSteps } = figures(moved({ resumeCost: '7' }, pieces));
    // Written and repeated 2 kWh in the seventh hour, held 2 kWh in the sixth, and the data.
    expect(overheadKwh).toBe(nano(4.1));
    expect(overheadKg).toBe(nano(0.2 + 0.3 + 0.005));
    expect(kgSteps.overhead).toBe(-overheadKg);
    expect(cost!.overhead).toBe(nano(4 * 0.05 + 7));
    const late = figures(moved({ due: at(1), tardinessCostPerHour: '3' }));
    // It ended six hours late, and would have ended two hours late.
    expect(late.cost!.overhead).toBe(nano(12));
    expect(late.costSteps.overhead).toBe(nano(-12));
  });

  it('has a figure by the contracts where each place has one', () => {
    const by = (a: number, b: number) => (places: Map<string, Place>) => {
      for (const [region, g] of [
        ['A', a],
        ['B', b],
      ] as const)
        places.set(region, { ...places.get(region)!, market: { mean: () => g } });
    };
    expect(figures(moved(), [home, away], by(500, 200)).marketKg).toBe(nano(5.625 - 1.8 - 0.02));
    expect(figures(moved(), [home, away], by(500, Number.NaN)).marketKg).toBeNull();
    const half = (places: Map<string, Place>) => places.set('A', { ...places.get('A')!, market: { mean: () => 500 } });
    expect(figures(moved(), [home, away], half).marketKg).toBeNull();
  });

  it('lacks the roadmap’s figure where home has a gap while it ran', () => {
    const gap = place('A', [400, 200, 900, 0, null, 100, 200], { pue: '1.25' });
    expect(figures(moved(), [gap, away]).roadmapKg).toBeNull();
  });
});

describe('steps that cannot be told apart', () => {
  const whole = { 'not separable': nano(4.725 - 2), overhead: nano(-0.005) };
  it.each([
    ['no plan', []],
    ['a plan in a place that is not known', [piece('X', 3, 5, 6)]],
    ['a plan of no time', [piece('B', 3, 3, 6)]],
    ['a plan at a time of which nothing is known', [piece('B', 30, 32, 6)]],
  ])('%s', (_, planned) => {
    const { kgSteps, costSteps, counterfactualKg } = figures(moved({}, undefined, planned));
    expect(kgSteps).toEqual(whole);
    expect(costSteps).toEqual({ 'not separable': nano(0.675 - 0.5), overhead: 0n });
    expect(counterfactualKg).toBe(nano(5.625));
  });

  it('in money only, where only the price is not known', () => {
    const price = (...values: (number | null)[]) => place('B', B, { pricePerMwh: values });
    const planned = figures(moved(), [home, price(50, 50, 50, null, 50, 50, 50)]);
    expect(planned.kgSteps).toMatchObject({ 'forecast error': nano(-0.2) });
    expect(planned.costSteps).toEqual({ 'not separable': nano(0.175), overhead: 0n });
    const ran = figures(moved(), [home, price(50, 50, 50, 50, 50, null, 50)]);
    expect(ran.cost).toBeNull();
    expect(ran.costSteps).toEqual({ 'not verified': nano(-0.5) });
    expect(ran.kgSteps).toMatchObject({ 'forecast error': nano(-0.2) });
  });
});

describe('a job that cannot be verified says why', () => {
  const why = (...of: Parameters<typeof found>) => {
    const result = found(...of);
    return 'why' in result ? result.why : 'it can';
  };
  const without = (region: string) => [home, away].filter((row) => row.region !== region);
  const gap = (values: (number | null)[]) => [home, place('B', values)];
  const kindOf = (accounting: 'average' | 'marginal', scope: 'operational' | 'lifecycle') =>
    ({ accounting, scope }) as const;

  it.each([
    ['what a person left out', moved({ excluded: 'left out: a test' }), undefined, 'left out: a test'],
    ['left out, and nothing else known of it', moved({ excluded: 'no', ran: [], baseline: [] }), undefined, 'no'],
    ['nothing that ran', moved({ ran: [], baseline: [] }), undefined, 'nothing is known of what it ran'],
    ['no baseline', moved({ baseline: [] }), undefined, 'it has no baseline'],
    ['no site at home', moved(), without('A'), 'no site is known in A, where it would have run'],
    ['no site where it ran', moved(), without('B'), 'no site is known in B, where it ran'],
    ['no time', moved({}, [piece('B', 4, 4, 9)]), undefined, 'it ran for no time'],
    [
      'a gap when it would have run',
      moved(),
      [place('A', [400, null]), away],
      'no actual intensity is known for A when it would have run',
    ],
    [
      'no signal when it would have run',
      moved(),
      [{ ...home, carbon: null }, away],
      'no actual intensity is known for A when it would have run',
    ],
    ['a gap while it ran', moved(), gap([1, 1, 1, 1, 1, null, 1]), 'no actual intensity is known for B while it ran'],
    [
      'a gap while it ran here and there',
      moved({}, [piece('B', 4, 5, 4), piece('A', 5, 6, 1), piece('B', 6, 7, 4)]),
      gap([1, 1, 1, 1, null, 1, 1]),
      'no actual intensity is known for B, A while it ran',
    ],
    [
      'a gap while it waited',
      moved({}, [piece('B', 4, 5, 4), piece('B', 6, 7, 4)]),
      gap([1, 1, 1, 1, 1, null, 1]),
      'no actual intensity is known while it waited between two pieces',
    ],
  ] as const)('%s', (_, of, rows, words) => {
    expect(why(of, rows)).toBe(words);
  });

  it('and signals of another kind are never mixed in', () => {
    for (const region of ['A', 'B'])
      for (const kind of [kindOf('marginal', 'operational'), kindOf('average', 'lifecycle')]) {
        const rows = [home, away].map((row) =>
          row.region === region ? place(region, A, { kind: kind as never }) : row,
        );
        expect(why(moved(), rows)).toBe(
          `the signal of ${region} is ${kind.accounting} ${kind.scope}, that of the record average operational: kinds are never mixed`,
        );
      }
  });
});
