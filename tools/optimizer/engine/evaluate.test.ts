/** What a schedule costs, loads and breaks: computed a second time, slot by slot, as the model is written down. */
import { describe, expect, it } from 'vitest';
import { allowed, churnOf, evaluate, unlawful, withinCaps } from './evaluate.js';
import { randomProblem } from './fixtures/problems.js';
import { buildModel } from './model.js';
import { emptyJobs, emptySchedule, FROZEN, MOVABLE, type Problem, URGENT } from './problem.js';
import { Random } from './search/random.js';

type Placed = { readonly region: number; readonly pieces: readonly number[] } | null;

const scheduleOf = (placed: readonly Placed[]) => {
  const schedule = emptySchedule(placed.length);
  placed.forEach((at, j) => {
    if (at === null) return;
    schedule.region[j] = at.region;
    schedule.start[j] = at.pieces[0]!;
    schedule.pieces.set(j, Int32Array.from(at.pieces));
  });
  return schedule;
};
const slotsOf = (pieces: ArrayLike<number>): number[] =>
  Array.from({ length: pieces.length / 2 }, (_, p) =>
    Array.from({ length: Math.max(0, pieces[2 * p + 1]! - pieces[2 * p]!) }, (_, i) => pieces[2 * p]! + i),
  ).flat();
const currentOf = ({ jobs }: Problem, j: number): Placed => {
  if (jobs.current === null || jobs.current.region[j]! < 0) return null;
  const start = jobs.current.start[j]!;
  return {
    region: jobs.current.region[j]!,
    pieces: [...(jobs.current.pieces.get(j) ?? [start, start + jobs.slots[j]!])],
  };
};

/** Sums as they are defined, in whichever order; unknown prices and intensities count nothing. */
const reference = (problem: Problem, placed: readonly Placed[]) => {
  const { slots: T, regions, jobs, slotHours } = problem;
  const parts = { energy: 0, carbon: 0, instance: 0, egress: 0, tardiness: 0, resume: 0, peak: 0, churn: 0 };
  const row = () => regions.map(() => new Array<number>(T).fill(0));
  const [power, vcpu, gpu] = [row(), row(), row()];
  const carbon = problem.carbonCaps.map(() => 0);
  const [emissions, count] = [
    { kg: 0, kwh: 0 },
    { unplaced: 0, late: 0, unseen: 0 },
  ];
  placed.forEach((at, j) => {
    if (at === null) {
      count.unplaced++;
      return;
    }
    const { region: r, pieces } = at;
    const { pue, pricePerVcpuHour, pricePerGpuHour } = regions[r]!;
    const slots = slotsOf(pieces);
    const last = Math.max(...slots);
    let hours = 0;
    let unseen = false;
    for (const t of slots) {
      const part = t === last ? jobs.lastFraction[j]! : 1;
      const kwh = jobs.powerKw[j]! * pue * slotHours * part;
      const [price, intensity] = [problem.pricePerMwh[r * T + t]!, problem.ciGPerKwh[r * T + t]!];
      const kg = Number.isNaN(intensity) ? 0 : (kwh * intensity) / 1000;
      if (Number.isNaN(price) || Number.isNaN(intensity)) unseen = true;
      parts.energy += Number.isNaN(price) ? 0 : (kwh * price) / 1000;
      parts.carbon += (kg * problem.carbonPricePerTonne) / 1000;
      emissions.kg += kg;
      emissions.kwh += kwh;
      hours += slotHours * part;
      power[r]![t]! += jobs.powerKw[j]! * pue;
      vcpu[r]![t]! += jobs.vcpu[j]!;
      gpu[r]![t]! += jobs.gpu[j]!;
      problem.carbonCaps.forEach((cap, c) => {
        const team = cap.team === -1 || cap.team === jobs.team[j];
        if (team && t >= cap.fromSlot && t < cap.toSlot) carbon[c]! += kg;
      });
    }
    if (unseen) count.unseen++;
    const machine = problem.machinePricePerHour[jobs.machine[j]! * regions.length + r] ?? 0;
    parts.instance += hours * (machine + jobs.vcpu[j]! * pricePerVcpuHour + jobs.gpu[j]! * pricePerGpuHour);
    if (r !== jobs.home[j]) parts.egress += problem.egressPerGb * jobs.dataGb[j]!;
    const late = Math.max(0, last + jobs.lastFraction[j]! - jobs.due[j]!);
    if (late > 1e-7) count.late++;
    parts.tardiness += late * slotHours * jobs.tardinessCostPerHour[j]!;
    // Each piece is taken up, but for the one that begins the job, or that goes on where it ran before its window.
    const [before, begins] = [jobs.underWay[j]!, pieces[0]! <= jobs.release[j]!];
    parts.resume += jobs.resumeCost[j]! * (pieces.length / 2 - (before === 0 || (before > 0 && begins) ? 1 : 0));
    const now = currentOf(problem, j);
    if (now !== null && (now.region !== r || String(now.pieces) !== String(pieces))) parts.churn += jobs.churnCost[j]!;
  });
  parts.peak = regions.reduce((sum, { peakChargePerKw }, r) => sum + peakChargePerKw * Math.max(0, ...power[r]!), 0);
  const objective = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return {
    parts,
    objective,
    emissions,
    count,
    loads: { power: power.flat(), vcpu: vcpu.flat(), gpu: gpu.flat(), carbon },
  };
};

