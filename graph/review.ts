/** Plans of a rolling operation that are under way, looked at again: one at a time, the one that nobody looked at for longest. */
import type { Tick } from '../domain/operation.js';
import { ORDERS, PLANS, type Plan, worldName } from '../domain/plan.js';
import { type Instant, plusHours, plusSeconds, secondsBetween } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { replan } from '../tools/optimizer/optimizer.js';
import { callTool } from '../tools/tool.js';
import type { Orchestrator } from './orchestrator.js';
import { type By, signalOf } from './thread.js';

export interface Reviewing {
  readonly approval: 'auto' | 'ask';
  /** work that starts within this many minutes is not moved again */
  readonly noticeMinutes: number;
  /** a plan under way is looked at again when it is this old; Infinity: never */
  readonly reviewHours: number;
  /** how often a job may be moved again at most, counted by the plans that followed its first */
  readonly mostChanges: number;
}

interface Desk {
  readonly world: World;
  readonly orchestrator: Orchestrator;
  readonly asked: Reviewing;
  /** without the signal that ends the operation */
  readonly by: By;
}

interface Made {
  readonly at: Instant;
  readonly replaces: string | undefined;
  readonly changes: number;
}

export class Reviewer {
  constructor(private readonly desk: Desk) {}

  /**
   * The plan under way that nobody looked at for longest, and for a while, is planned again from now on, by what is known now. What comes of it is
   * judged as any plan is, and carried out only where it moves something and what has happened is better by it.
   */
  async review(at: Instant): Promise<Tick['reviewed']> {
    const { world, orchestrator, asked: operating, by } = this.desk;
    const plan = await this.#due(at);
    if (plan === undefined) return null;
    const asked = { fromPlanId: plan.id, at, noticeMinutes: operating.noticeMinutes, effort: 'search' } as const;
    const call = { actor: by.actor, cause: null, signal: signalOf(by), progress: () => {} };
    const { plan: next, moved, change } = await callTool(replan, asked, world, call);
    const stays = { planId: plan.id, byPlanId: null, moved: 0 };
    if (next === null || moved === 0 || change === null || change.objective >= 0) {
      this.#looked.set(plan.id, at);
      return stays;
    }
    const hours = secondsBetween(next.window.start, next.window.end) / 3600;
    const { approval } = operating;
    const order = { carries: next.id, horizonHours: hours, approval, from: next.window.start, rests: true } as const;
    const run = await orchestrator.launch(order, by);
    this.#looked.set(plan.id, at);
    if (run.status !== 'placed' && run.status !== 'done') return stays;
    return { planId: plan.id, byPlanId: next.id, moved };
  }

  readonly #looked = new Map<string, Instant>();
  readonly #made = new Map<string, Made>();

  async #due(at: Instant): Promise<Plan | undefined> {
    const { reviewHours, mostChanges, noticeMinutes } = this.desk.asked;
    if (!Number.isFinite(reviewHours)) return undefined;
    const orders = await this.desk.world.store.collection(ORDERS).open(plusSeconds(at, noticeMinutes * 60));
    const replaced = new Set<string>();
    const open = new Set<string>();
    let [due, since]: [string | undefined, Instant] = [undefined, at];
    for (const { value: order } of orders) {
      if (order.world !== worldName(this.desk.world)) continue;
      open.add(order.planId);
      const made = await this.#madeOf(order.planId);
      if (made === undefined) continue;
      if (made.replaces !== undefined) replaced.add(made.replaces);
      // A job that a person or an order at the market has a word in is theirs to plan again.
      if (replaced.has(order.planId) || order.jobs !== null || made.changes >= mostChanges) continue;
      const looked = this.#looked.get(order.planId) ?? made.at;
      if ((due !== undefined && looked >= since) || plusHours(looked, reviewHours) > at) continue;
      [due, since] = [order.planId, looked];
    }
    for (const known of [this.#made, this.#looked])
      for (const planId of known.keys()) if (!open.has(planId)) known.delete(planId);
    return due === undefined ? undefined : this.#plan(due);
  }

  /** What never changes of a plan that was handed over; `changes`: how many plans it followed. */
  async #madeOf(planId: string): Promise<Made | undefined> {
    const known = this.#made.get(planId);
    if (known !== undefined) return known;
    const plan = await this.#plan(planId);
    if (plan === undefined) return undefined;
    const { madeAt: at, replaces } = plan;
    const changes = replaces === undefined ? 0 : 1 + ((await this.#madeOf(replaces))?.changes ?? 0);
    const made = { at, replaces, changes };
    this.#made.set(planId, made);
    return made;
  }

  async #plan(id: string): Promise<Plan | undefined> {
    return (await this.desk.world.store.collection(PLANS).get(id))?.value;
  }
}
