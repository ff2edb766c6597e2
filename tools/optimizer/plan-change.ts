/** How one schedule differs from another: which jobs moved, and what that costs under today's signals. */
import { emptySchedule, evaluate, type Model, type Problem, type Schedule } from './engine/engine.js';

/** A schedule of the rows `rows` as one of all rows; the others run nowhere. */
export const spread = (problem: Problem, rows: Uint32Array, schedule: Schedule): Schedule => {
  const out = emptySchedule(problem.jobs.count);
  rows.forEach((j, i) => {
    out.region[j] = schedule.region[i]!;
    out.start[j] = schedule.start[i]!;
    const pieces = schedule.pieces.get(i);
    if (pieces) out.pieces.set(j, pieces);
  });
  return out;
};

/** Whether job `j` runs where and when it did; one that only became longer does. */
export const isSame = (before: Schedule, after: Schedule, j: number): boolean => {
  const [a, b] = [before.pieces.get(j)!, after.pieces.get(j)];
  return (
    before.region[j] === after.region[j] &&
    before.start[j] === after.start[j] &&
    (b === undefined ? a.length === 2 : b.length === a.length && b.every((t, i) => i === b.length - 1 || t === a[i]))
  );
};

/** Over the jobs that both have; one that only became longer has not moved. */
export const compared = (problem: Problem, before: Schedule, after: Schedule) => {
  let moved = 0;
  let stayed = 0;
  for (let j = 0; j < problem.jobs.count; j++) {
    if (before.region[j]! < 0 || after.region[j]! < 0) continue;
    if (isSame(before, after, j)) stayed++;
    else moved++;
  }
  return { moved, stayed };
};

/** Over the jobs that both plans have, under the same signals and lengths; null when there are none. */
export const changeOf = (model: Model, before: Schedule, after: Schedule) => {
  const both = Array.from({ length: model.N }, (_, j) => j).filter(
    (j) => before.region[j]! >= 0 && after.region[j]! >= 0,
  );
  // A job that became longer has no comparable place before.
  const list = both.filter((j) => {
    const pieces = before.pieces.get(j)!;
    let total = 0;
    for (let p = 0; p < pieces.length; p += 2) total += pieces[p + 1]! - pieces[p]!;
    return total === model.problem.jobs.slots[j];
  });
  if (list.length === 0) return null;
  const only = (schedule: Schedule) => {
    const out = emptySchedule(model.N);
    for (const j of list) {
      out.region[j] = schedule.region[j]!;
      out.start[j] = schedule.start[j]!;
      const pieces = schedule.pieces.get(j);
      if (pieces) out.pieces.set(j, pieces);
    }
    return evaluate(model, out);
  };
  const [old, now] = [only(before), only(after)];
  const objective = (e: typeof old) => e.objective - e.parts.churn;
  return {
    cost: objective(now) - now.parts.carbon - (objective(old) - old.parts.carbon),
    emissionsKg: now.emissionsKg - old.emissionsKg,
    objective: objective(now) - objective(old),
  };
};
