import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../domain/store.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { callTool } from '../tool.js';
import { instance } from './engine/fixtures/solved.js';
import { call, fleetWorld, ingestQueue } from './fixtures/fleet.js';
import { compareBaselines, comparePlans, explainPlan, makePlan, parseCaco, tradeOff, tradeOffOf } from './optimizer.js';

let store: Store;
let world: World;
beforeAll(async () => {
  store = await openStore(':memory:');
  world = fleetWorld(store);
  await ingestQueue(world, 'W-1', 120);
});
afterAll(() => store.close());

const telling = { currency: 'USD', uncertaintyRatio: 0.2, confidence: 0.95 };

describe('trade_off', () => {
  it('draws a frontier that never turns back, above every half-plane, with the price in force marked', async () => {
    const answer = await callTool(tradeOff, { carbonPricesPerTonne: [0, 50, 300] }, world, call);
    const { points } = answer;
    expect(points.map((p) => p.carbonPricePerTonne)).toEqual([0, 50, 75, 300]);
    expect(points.map((p) => p.chosen)).toEqual([false, false, true, false]);
    for (const [i, p] of points.entries()) {
      const before = points[i - 1];
      if (before) {
        expect(p.cost.total).toBeGreaterThanOrEqual(before.cost.total - 1e-9 * Math.abs(before.cost.total));
        expect(p.emissionsKg.value).toBeLessThanOrEqual(before.emissionsKg.value);
      }
      for (const q of points) {
        const priced = p.cost.total + (q.carbonPricePerTonne * p.emissionsKg.value) / 1000;
        expect(priced).toBeGreaterThanOrEqual(q.lowerBound - 1e-9 * Math.abs(q.lowerBound));
      }
      expect(p.leastCost).toBeLessThanOrEqual(p.cost.total);
      expect(p.emissionsKg.low).toBeLessThan(p.emissionsKg.value);
      expect(p.gap).toBeGreaterThanOrEqual(0);
    }
    expect(points.at(-1)!.emissionsKg.value).toBeLessThan(points[0]!.emissionsKg.value);
    expect(tradeOff.tell(answer)).toMatch(/t|kg/);
  });

  it('says what more of a limit is worth, and a problem with that much more is cheaper by no more than it says', async () => {
    const problem = tight();
    const answer = await tradeOffOf(problem, {
      chosenPricePerTonne: 75,
      carbonPricesPerTonne: [75],
      telling,
      clock: { origin: 0, slotMinutes: 30 },
      seed: 1,
    });
    const power = answer.limits.find((l) => l.unit === 'kW')!;
    expect(power.sentence).toMatch(/kW more at site between .* UTC would save \$/);
    const relaxed = { ...problem, powerCapKw: problem.powerCapKw.map((c) => c + power.amount) };
    const eased = await tradeOffOf(relaxed, {
      chosenPricePerTonne: 75,
      carbonPricesPerTonne: [75],
      telling,
      clock: null,
      seed: 1,
    });
    // The bound is concave in the caps: a step never lowers it by more than price × step.
    const all = answer.limits
      .filter((l) => l.unit === 'kW')
      .reduce((sum, l) => sum + (l.saves / l.amount) * power.amount, 0);
    expect(answer.points[0]!.lowerBound - eased.points[0]!.lowerBound).toBeLessThanOrEqual(all + 1e-6);
  });

  it('names the conflict when nothing fits', async () => {
    const problem = { ...tight(), powerCapKw: new Float64Array(8).fill(5) };
    await expect(tradeOffOf(problem, { chosenPricePerTonne: 75, telling, clock: null, seed: 1 })).rejects.toMatchObject(
      { code: 'invalid-input', details: { conflict: { jobs: expect.any(Array) } } },
    );
  });

  it('bounds known problems from below', async () => {
    for (const name of ['f-peak-25x48', 'm-mixed-20x96']) {
      const answer = await tradeOffOf(instance(name), {
        chosenPricePerTonne: 75,
        carbonPricesPerTonne: [300],
        telling,
        clock: null,
        seed: 1,
      });
      for (const p of answer.points)
        for (const q of answer.points)
          expect(p.cost.total + (q.carbonPricePerTonne * p.emissionsKg.value) / 1000).toBeGreaterThanOrEqual(
            q.lowerBound - 1e-9,
          );
    }
  });
});

