/** What the loop learns from its meters, worked out by hand: a building that draws 7 kW beside its machines, read late by another clock. */
import { describe, expect, it } from 'vitest';
import type { Look, MeterReading, RunningJob } from '../../domain/flexibility/running.js';
import { random } from '../../sim/random.js';
import { expectedWatts, learn, learnMargin, learnScale, STEP_SECONDS, stepsSince } from './measure.js';
import { freshState, type JobMemory, type LoopState } from './state.js';

const look = (at: number, itKw: number | null): Look => ({ at, jobs: [], itKw, battery: null, holding: false });
const OVERHEAD_KW = 7;

/** The machines' power of each step, told as it ends; the building's arrives `late` steps after that, stamped by a clock that is ahead. */
const watched = (kw: readonly number[], late: number, aheadS = 0, overhead = (_: number) => OVERHEAD_KW): LoopState => {
  let state = freshState();
  for (let n = 1; n <= kw.length; n++) {
    const of = n - 1 - late;
    const readings: MeterReading[] =
      of < 0 ? [] : [{ at: of * STEP_SECONDS + aheadS, seconds: STEP_SECONDS, kw: kw[of]! + overhead(of) }];
    state = learn(state, look(n * STEP_SECONDS, kw[n - 1]!), readings);
  }
  return state;
};
const noise = (count: number, seed = 'meter') => {
  const rng = random(seed);
  return Array.from({ length: count }, () => 100 + 10 * rng.uniform());
};

describe('how late a reading is', () => {
  it.each([0, 1, 3, 6])('is seen by what both meters saw: %i steps', (late) => {
    const state = watched(noise(30), late, 17);
    expect(state.lagSteps).toBe(late);
    expect(state.meterAheadS).toBe(17);
    expect(state.overheadKw).toBeCloseTo(OVERHEAD_KW, 9);
    expect(state.isBlind).toBe(false);
  });

  it('is not known from fewer than six steps that both have seen', () => {
    // Of seven steps that both saw there are six differences; the first step of all has none before it.
    expect(watched(noise(6), 0)).toMatchObject({ lagSteps: null, overheadKw: null, meterAheadS: null });
    expect(watched(noise(7), 0).lagSteps).toBe(0);
  });

  it('is looked at again each minute, and holds in between', () => {
    const kw = noise(61);
    const state = watched(kw.slice(0, 30), 1);
    const reading = (n: number, late: number) => [
      { at: 0, seconds: STEP_SECONDS, kw: kw[n - 1 - late]! + OVERHEAD_KW },
    ];
    let later = state;
    for (let n = 31; n <= 35; n++) later = learn(later, look(n * STEP_SECONDS, kw[n - 1]!), reading(n, 3));
    expect(later.lagSteps).toBe(1);
    for (let n = 36; n <= 60; n++) later = learn(later, look(n * STEP_SECONDS, kw[n - 1]!), reading(n, 3));
    expect(later.lagSteps).toBe(3);
  });

  it('is not told by readings that arrive together, which are kept all the same', () => {
    const kw = noise(40);
    let state = freshState();
    for (let n = 2; n <= 40; n += 2)
      state = learn(state, look(n * STEP_SECONDS, kw[n - 1]!), [
        { at: (n - 2) * STEP_SECONDS, seconds: STEP_SECONDS, kw: kw[n - 2]! },
        { at: (n - 1) * STEP_SECONDS, seconds: STEP_SECONDS, kw: kw[n - 1]! },
      ]);
    expect([state.lagSteps, state.overheadKw, state.meter.length]).toEqual([null, null, 40]);
  });
});

