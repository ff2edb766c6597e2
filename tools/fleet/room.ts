/**
 * Two plans that are made at once do not see each other. Before one is handed over, what was ordered since it was made is laid
 * beside it: where both together would break a site's limit that this plan alone keeps, it must be planned again.
 */
import { Fault } from '../../domain/fault.js';
import { figure } from '../../domain/figures.js';
import { handings, heldPieces, holdersIn } from '../../domain/held.js';
import type { Job } from '../../domain/job.js';
import { ORDERS, type Order, type Placement, type Plan, worldName } from '../../domain/plan.js';
import type { Site } from '../../domain/site.js';
import { fromEpoch, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';

/** By slot (epoch seconds) and kind; every slot that a piece touches counts in full. */
class Load {
  readonly #cells = new Map<string, Map<number, number[]>>();
  constructor(private readonly step: number) {}

  add({ vcpus, gpus }: Job, pieces: readonly Placement[]): void {
    for (const { region, start, end, energyKwh } of pieces) {
      const [from, to] = [toEpoch(start), toEpoch(end)];
      const of = this.#cells.get(region) ?? new Map<number, number[]>();
      this.#cells.set(region, of);
      const amounts = [(energyKwh * 3600) / (to - from), vcpus, gpus];
      for (let t = Math.floor(from / this.step) * this.step; t < to; t += this.step) {
        const sum = of.get(t) ?? [0, 0, 0];
        of.set(
          t,
          sum.map((value, i) => value + amounts[i]!),
        );
      }
    }
  }

  at(region: string, t: number): readonly number[] {
    return this.#cells.get(region)?.get(t) ?? [0, 0, 0];
  }

  slots(region: string): Iterable<number> {
    return this.#cells.get(region)?.keys() ?? [];
  }
}

const LIMITS = [
  { of: (site: Site) => site.powerCapKw, unit: 'kW' },
  { of: (site: Site) => site.vcpuCapacity, unit: 'vCPU' },
  { of: (site: Site) => site.gpuCapacity, unit: 'GPU' },
];

/** Throws Fault `conflict`. `jobs`: those that were approved; null: all. */
export const requireRoom = async (world: World, plan: Plan, jobs: readonly string[] | null): Promise<void> => {
  const beside = await ordersBeside(world, plan);
  const seen = new Set(plan.beside ?? []);
  if (beside.every((order) => seen.has(order.planId))) return;
  const step = world.method.slotMinutes * 60;
  const [known, later] = [new Load(step), new Load(step)];
  const counted = new Set<string>();
  const { workloadId, id: planId } = plan;
  for await (const page of handings(world.store, { workloadId, planId, jobs })) {
    const holders = await holdersIn(
      world,
      page.map(({ job }) => job),
    );
    for (const { job, pieces } of page) {
      const holder = holders.get(job.id)?.planId;
      if (holder !== undefined && holder !== planId && holder !== plan.replaces) continue;
      counted.add(job.id);
      known.add(job, pieces);
    }
  }
  // Newest first: of a job that was ordered twice, the newest counts.
  for (const order of beside) {
    const mine: string[] = [];
    for await (const page of heldPieces(world, order))
      for (const { job, pieces } of page) {
        if (counted.has(job.id)) continue;
        mine.push(job.id);
        (seen.has(order.planId) ? known : later).add(job, pieces);
      }
    for (const id of mine) counted.add(id);
  }
  const others = beside.filter((order) => !seen.has(order.planId)).map((order) => order.planId);
  for (const site of await world.fleet.sites())
    for (const t of later.slots(site.region))
      LIMITS.forEach(({ of, unit }, i) => {
        const cap = of(site);
        const [alone, more] = [known.at(site.region, t)[i]!, later.at(site.region, t)[i]!];
        if (cap === null || alone > cap * (1 + 1e-6) || alone + more <= cap * (1 + 1e-6)) return;
        throw new Fault(
          'conflict',
          `plan ${planId} was made before ${others.join(', ')} was handed to the fleet; together they need ${figure(alone + more)} ${unit} at ${site.id} at ${fromEpoch(t)}, which allows ${figure(cap)}`,
          'Plan again: the new plan leaves room for what was placed meanwhile.',
        );
      });
};

/** Orders of this world that may run while the plan does, newest first. */
const ordersBeside = async (world: World, plan: Plan): Promise<Order[]> => {
  const open = await world.store.collection(ORDERS).open(plan.window.start);
  return open
    .map(({ value }) => value)
    .filter(
      (order) => order.planId !== plan.id && order.world === worldName(world) && order.span.start < plan.finishesAt,
    );
};
