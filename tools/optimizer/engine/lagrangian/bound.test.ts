/** The bound at given prices is what it is defined to be: each job at its cheapest option under them, less what the limits cost. */
import { expect, it } from 'vitest';
import { evaluate } from '../evaluate.js';
import { optionsOf, randomProblem } from '../fixtures/problems.js';
import { buildModel, type Model } from '../model.js';
import { emptySchedule, type Problem, type Schedule } from '../problem.js';
import { Random } from '../search/random.js';
import { Oracle } from './bound.js';
import { noPrices, type Prices } from './prices.js';

const only = (count: number, j: number, { region, pieces }: { region: number; pieces: number[] }): Schedule => {
  const schedule = emptySchedule(count);
  schedule.region[j] = region;
  schedule.start[j] = pieces[0]!;
  schedule.pieces.set(j, Int32Array.from(pieces));
  return schedule;
};

/** What a schedule costs under the prices: its own cost without the peak charge, and its use of each limit. */
const priced = (model: Model, prices: Prices, schedule: Schedule): number => {
  const { objective, parts, loads } = evaluate(model, schedule);
  const use = (price: Float64Array, load: Float64Array) => price.reduce((sum, p, i) => sum + p * load[i]!, 0);
  const power = use(prices.power, loads.power) + use(prices.peak, loads.power);
  return (
    objective -
    parts.peak +
    power +
    use(prices.vcpu, loads.vcpu) +
    use(prices.gpu, loads.gpu) +
    use(prices.carbon, loads.carbon)
  );
};

/** Prices only where there is a limit, and on the peak at most its charge. */
const drawnPrices = (model: Model, random: Random): Prices => {
  const { problem, T } = model;
  const prices = noPrices(model);
  for (let i = 0; i < prices.power.length; i++) {
    if (model.powerCap[i]! < Infinity) prices.power[i] = random.unit();
    if (problem.vcpuCap[i]! < Infinity) prices.vcpu[i] = 0.1 * random.unit();
    if (problem.gpuCap[i]! < Infinity) prices.gpu[i] = random.unit();
    prices.peak[i] = (problem.regions[Math.floor(i / T)]!.peakChargePerKw / T) * random.unit();
  }
  return { ...prices, carbon: prices.carbon.map(() => random.unit()) };
};
const limitsCost = ({ problem, powerCap }: Model, prices: Prices): number => {
  const cost = (price: Float64Array, cap: ArrayLike<number>) =>
    price.reduce((sum, p, i) => sum + (p === 0 ? 0 : p * cap[i]!), 0);
  const carbon = problem.carbonCaps.map(({ capKg }) => capKg);
  return (
    cost(prices.power, powerCap) +
    cost(prices.vcpu, problem.vcpuCap) +
    cost(prices.gpu, problem.gpuCap) +
    cost(prices.carbon, carbon)
  );
};

it('over every option of every job, with the loads of the choices that prove it', () => {
  let without = 0;
  for (let seed = 0; seed < 40; seed++) {
    const random = new Random(4000 + seed);
    const problem = randomProblem(random, { jobs: 6, regions: 3, slots: 9 }, 0.3);
    // Of some problems one or two jobs have no time to run.
    if (seed % 4 === 0) for (const j of [2, 4]) problem.jobs.deadline[j] = problem.jobs.release[j]!;
    const model = buildModel(problem);
    const oracle = new Oracle(model);
    expect(oracle.impossible).toEqual([]);
    // Asked again and again: nothing of an earlier answer is left in a later one.
    for (const prices of [drawnPrices(model, random), noPrices(model), drawnPrices(model, random)]) {
      const bound = oracle.bound(prices);
      let sum = -limitsCost(model, prices);
      const impossible: number[] = [];
      for (let j = 0; j < model.N; j++) {
        const lawful = optionsOf(problem, j).filter((option) => isKnown(problem, j, option));
        if (lawful.length === 0) {
          impossible.push(j);
          expect(oracle.choice.region[j], `seed ${seed}`).toBe(-1);
          continue;
        }
        const least = Math.min(...lawful.map((option) => priced(model, prices, only(model.N, j, option))));
        const { region, start, pieces } = oracle.choice;
        const chosen = [...(pieces.get(j) ?? [start[j]!, start[j]! + problem.jobs.slots[j]!])];
        const cost = priced(model, prices, only(model.N, j, { region: region[j]!, pieces: chosen }));
        expect(cost, `job ${j} of seed ${seed}`).toBeCloseTo(least, 9);
        sum += least;
      }
      // Pieces are kept of jobs that may be broken up, and of no other.
      for (const [j, pieces] of oracle.choice.pieces)
        expect([problem.jobs.minChunk[j]! > 0 || problem.jobs.kind[j] !== 0, pieces.length % 2]).toEqual([true, 0]);
      expect([...oracle.impossible].sort(), `seed ${seed}`).toEqual(impossible);
      without += impossible.length;
      if (impossible.length > 0) expect(bound).toBe(Infinity);
      else expect(bound, `seed ${seed}`).toBeCloseTo(sum, 9);
      const { loads } = evaluate(model, oracle.choice);
      const compared = { power: oracle.power, carbon: oracle.carbon };
      if (model.anyVcpu) Object.assign(compared, { vcpu: oracle.vcpu });
      if (model.anyGpu) Object.assign(compared, { gpu: oracle.gpu });
      for (const [name, values] of Object.entries(compared)) {
        const expected = loads[name as 'power'];
        expect(values).toHaveLength(expected.length);
        expected.forEach((value, i) => {
          expect(values[i], `${name} ${i} of seed ${seed}`).toBeCloseTo(value, 9);
        });
      }
    }
  }
  expect(without).toBeGreaterThan(20);
});

/** A job that may be moved runs in no slot without data. */
const isKnown = (problem: Problem, j: number, { region, pieces }: { region: number; pieces: number[] }): boolean => {
  if (problem.jobs.kind[j] !== 0) return true;
  for (let p = 0; p < pieces.length; p += 2)
    for (let t = pieces[p]!; t < pieces[p + 1]!; t++) {
      const i = region * problem.slots + t;
      if (Number.isNaN(problem.pricePerMwh[i]! + problem.ciGPerKwh[i]!)) return false;
    }
  return true;
};

it('keeps the small beside the large', () => {
  const problem = randomProblem(new Random(1), { jobs: 3, regions: 1, slots: 6 }, 0);
  const { jobs } = problem;
  for (const column of ['minChunk', 'dataGb', 'tardinessCostPerHour', 'churnCost', 'release', 'kind', 'vcpu'] as const)
    jobs[column].fill(0);
  jobs.slots.fill(1);
  jobs.lastFraction.fill(1);
  jobs.deadline.fill(6);
  jobs.powerKw.set([2 ** 53, 1, 1]);
  const regions = [{ ...problem.regions[0]!, pue: 1, pricePerVcpuHour: 0, pricePerGpuHour: 0 }];
  const flat = { pricePerMwh: new Float64Array(6).fill(1000), ciGPerKwh: new Float64Array(6), slotHours: 1 };
  const model = buildModel({ ...problem, ...flat, regions, events: [], carbonCaps: [] });
  expect(new Oracle(model).bound(noPrices(model))).toBe(2 ** 53 + 2);
});