/** Six jobs of 10 kW want the two cheap slots of a site that takes two at once. */
const tight = () =>
  parseCaco({
    format: 'caco-opt-1',
    name: 'tight',
    slotHours: 0.5,
    slots: 8,
    carbonPriceUsdPerTonne: 75,
    regions: [
      {
        id: 'site',
        pue: 1,
        priceUsdPerMwh: [90, 80, 10, 20, 60, 70, 80, 90],
        ciGPerKwh: [300, 300, 100, 100, 200, 300, 300, 300],
        maxPowerKw: 20,
      },
    ],
    jobs: Array.from({ length: 6 }, (_, i) => ({
      id: `j${i}`,
      team: 'a',
      sla: 'balanced',
      home: 0,
      regions: [0],
      release: 0,
      due: 8,
      deadline: 8,
      slots: 1,
      powerKw: 10,
      vcpu: 0,
      gpu: 0,
      dataGb: 0,
      tardyUsdPerHour: 0,
    })),
  });

describe('compare_plans and explain_plan', () => {
  it('compares prices without storing anything, and stored plans with what dominates', async () => {
    const before = await store.entries.size();
    const priced = await callTool(comparePlans, { workloadId: 'W-1', carbonPricesPerTonne: [10, 200] }, world, call);
    expect(priced.points.map((p) => [p.carbonPricePerTonne, p.planId])).toEqual([
      [10, null],
      [200, null],
    ]);
    expect(await store.entries.size()).toBe(before);
    const plans: string[] = [];
    for (const carbonPricePerTonne of [0, 500])
      plans.push((await callTool(makePlan, { workloadId: 'W-1', carbonPricePerTonne }, world, call)).plan!.id);
    const stored = await callTool(comparePlans, { planIds: plans }, world, call);
    expect(stored.points.map((p) => p.planId)).toEqual(plans);
    expect(stored.points.some((p) => p.dominated)).toBe(false);
    expect(stored.points[1]!.emissionsKg.value).toBeLessThan(stored.points[0]!.emissionsKg.value);
    await expect(callTool(comparePlans, { planIds: [plans[0], 'P-NONE'] }, world, call)).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(
      callTool(comparePlans, { planIds: plans, carbonPricesPerTonne: [1] }, world, call),
    ).rejects.toMatchObject({ code: 'invalid-input' });

    // What came true and what was foreseen are two knowledges: their difference is no saving.
    const looking = await callTool(makePlan, { workloadId: 'W-1', foresight: 'actual' }, world, call);
    expect(makePlan.tell(looking)).toContain('by what came true, which nobody could have known');
    await expect(callTool(comparePlans, { planIds: [plans[0], looking.plan!.id] }, world, call)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('is no saving'),
    });

    const explained = await callTool(explainPlan, { planId: plans[1] }, world, call);
    expect(explained.moves.length).toBeGreaterThan(0);
    expect(explained.moves.length).toBeLessThanOrEqual(20);
    const [top] = explained.moves;
    expect(top!.notMoving).toMatch(/Not moving it would emit/);
    const one = await callTool(explainPlan, { planId: plans[1], jobId: top!.jobId }, world, call);
    expect(one.job).toMatchObject({ jobId: top!.jobId, moved: true });
    expect(one.job!.savedKg).toBeCloseTo(top!.savedKg, 6);
    expect(explainPlan.tell(one)).toContain(top!.jobId);
    await expect(callTool(explainPlan, { planId: plans[1], jobId: 'nobody' }, world, call)).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('where no price of electricity is known', () => {
  it('no comparison tells a cost of nothing, and each names the regions', async () => {
    const sites = (await world.fleet.sites()).map((site) => ({
      ...site,
      payer: 'owner' as const,
      tariff: { ...site.tariff, energy: { kind: 'signal' as const } },
    }));
    const silent = {
      ...world,
      fleet: Object.assign(Object.create(world.fleet), { sites: async () => sites }),
      grid: Object.assign(Object.create(world.grid), {
        price: async (...asked: Parameters<World['grid']['carbon']>) => {
          const { series } = await world.grid.carbon(...asked);
          return { currency: 'USD', notes: [], series: { ...series, values: series.values.map(() => null) } };
        },
      }),
    } as World;
    const ask = { workloadId: 'W-1' };
    const tradeOffs = await callTool(tradeOff, { ...ask, carbonPricesPerTonne: [50, 100] }, silent, call);
    const plans = await callTool(comparePlans, { ...ask, carbonPricesPerTonne: [50, 100] }, silent, call);
    const rows = await callTool(compareBaselines, { ...ask, policies: ['run-immediately'] }, silent, call);
    for (const [answer, text] of [
      [tradeOffs, tradeOff.tell(tradeOffs)],
      [plans, comparePlans.tell(plans)],
      [rows, compareBaselines.tell(rows)],
    ] as const) {
      expect(answer.unpriced.length).toBeGreaterThan(0);
      expect(answer.unseen.join(' ')).toContain('no energy price is known');
      expect(text).not.toMatch(/[$£€]0(?!\.?\d)/);
    }
  });
});
