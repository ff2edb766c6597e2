/**
 * The solvers at their edges, as highs 1.15.3 and glpk.js 5.0.0 were seen to behave: what of it reaches us, and that none of
 * it is believed.
 *
 *   seen                                                   what holds here
 *   a limit of time without a solution hands back zeros    `believed`; "stopped before it found anything"
 *   a limit of time given as text is taken; it overshoots  ours is a number of looks, `onWorkClock`; solvers.test.ts
 *   LP infeasible: objective 0, columns without values     status first; "calls an infeasible LP infeasible"
 *   unbounded: a point that means nothing                  status first; "an unbounded model has no solution"
 *   `x >= y`, `1 <= x + y <= 3` are refused                "names columns and rows by letter and number alone"
 *   after a throw the module goes on                       "a model that it refuses leaves it usable"
 *   names such as x-y or 1x change the model               names are ours; "names columns and rows …"
 *   the gap is relative to the whole objective             gap 0; "proves to the last part of the objective"
 *   GLPK's statuses; LP infeasible as status 1             a second run without presolve; "calls an infeasible LP …"
 *   GLPK: a stop by gap has the status of a stop by time   "a stop without a proof is a limit"
 *   GLPK: a row with both bounds equal aborts              GLP_FX; "keeps columns at 0 …, and rows that are equations"
 *   GLP_UP on a column drops its lower bound 0             columns are GLP_DB; "keeps columns at 0 …"
 *   memory does not grow with solves                       nothing to guard
 *   1 − 4e-13 for a choice, 5e-7 under a big M             `believed`; "a choice is made whole"
 *   semi-continuous columns and SOS                        no such section; "names columns and rows …"
 *   NaN is read and called optimal                         `isSound`; "is not asked where a number is none"
 *   unknown options throw                                  ours are fixed; every test here would fail
 */
import { describe, expect, it } from 'vitest';
import { loadSolver, toLpText } from '../engine.js';
import { believed } from './believed.js';
import type { MilpModel } from './milp.js';

const model = (over: Partial<MilpModel>): MilpModel =>
  ({ cost: [], upper: [], binary: [], rows: [], size: 1000, ...over }) as MilpModel;
const row = (columns: number[], values: number[], lower: number, upper: number) => ({ columns, values, lower, upper });

/** A knapsack that takes a while: binaries under ten rows. */
const hard = (n = 60) => {
  const columns = Array.from({ length: n }, (_, i) => i);
  return model({
    cost: columns.map((i) => -(10 + ((i * 37) % 23))),
    upper: columns.map(() => 1),
    binary: columns.map(() => true),
    rows: Array.from({ length: 10 }, (_, r) =>
      row(
        columns,
        columns.map((i) => 5 + ((i * (r + 7) * 13) % 31)),
        Number.NEGATIVE_INFINITY,
        300,
      ),
    ),
    size: 660,
  });
};