describe('what is kept of the meters', () => {
  it('are the latest forty steps of each, a step once, and none that nobody read', () => {
    const state = watched(noise(60), 0);
    expect([state.it.length, state.it[0]!.at, state.it.at(-1)!.at]).toEqual([40, 200, 590]);
    expect([state.meter.length, state.meter[0]!.arrived, state.meter.at(-1)!.arrived]).toEqual([40, 210, 600]);
    expect(learn(state, look(600, 1), []).it).toEqual(state.it);
    expect(learn(state, look(610, null), []).it).toEqual(state.it);
    expect(learn(state, look(610, 5), []).it.at(-1)).toEqual({ at: 600, kw: 5 });
  });

  it('gives the building its power since a moment; without a meter that of the machines', () => {
    const kw = noise(30);
    const since = stepsSince(watched(kw, 1), 270);
    expect(since).toHaveLength(3);
    for (const [i, at] of [27, 28, 29].entries()) expect(since[i]).toBeCloseTo(kw[at]! + OVERHEAD_KW, 9);
    expect(stepsSince({ ...freshState(), it: [{ at: 10, kw: 5 }] }, 10)).toEqual([5]);
  });

  it('a quarter of a change of the building is believed at each reading', () => {
    const state = watched(noise(31), 0, 0, (step) => (step === 30 ? OVERHEAD_KW + 4 : OVERHEAD_KW));
    expect(state.overheadKw).toBeCloseTo(OVERHEAD_KW + 1, 9);
  });

  it('a step of the machines that is missing leaves the building as it was', () => {
    const state = watched(noise(30), 1);
    const gap = learn({ ...state, it: state.it.slice(0, -1) }, look(310, null), [{ at: 0, seconds: 10, kw: 500 }]);
    expect(gap.overheadKw).toBe(state.overheadKw);
  });
});

describe('a meter that says nothing', () => {
  it('leaves the loop blind after 45 s, and from the second step on where it never spoke', () => {
    const state = watched(noise(30), 0);
    expect(learn(state, look(345, 1), []).isBlind).toBe(false);
    expect(learn(state, look(346, 1), []).isBlind).toBe(true);
    expect(learn(freshState(), look(10, null), []).isBlind).toBe(false);
    const first = learn(freshState(), look(10, 100), []);
    expect([first.isBlind, learn(first, look(20, 100), []).isBlind]).toEqual([false, true]);
    const again = learn(learn(state, look(400, 1), []), look(410, 1), [{ at: 400, seconds: 10, kw: 8 }]);
    expect(again.isBlind).toBe(false);
  });
});

describe('the margin', () => {
  const TARGET = 1000;
  /** A stretch that began at 0 and was aimed at 990 kW, with minutes behind it, and one that ends now. */
  const ended = (excess: readonly number[], kw: number, more: Partial<LoopState> = {}): LoopState =>
    learnMargin(
      {
        ...freshState(),
        ...{ excess: [...excess], aimKw: 990, meanAimKw: 990, overheadKw: 100 },
        it: Array.from({ length: 6 }, (_, i) => ({ at: 60 + i * STEP_SECONDS, kw: kw - 100 })),
        ...more,
      },
      TARGET,
      120,
      120,
      0,
    );
  it('is what the worst minute lay above its aim and a fifth more', () => {
    const state = ended(Array(40).fill(1), 1000);
    expect(state.excess).toEqual([...Array(40).fill(1), 10]);
    expect(state.marginKw).toBeCloseTo(12, 9);
  });
  it('is three per cent at most, and 0.24 per cent at least', () => {
    expect(ended(Array(40).fill(1), 1500).marginKw).toBeCloseTo(30, 9);
    expect(ended(Array(40).fill(-5), 985).marginKw).toBeCloseTo(2.4, 9);
  });
  it('begins at 0.6 per cent, which half an hour of minutes replaces', () => {
    expect(learnMargin(freshState(), TARGET, 0, 0, 0)).toMatchObject({ excess: [], marginKw: 6 });
    expect(ended(Array(14).fill(0), 990).marginKw).toBeCloseTo(3, 9);
  });
  it('remembers ninety minutes', () => {
    const state = ended([20, ...Array(89).fill(0)], 990);
    expect(state.excess).toHaveLength(90);
    expect(state.marginKw).toBeCloseTo(2.4, 9);
  });
  it.each<[string, Partial<LoopState>]>([
    ['whose steps are not all there', { it: [{ at: 60, kw: 890 }] }],
    ['that nothing was seen of', { it: [] }],
    ['without an aim', { aimKw: null }],
    ['of a building that is not known', { overheadKw: null }],
  ])('learns nothing from a minute %s', (_, more) => expect(ended([1], 1000, more).excess).toEqual([1]));
  it('nor in the middle of a minute, nor from the minute before the target holds', () => {
    const state = { ...ended([1], 1000), excess: [1] };
    expect(learnMargin(state, TARGET, 130, 120, 0).excess).toEqual([1]);
    expect(learnMargin(state, TARGET, 120, 120, 120).excess).toEqual([1]);
    expect(learnMargin(state, TARGET, 120, 120, 60).excess).toHaveLength(2);
  });
});

