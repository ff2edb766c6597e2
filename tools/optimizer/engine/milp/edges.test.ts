/** The solvers at their edges, as they were seen to behave: what of it reaches us, and that none of it is believed. */
import { describe, expect, it } from 'vitest';
import { loadSolver, toLpText } from '../engine.js';
import type { MilpModel } from './milp.js';

const model = (over: Partial<MilpModel>): MilpModel =>
  ({ cost: [], upper: [], binary: [], rows: [], size: 1000, ...over }) as MilpModel;
const row = (columns: number[], values: number[], lower: number, upper: number) => ({ columns, values, lower, upper });

/** A knapsack that takes a while: 60 binaries under ten rows. */
const hard = () => {
  const n = 60;
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
    let looks = 0;
    const answer = solver.solve(hard(), { work: 1e-9, stop: () => ++looks > 1 });
    // Where a solution is claimed it must be one, worth what is said: HiGHS hands back zeros, and infinity as their worth.
    if (answer.x === null) expect(answer.objective).toBeNull();
    else expect(hard().cost.reduce((sum, c, i) => sum + c * answer.x![i]!, 0)).toBeCloseTo(answer.objective!, 6);
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

  it('is not believed where a cost is not a number', async () => {
    const solver = (await loadSolver(name))!;
    const odd = model({ cost: [Number.NaN], upper: [1], binary: [true], rows: [row([0], [1], 0, 1)] });
    expect(solver.solve(odd)).toMatchObject({ status: 'failed', x: null });
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
  });
});