/** Every rule on its own, over the set of slots in which the job runs. */
const breaksRule = (problem: Problem, j: number, { region, pieces }: NonNullable<Placed>): boolean => {
  const { jobs, slots: T } = problem;
  const kind = jobs.kind[j]!;
  const now = currentOf(problem, j);
  const lengths = Array.from({ length: pieces.length / 2 }, (_, p) => pieces[2 * p + 1]! - pieces[2 * p]!);
  const slots = slotsOf(pieces);
  const where =
    kind === MOVABLE ? [...problem.regionSets[jobs.regionSet[j]!]!] : kind === URGENT ? [jobs.home[j]!] : [now!.region];
  // Apart and in order: between two pieces there is at least one slot.
  const apart = pieces.every((at, i) => i === 0 || at > pieces[i - 1]!);
  const rules = [where.includes(region), apart, slots.length === jobs.slots[j], slots.every((t) => t >= 0 && t < T)];
  if (kind === MOVABLE) {
    const before = jobs.underWay[j]!;
    const goesOn = before > 0 && pieces[0] === jobs.release[j];
    const known = (t: number) =>
      !Number.isNaN(problem.pricePerMwh[region * T + t]! + problem.ciGPerKwh[region * T + t]!);
    rules.push(
      lengths.every((length, p) =>
        p === 0 && goesOn
          ? length + before >= jobs.minChunk[j]! || length === jobs.slots[j]
          : length >= jobs.minChunk[j]!,
      ),
      before <= 0 || before >= jobs.minChunk[j]! || goesOn,
      lengths.length === 1 || jobs.minChunk[j]! > 0,
    );
    rules.push(pieces[0]! >= jobs.release[j]!, slots.filter((t) => t >= 0 && t < T).every(known));
    rules.push(pieces.at(-1)! - 1 + jobs.lastFraction[j]! <= jobs.deadline[j]! + 1e-7);
  }
  if (kind === URGENT) rules.push(lengths.length === 1, pieces[0] === jobs.release[j]);
  if (kind === FROZEN) rules.push(String(pieces) === String(now!.pieces));
  return rules.includes(false);
};

/** A problem with what the generator leaves out: machines with a price, placements of now in pieces. */
const drawn = (seed: number): { problem: Problem; random: Random } => {
  const random = new Random(seed);
  const problem = randomProblem(random, { jobs: 6, regions: 3, slots: 9 }, 0.3);
  const { jobs, regions } = problem;
  for (let j = 0; j < jobs.count; j++) {
    jobs.machine[j] = random.below(2);
    if (jobs.current && jobs.slots[j]! > 1 && random.unit() < 0.4)
      jobs.current.pieces instanceof Map && jobs.current.pieces.set(j, Int32Array.of(1, 2, 4, 3 + jobs.slots[j]!));
  }
  const machinePricePerHour = Float64Array.from({ length: 2 * regions.length }, () => random.unit());
  const carbonCaps = [0, 1, -1].map((team, c) => {
    const fromSlot = random.below(5);
    return {
      id: `c${c}`,
      team: Math.min(team, problem.teams.length - 1),
      fromSlot,
      toSlot: fromSlot + 1 + random.below(4),
      capKg: 1,
    };
  });
  return { problem: { ...problem, machinePricePerHour, carbonCaps }, random };
};
/** Anywhere within the horizon, in one to three pieces that add up to its slots. */
const anywhere = ({ jobs, slots: T, regions }: Problem, random: Random, j: number): Placed => {
  if (random.unit() < 0.1) return null;
  const left = new Set<number>();
  if (random.unit() < 0.5) {
    const start = random.below(T - jobs.slots[j]! + 1);
    for (let t = 0; t < jobs.slots[j]!; t++) left.add(start + t);
  } else while (left.size < jobs.slots[j]!) left.add(random.below(T));
  const pieces: number[] = [];
  for (const t of [...left].sort((a, b) => a - b))
    if (pieces.at(-1) === t) pieces[pieces.length - 1] = t + 1;
    else pieces.push(t, t + 1);
  return { region: random.below(regions.length), pieces };
};