describe('how heavy work is', () => {
  const CURVE = [
    { capW: 100, watts: 100, throughputRatio: 0.2 },
    { capW: 200, watts: 190, throughputRatio: 0.7 },
    { capW: 400, watts: 300, throughputRatio: 1 },
  ];
  const job = (more: Partial<RunningJob> = {}): RunningJob => ({
    ...{ id: 'a', tier: 'flex3', toleranceRatio: 0.5, gpus: 10, curve: CURVE, restWatts: 50, pause: null },
    ...{ deadline: null, service: null, elsewhere: [], state: 'running', capW: null, watts: 3000 },
    ...{ remainingSeconds: null, serving: null },
    ...more,
  });
  const memory = (more: Partial<JobMemory> = {}): JobMemory => ({
    ...{ scale: 1, peak: 1, lossSeconds: 0, wanted: { do: 'leave' }, ceilingW: null, served: null, refused: {} },
    ...more,
  });
  it('by its curve: all of it, under a cap, at rest; nothing while it changes or serves', () => {
    expect(expectedWatts(job())).toBe(3000);
    expect(expectedWatts(job({ capW: 200 }))).toBe(1900);
    expect(expectedWatts(job({ state: 'paused' }))).toBe(500);
    expect(expectedWatts(job({ state: 'pausing' }))).toBeNull();
    expect(expectedWatts(job({ state: 'resuming' }))).toBeNull();
    expect(expectedWatts(job({ serving: { batch: 8, replicas: 1 } }))).toBeNull();
  });
  it('heavier is believed by four fifths, lighter by three tenths', () => {
    expect(learnScale(memory(), job({ watts: 3300 })).scale).toBeCloseTo(1.08, 9);
    expect(learnScale(memory(), job({ watts: 2700 })).scale).toBeCloseTo(0.97, 9);
    expect(learnScale(memory(), job({ watts: 2000, capW: 200 })).scale).toBeCloseTo(1 + 0.8 / 19, 9);
  });
  it('by half at least and by half more at most', () => {
    expect(learnScale(memory(), job({ watts: 30_000 })).scale).toBeCloseTo(1.4, 9);
    expect(learnScale(memory(), job({ watts: 10 })).scale).toBeCloseTo(0.85, 9);
  });
  it('its peak rises with what is seen and is forgotten at three per cent a step', () => {
    expect(learnScale(memory(), job({ watts: 3300 })).peak).toBeCloseTo(1.1, 9);
    expect(learnScale(memory({ peak: 1.2 }), job()).peak).toBeCloseTo(1.2 - 0.03 * 0.2, 9);
    expect(learnScale(memory({ scale: 1.4, peak: 1 }), job()).peak).toBeCloseTo(1.28, 9);
  });
  it('is seen through a ceiling, which lies above what it drew, and not through a cap', () => {
    // Of 3 300 W by the whole curve it is 1.1; a cap of 200 W is by its own.
    expect(learnScale(memory({ ceilingW: 390 }), job({ capW: 390, watts: 3300 })).scale).toBeCloseTo(1.08, 9);
    expect(learnScale(memory({ ceilingW: 200 }), job({ capW: 200, watts: 3300 })).scale).toBeCloseTo(1.08, 9);
    expect(learnScale(memory(), job({ capW: 200, watts: 2090 })).scale).toBeCloseTo(1.08, 9);
  });
  it('stays where nothing is read, at rest, while it changes and while it serves', () => {
    const before = memory({ scale: 1.1, peak: 1.3 });
    const serving = { batch: 8, replicas: 1 };
    for (const more of [{ watts: null }, { state: 'paused' as const }, { state: 'pausing' as const }, { serving }])
      expect(learnScale(before, job(more))).toEqual({ scale: 1.1, peak: 1.3 });
  });
});