describe.each(['glpk', 'highs'] as const)('%s', (name) => {
  it('stopped before it found anything answers no solution, never one of zeros', async () => {
    const solver = (await loadSolver(name))!;
    expect(solver.solve(hard(250), { stop: () => true })).toEqual({ status: 'limit', x: null, objective: null });
  });

  it('stopped at any moment hands back a solution that keeps every row and is worth what is said, or none', async () => {
    const solver = (await loadSolver(name))!;
    const asked = hard();
    for (const after of [1, 30, 1000]) {
      let looks = 0;
      const answer = solver.solve(asked, { stop: () => ++looks > after });
      if (answer.x === null) expect(answer.objective).toBeNull();
      else {
        expect(asked.cost.reduce((sum, c, i) => sum + c * answer.x![i]!, 0)).toBeCloseTo(answer.objective!, 9);
        for (const { columns, values, upper } of asked.rows)
          expect(columns.reduce((sum, c, i) => sum + values[i]! * answer.x![c]!, 0)).toBeLessThanOrEqual(upper + 1e-3);
        expect([...answer.x].every((x) => x === 0 || x === 1)).toBe(true);
      }
    }
  });

  it('an unbounded model has no solution', async () => {
    const solver = (await loadSolver(name))!;
    const open = model({ cost: [-1], upper: [Infinity], binary: [false], rows: [row([0], [1], 1, Infinity)] });
    const answer = solver.solve(open);
    expect(answer).toMatchObject({ x: null, objective: null });
    expect(answer.status).not.toBe('optimal');
  });

  it('a model that it refuses leaves it usable', async () => {
    const solver = (await loadSolver(name))!;
    const sound = model({ cost: [1], upper: [1], binary: [true], rows: [row([0], [1], 1, 1)] });
    // Too large for any solver: what it makes of it is its own affair, as long as nothing false is answered.
    const odd = model({ ...sound, rows: [row([0], [1e300], 1e299, 1e300)] });
    const first = solver.solve(odd);
    if (first.x !== null) expect([...first.x]).toEqual([1]);
    expect(solver.solve(sound)).toMatchObject({ status: 'optimal', objective: 1 });
  });

  it('puts a choice that pays with a big M whole, or proves nothing', async () => {
    const solver = (await loadSolver(name))!;
    const bigM = model({
      cost: [1000, 1],
      upper: [1, Infinity],
      binary: [true, false],
      rows: [row([1, 0], [1, -1e6], Number.NEGATIVE_INFINITY, 0), row([1], [1], 0.5, Infinity)],
    });
    const answer = solver.solve(bigM);
    // GLPK 5.0.0 pays 5e-7 of the choice and calls it optimal: that is no solution.
    if (answer.x !== null) expect(answer).toMatchObject({ status: 'optimal', objective: 1000.5 });
    else expect(answer).toEqual({ status: 'failed', x: null, objective: null });
  });

  it('calls an infeasible LP infeasible, as it does a MIP', async () => {
    const solver = (await loadSolver(name))!;
    const none = model({ cost: [1, 1], upper: [1, 1], binary: [true, true], rows: [row([0, 1], [1, 1], 3, Infinity)] });
    for (const relax of [false, true])
      expect(solver.solve(none, {}, relax)).toMatchObject({ status: 'infeasible', x: null, objective: null });
  });

  it('keeps columns at 0 or above where only an upper bound is given, and rows that are equations', async () => {
    const solver = (await loadSolver(name))!;
    const bounded = model({
      cost: [1, 1],
      upper: [9, Infinity],
      binary: [false, false],
      rows: [row([0, 1], [1, -1], 1, 1)],
    });
    const answer = solver.solve(bounded);
    expect(answer).toMatchObject({ status: 'optimal' });
    expect([...answer.x!]).toEqual([expect.closeTo(1, 6), expect.closeTo(0, 6)]);
  });

  it('proves to the last part of the objective, however large a constant in it', async () => {
    const solver = (await loadSolver(name))!;
    // A column that is fixed at 1 by a row and costs ten millions hides what can move from a relative gap.
    const plain = hard();
    const n = plain.cost.length;
    const heavy = {
      ...plain,
      cost: [...plain.cost, 1e7],
      upper: [...plain.upper, 1],
      binary: [...plain.binary, false],
      rows: [...plain.rows, row([n], [1], 1, 1)],
    };
    const small = model({ ...heavy, rows: heavy.rows.slice(-2), size: 130 });
    const alone = model({ ...plain, rows: plain.rows.slice(-1), size: 65 });
    const [with1e7, without] = [solver.solve(small, { work: 20 }), solver.solve(alone, { work: 20 })];
    expect([with1e7.status, without.status]).toEqual(['optimal', 'optimal']);
    expect(with1e7.objective! - 1e7).toBeCloseTo(without.objective!, 4);
  });

  it('is not asked where a number is none: in a cost, an amount or a bound', async () => {
    const solver = (await loadSolver(name))!;
    const sound = model({ cost: [1], upper: [1], binary: [true], rows: [row([0], [1], 0, 1)] });
    for (const odd of [
      { cost: [Number.NaN] },
      { cost: [Infinity] },
      { upper: [Number.NaN] },
      { rows: [row([0], [Number.NaN], 0, 1)] },
      { rows: [row([0], [Infinity], 0, 1)] },
      { rows: [row([0], [1], Number.NaN, 1)] },
    ])
      expect(solver.solve({ ...sound, ...odd } as MilpModel)).toEqual({ status: 'failed', x: null, objective: null });
  });
});

