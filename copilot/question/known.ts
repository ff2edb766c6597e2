/** Names that a question can mean: teams, kinds of work, places, jobs and plans of this world; and names that are near one. */
import type { Plan } from '../../domain/plan.js';
import type { TableJob } from '../../domain/plan-table.js';
import { type Desk, planNamed, planOf, read, verifications } from '../desk.js';
import { distance } from './english.js';
import { rowsOfPlan } from './rows.js';

export interface Known {
  readonly plan: Plan | undefined;
  readonly rows: readonly TableJob[];
  readonly teams: readonly string[];
  readonly kinds: readonly string[];
  /** by their lower-case spelling, the region that is meant */
  readonly places: ReadonlyMap<string, string>;
  /** ids of sites and clusters, lower case, with the region of each */
  readonly sites: readonly string[];
  job(said: string): string | undefined;
  near(said: string): string[];
}

/** Of the plan that is named, else of the newest run's. */
export const knownTo = async (desk: Desk, planId: string | null): Promise<Known> => {
  const plan = planId === null ? await planOf(desk) : ((await planNamed(desk, planId)) ?? (await planOf(desk)));
  const rows = plan === undefined ? [] : await rowsOfPlan(desk, plan);
  const ofRows = namesOf(rows);
  const teams = new Set(ofRows.teams);
  for (const v of await verifications(desk)) for (const { team } of v.byTeam) teams.add(team);
  const { kinds } = ofRows;
  const sites = await desk.world.fleet.sites();
  const regions = await desk.world.grid.regions();
  const places = new Map<string, string>();
  for (const region of regions) places.set(region.toLowerCase(), region);
  for (const { id, region, clusterId } of sites) {
    places.set(id.toLowerCase(), region);
    if (clusterId !== null) places.set(clusterId.toLowerCase(), region);
    places.set(region.toLowerCase(), region);
  }
  const names = [...teams, ...kinds, ...places.keys()];
  return {
    plan,
    rows,
    teams: [...teams],
    kinds,
    places,
    sites: sites.flatMap(({ id, clusterId }) => [id, ...(clusterId === null ? [] : [clusterId])]),
    job: (said) => jobNamed(rows, said),
    near: (said) => nearest(said, [...names, ...rows.map((r) => r.id)]),
  };
};

interface RowNames {
  readonly teams: readonly string[];
  readonly kinds: readonly string[];
}
/** A list of rows never changes, so its names are gathered once. */
const gathered = new WeakMap<readonly TableJob[], RowNames>();
const namesOf = (rows: readonly TableJob[]): RowNames => {
  const before = gathered.get(rows);
  if (before) return before;
  const names = { teams: [...new Set(rows.map((r) => r.team))], kinds: [...new Set(rows.map((r) => r.kind))] };
  gathered.set(rows, names);
  return names;
};

/** In any case of its letters; as it is spelt where two differ in nothing else. A handful of words is asked about, so nothing is indexed. */
const jobNamed = (rows: readonly TableJob[], said: string): string | undefined => {
  const low = said.toLowerCase();
  let found: string | undefined;
  for (const { id } of rows) {
    if (id.length !== said.length || id.toLowerCase() !== low) continue;
    if (id === said) return id;
    found ??= id;
  }
  return found;
};

const MOST_NEAR = 3;

/** At most three that are one or two slips away, the nearest first; the same figure at the end counts as near. */
const nearest = (said: string, names: readonly string[]): string[] => {
  const low = said.toLowerCase();
  if (low.length < 3) return [];
  const most = low.length < 6 ? 1 : 2;
  const found: { name: string; off: number }[] = [];
  for (const name of names) {
    if (Math.abs(name.length - low.length) > most) continue;
    const off = distance(low, name.toLowerCase(), most);
    if (off <= most) found.push({ name, off });
  }
  if (found.length === 0 && /\d{3,}$/.test(low)) {
    const tail = String(Number(/\d+$/.exec(low)![0]));
    for (const name of names)
      if (/\d+$/.exec(name) && String(Number(/\d+$/.exec(name)![0])) === tail) found.push({ name, off: 9 });
  }
  return [...new Set(found.sort((a, b) => a.off - b.off || (a.name < b.name ? -1 : 1)).map((f) => f.name))].slice(
    0,
    MOST_NEAR,
  );
};

/** A plan by the id of a plan, run or approval in any spelling; undefined: no such thing. */
export const planIdIn = async (desk: Desk, said: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const ids = [...new Set(said.flatMap((s) => [s, s.toUpperCase(), s.toLowerCase()]))];
  if (ids.length === 0) return new Map();
  const [{ plans }, { runs }] = await Promise.all([
    read(desk, 'list_plans', { ids }),
    read(desk, 'list_runs', { ids }),
  ]);
  return new Map([
    ...runs.flatMap(({ id, planId }): [string, string][] => (planId === null ? [] : [[id.toLowerCase(), planId]])),
    ...plans.map(({ id }): [string, string] => [id.toLowerCase(), id]),
  ]);
};