describe('random schedules of random problems', () => {
  it('cost and load what their definition says', () => {
    for (let seed = 0; seed < 60; seed++) {
      const { problem, random } = drawn(seed);
      const placed = Array.from({ length: problem.jobs.count }, (_, j) => anywhere(problem, random, j));
      const [found, expected] = [evaluate(buildModel(problem), scheduleOf(placed)), reference(problem, placed)];
      for (const [part, value] of Object.entries(expected.parts))
        expect(found.parts[part as 'energy'], `${part} of ${seed}`).toBeCloseTo(value, 10);
      expect(found.objective).toBeCloseTo(expected.objective, 10);
      for (const [load, values] of Object.entries(expected.loads))
        values.forEach((value, i) => {
          expect(found.loads[load as 'power'][i], `${load} ${i} of ${seed}`).toBeCloseTo(value, 10);
        });
      expect([found.loads.power.length, found.loads.carbon.length]).toEqual([27, problem.carbonCaps.length]);
      expect(found.emissionsKg).toBeCloseTo(expected.emissions.kg, 10);
      expect(found.energyKwh).toBeCloseTo(expected.emissions.kwh, 10);
      const { unplaced, lateJobs, unseenJobs } = found;
      expect({ unplaced, late: lateJobs, unseen: unseenJobs }).toEqual(expected.count);
    }
  });

  it('break a rule of a job of their own where any rule is broken', () => {
    const seen = { lawful: 0, unlawful: 0 };
    for (let seed = 0; seed < 400; seed++) {
      const { problem, random } = drawn(seed);
      const { jobs } = problem;
      const placed = Array.from({ length: jobs.count }, (_, j): Placed => {
        const now = currentOf(problem, j);
        if (now !== null && random.unit() < 0.3) return now;
        if (random.unit() < 0.4) return anywhere(problem, random, j);
        // Near what is allowed: at the release or the last start, sometimes one slot off, too long or too short.
        const near = () => (random.unit() < 0.2 ? random.below(3) - 1 : 0);
        const latest = Math.ceil(jobs.deadline[j]!) - jobs.slots[j]!;
        const start = (random.unit() < 0.5 ? jobs.release[j]! : latest) + near();
        const region = random.unit() < 0.7 ? jobs.home[j]! : random.below(3);
        return { region, pieces: [start, start + jobs.slots[j]! + near()] };
      });
      const expected = placed.flatMap((at, j) => (at !== null && breaksRule(problem, j, at) ? [j] : []));
      expect(unlawful(buildModel(problem), scheduleOf(placed)), `seed ${seed}`).toEqual(expected);
      seen.unlawful += expected.length;
      seen.lawful += jobs.count - expected.length;
    }
    expect(Math.min(seen.lawful, seen.unlawful)).toBeGreaterThan(300);
  });
});

/** One region of six slots at 1 per IT kW and slot. */
const plain = (
  count: number,
  over: Partial<Problem> = {},
  fill: (jobs: Problem['jobs']) => void = () => {},
): Problem => {
  const jobs = emptyJobs(count);
  jobs.ids = Array.from({ length: count }, (_, j) => `j${j}`);
  jobs.slots.fill(1);
  jobs.powerKw.fill(1);
  jobs.deadline.fill(6);
  jobs.due.fill(6);
  fill(jobs);
  return {
    ...{
      name: 'plain',
      slotHours: 1,
      slots: 6,
      carbonPricePerTonne: 0,
      egressPerGb: 0,
      events: [],
      carbonCaps: [],
      jobs,
    },
    regions: [{ id: 'r0', pue: 1, pricePerVcpuHour: 0, pricePerGpuHour: 0, peakChargePerKw: 0 }],
    ...{ teams: ['t0'], regionSets: [Uint16Array.of(0)], machinePricePerHour: new Float64Array(0) },
    pricePerMwh: new Float64Array(6).fill(1000),
    ciGPerKwh: new Float64Array(6),
    powerCapKw: new Float64Array(6).fill(Infinity),
    vcpuCap: new Float64Array(6).fill(Infinity),
    gpuCap: new Float64Array(6).fill(Infinity),
    ...over,
  };
};
const at = (...pieces: number[]): Placed => ({ region: 0, pieces });