describe('what is believed of an answer', () => {
  const bigM = model({
    cost: [1000, 1],
    upper: [1, Infinity],
    binary: [true, false],
    rows: [row([1, 0], [1, -1e6], Number.NEGATIVE_INFINITY, 0), row([1], [1], 0.5, Infinity)],
  });
  const answer = (x: number[], objective: number, status: 'optimal' | 'limit' = 'optimal') => ({
    status,
    x: Float64Array.from(x),
    objective,
  });

  it('a choice is made whole: 1 − 4e-13 is 1, and 5e-7 under a big M is no choice at all', () => {
    expect(believed(bigM, answer([1 - 4e-13, 0.5], 1000.5 - 4e-10), false)).toEqual({
      status: 'optimal',
      x: Float64Array.of(1, 0.5),
      objective: 1000.5,
    });
    expect(believed(bigM, answer([5e-7, 0.5], 0.5005), false)).toEqual({ status: 'failed', x: null, objective: null });
    expect(believed(bigM, answer([0.3, 0.5], 300.5), false)).toMatchObject({ status: 'failed', x: null });
    // The linear programme may take a part of a choice.
    expect(believed(bigM, answer([5e-7, 0.5], 0.5005), true)).toMatchObject({ status: 'optimal', objective: 0.5005 });
  });

  it('zeros of a run that found nothing are none, even where a row would allow them', () => {
    const none = { status: 'limit', x: null, objective: null };
    expect(believed(hard(), answer(new Array(60).fill(0), Infinity, 'limit'), false)).toEqual(none);
    expect(believed(bigM, answer([0, 0], 0, 'limit'), false)).toEqual(none);
  });

  it('a stop without a proof is a limit, and a solution that costs something else than was said proves nothing', () => {
    expect(believed(bigM, answer([1, 0.5], 1000.5, 'limit'), false)).toMatchObject({
      status: 'limit',
      objective: 1000.5,
    });
    expect(believed(bigM, answer([1, 0.5], 990), false)).toMatchObject({ status: 'limit', objective: 1000.5 });
  });

  it('a column outside its bounds is none, one by rounding is put on them', () => {
    expect(believed(bigM, answer([1, -3], 997), false)).toMatchObject({ x: null });
    const one = model({ cost: [1], upper: [2], binary: [false], rows: [] });
    expect(believed(one, answer([-1e-9], -1e-9), false).x).toEqual(Float64Array.of(0));
    expect(believed(one, answer([2 + 1e-9], 2), false).x).toEqual(Float64Array.of(2));
  });
});

describe('the text of a model', () => {
  it('names columns and rows by letter and number alone: no name of a job can change its meaning', () => {
    const text = toLpText(
      model({ cost: [1, -2], upper: [1, 5], binary: [true, false], rows: [row([0, 1], [1, 1], 1, 4)] }),
      false,
    );
    const words = text.match(/[A-Za-z_][^\s:]*/g)!;
    for (const word of words) expect(word).toMatch(/^(x\d+|[elu]\d+|cost|Minimize|Subject|To|Bounds|Binary|End)$/);
    // A row with two sides is two rows: `1 <= x + y <= 4` is refused.
    expect(text).not.toMatch(/<=.*[a-z].*<=.*\+/);
    expect(text).not.toMatch(/semi|sos|>=\s*x/i);
  });
});
