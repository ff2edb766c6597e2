/** Which rows a timeline has: jobs by the start that they are planned at, within teams, regions or clusters. */
import { NO_NAME, type PlanTable } from './table.js';

export const GROUPINGS = ['team', 'region', 'cluster'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Rows {
  /** job of each row; −1 − g: the heading of group g */
  readonly jobs: Int32Array;
  readonly groups: readonly { readonly name: string; readonly jobs: number; readonly moved: number }[];
  /** the row of each job; −1 where it is not shown */
  readonly rowOf: Int32Array;
}

const placeOf = (table: PlanTable, job: number): number => {
  const first = table.planned.first[job]!;
  return first < table.planned.first[job + 1]! ? table.planned.place[first]! : NO_NAME;
};

export const isMoved = (table: PlanTable, job: number): boolean =>
  table.baseline.first[job]! < table.baseline.first[job + 1]!;

export const startOf = (table: PlanTable, job: number): number => {
  const first = table.planned.first[job]!;
  return first < table.planned.first[job + 1]! ? table.planned.start[first]! : Number.POSITIVE_INFINITY;
};

export const rowsOf = (table: PlanTable, by: Grouping, shown: (job: number) => boolean): Rows => {
  const key =
    by === 'team'
      ? (j: number) => table.team[j]!
      : by === 'cluster'
        ? (j: number) => table.cluster[j]!
        : (j: number) => placeOf(table, j);
  const found = new Map<number, number[]>();
  for (let j = 0; j < table.ids.length; j++) {
    if (!shown(j)) continue;
    const group = found.get(key(j));
    if (group === undefined) found.set(key(j), [j]);
    else group.push(j);
  }
  const nameOf = (n: number) => (n === NO_NAME ? '(none)' : table.names[n]!);
  const sorted = [...found].sort(([a], [b]) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const jobs = new Int32Array(sorted.reduce((sum, [, list]) => sum + list.length + 1, 0));
  const rowOf = new Int32Array(table.ids.length).fill(-1);
  let row = 0;
  const groups = sorted.map(([n, list], g) => {
    jobs[row++] = -1 - g;
    list.sort((a, b) => startOf(table, a) - startOf(table, b) || a - b);
    for (const job of list) {
      rowOf[job] = row;
      jobs[row++] = job;
    }
    return { name: nameOf(n), jobs: list.length, moved: list.filter((j) => isMoved(table, j)).length };
  });
  return { jobs, groups, rowOf };
};