describe('by hand', () => {
  it('a sum keeps the small beside the large, whichever comes first', () => {
    const problem = plain(4, {}, (jobs) => jobs.powerKw.set([1, 2 ** 60, 1, 2 ** 60]));
    problem.pricePerMwh[1] = -1000;
    const { parts } = evaluate(buildModel(problem), scheduleOf([at(0, 1), at(0, 1), at(0, 1), at(1, 2)]));
    expect(parts.energy).toBe(2);
  });

  it('a cap is kept up to rounding: a billionth of it, or of 1', () => {
    expect([allowed(0), allowed(0.5), allowed(1), allowed(100)]).toEqual([1e-9, 0.5 + 1e-9, 1 + 1e-9, 100 + 1e-7]);
    expect(allowed(Infinity)).toBe(Infinity);
  });

  it.each(['powerCapKw', 'vcpuCap', 'gpuCap'] as const)('each %s is kept in each slot', (cap) => {
    const loaded = plain(1, {}, (jobs) => {
      for (const use of [jobs.powerKw, jobs.vcpu, jobs.gpu]) use.fill(allowed(4));
    });
    const within = (most: number, slot: number) => {
      const model = buildModel({
        ...loaded,
        [cap]: Float64Array.from({ length: 6 }, (_, t) => (t === slot ? most : Infinity)),
      });
      return withinCaps(model, evaluate(model, scheduleOf([at(5, 6)])).loads);
    };
    // With the rounding that is granted, and no more.
    expect([within(4, 5), within(4 - 1e-8, 5), within(0, 4)]).toEqual([true, false, true]);
  });

  it('each cap on carbon is kept', () => {
    const capped = (...most: number[]) => {
      const carbonCaps = most.map((capKg, c) => ({ id: `c${c}`, team: -1, fromSlot: 0, toSlot: 6, capKg }));
      const model = buildModel(plain(1, { carbonCaps, ciGPerKwh: new Float64Array(6).fill(1000) }));
      return withinCaps(model, evaluate(model, scheduleOf([at(0, 1)])).loads);
    };
    expect([capped(1), capped(1, 1 - 1e-9), capped(1, 0.9), capped(0.9, 1)]).toEqual([true, true, false, false]);
  });

  it('leaving the placement of now has its charge, staying has none, in pieces too', () => {
    const current = scheduleOf([at(0, 1, 2, 3), null]);
    const problem = plain(2, {}, (jobs) => {
      jobs.slots.fill(2);
      jobs.churnCost.fill(5);
      Object.assign(jobs, { current });
    });
    const charge = (j: number, region: number, ...pieces: number[]) => churnOf(problem, j, region, pieces);
    expect(charge(0, 0, 0, 1, 2, 3)).toBe(0);
    expect([charge(0, 1, 0, 1, 2, 3), charge(0, 0, 0, 2), charge(0, 0, 0, 1, 2, 4), charge(0, 0, 0, 1)]).toEqual([
      5, 5, 5, 5,
    ]);
    const short = { ...problem, jobs: { ...problem.jobs, current: scheduleOf([at(0, 1), null]) } };
    expect(churnOf(short, 0, 0, [0, 1, 2, 3])).toBe(5);
    // One that ran nowhere leaves nothing.
    expect(charge(1, 0, 0, 2)).toBe(0);
    expect(churnOf({ ...problem, jobs: { ...problem.jobs, current: null } }, 0, 0, [0, 2])).toBe(0);
  });

  it('an end that is late by less than the clock can tell is not late', () => {
    const late = (due: number) => {
      const problem = plain(1, {}, (jobs) => jobs.due.fill(due) && jobs.tardinessCostPerHour.fill(1));
      return evaluate(buildModel(problem), scheduleOf([at(0, 1)])).lateJobs;
    };
    expect([late(1), late(1 - 1e-9), late(1 - 1e-6)]).toEqual([0, 0, 1]);
  });

  it('each rule of a job’s own', () => {
    const broken = (placed: Placed, fill: (jobs: Problem['jobs']) => void, over: Partial<Problem> = {}) =>
      unlawful(buildModel(plain(1, over, fill)), scheduleOf([placed])).length > 0;
    const two = (jobs: Problem['jobs']) => jobs.slots.fill(2);
    const chunked = (chunk: number) => (jobs: Problem['jobs']) => {
      jobs.slots.fill(4);
      jobs.minChunk.fill(chunk);
    };
    expect(broken(at(0, 2), two)).toBe(false);
    expect(broken(null, two)).toBe(false);
    expect(broken(at(4, 6), two)).toBe(false);
    for (const placed of [at(0, 1), at(0, 3), at(-1, 1), at(5, 7), at(0, 1, 2, 3)])
      expect(broken(placed, two)).toBe(true);
    expect(broken(at(0, 2, 3, 5), chunked(2))).toBe(false);
    expect(broken(at(0, 1, 2, 5), chunked(1))).toBe(false);
    for (const placed of [at(0, 1, 2, 5), at(0, 3, 4, 5), at(0, 2, 2, 4), at(2, 4, 0, 2), at(0, 2, 1, 3)])
      expect(broken(placed, chunked(2))).toBe(true);
    expect(broken(at(0, 2, 3, 3, 4, 6), chunked(0))).toBe(true);
    expect(broken(at(0, 2, 3, 3, 4, 6), chunked(1))).toBe(true);
    const window = (jobs: Problem['jobs']) => two(jobs) && jobs.release.fill(1) && jobs.deadline.fill(3.5);
    expect([broken(at(1, 3), window), broken(at(0, 2), window), broken(at(2, 4), window)]).toEqual([false, true, true]);
    const half = (jobs: Problem['jobs']) => window(jobs) && jobs.lastFraction.fill(0.5);
    expect(broken(at(2, 4), half)).toBe(false);
    expect(broken(at(2, 4), (jobs) => half(jobs) && jobs.deadline.fill(3.5 - 1e-9))).toBe(false);
    expect(broken(at(2, 4), (jobs) => half(jobs) && jobs.deadline.fill(3.5 - 1e-6))).toBe(true);
    const gap = { pricePerMwh: Float64Array.of(1, 1, Number.NaN, 1, 1, 1) };
    expect([broken(at(0, 2), two, gap), broken(at(1, 3), two, gap), broken(at(2, 4), two, gap)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(broken(at(3, 5), two, gap)).toBe(false);
    // Work that is not moved runs in a gap as well.
    const urgent = (jobs: Problem['jobs']) => two(jobs) && jobs.kind.fill(URGENT) && jobs.release.fill(1);
    expect([broken(at(1, 3), urgent, gap), broken(at(2, 4), urgent), broken(at(1, 2, 3, 4), urgent)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(broken(at(2, 4), (jobs) => half(jobs) && jobs.deadline.fill(3.5 - 1e-7))).toBe(false);
    // An empty piece is none, even where it stands in the placement of now.
    const hollow = { current: scheduleOf([at(0, 2, 3, 3)]) };
    expect(broken(at(0, 2, 3, 3), (jobs) => two(jobs) && jobs.kind.fill(FROZEN) && Object.assign(jobs, hollow))).toBe(
      true,
    );
    // Beyond the horizon nothing runs, not even what is not moved.
    expect(broken(at(5, 7), (jobs) => urgent(jobs) && jobs.release.fill(5))).toBe(true);
    const before = { current: scheduleOf([at(-1, 1)]) };
    expect(broken(at(-1, 1), (jobs) => two(jobs) && jobs.kind.fill(FROZEN) && Object.assign(jobs, before))).toBe(true);
    const frozen = (jobs: Problem['jobs']) =>
      two(jobs) && jobs.kind.fill(FROZEN) && Object.assign(jobs, { current: scheduleOf([at(0, 1, 2, 3)]) });
    expect([broken(at(0, 1, 2, 3), frozen, gap), broken(at(0, 2), frozen), broken(at(0, 1, 3, 4), frozen)]).toEqual([
      false,
      true,
      true,
    ]);
    const others = {
      regions: [0, 1].map((r) => ({
        id: `r${r}`,
        pue: 1,
        pricePerVcpuHour: 0,
        pricePerGpuHour: 0,
        peakChargePerKw: 0,
      })),
    };
    const wide = {
      ...others,
      powerCapKw: new Float64Array(12),
      vcpuCap: new Float64Array(12),
      gpuCap: new Float64Array(12),
    };
    const prices = { pricePerMwh: new Float64Array(12), ciGPerKwh: new Float64Array(12) };
    expect(broken({ region: 1, pieces: [0, 2] }, two, { ...wide, ...prices })).toBe(true);
  });

  it('what runs without data is counted, and a slot beside the gap is not', () => {
    const unseen = (placed: Placed, gap: Partial<Problem>) =>
      evaluate(buildModel(plain(1, gap, (jobs) => jobs.slots.fill(2))), scheduleOf([placed])).unseenJobs;
    const gap = { ciGPerKwh: Float64Array.of(1, 1, Number.NaN, 1, 1, 1) };
    expect([at(0, 2), at(1, 3), at(2, 4), at(3, 5)].map((placed) => unseen(placed, gap))).toEqual([0, 1, 1, 0]);
    expect(unseen(at(1, 3), {})).toBe(0);
  });
});
