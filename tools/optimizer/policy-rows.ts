/**
 * What the confirmed policy and sold flexibility mean for a problem: jobs that stay, regions and starts that are left, lower
 * power caps, carbon caps. Each limit keeps the id of its clause, so that a binding limit or a conflict quotes the sentence.
 * Starts that a blackout or freeze forbids leave stretches of allowed starts; a job is planned within the one that holds its
 * cheapest start, so a plan keeps the policy and its bound holds for that choice of stretches.
 */
import { beyondSeconds, type Job, spanSeconds } from '../../domain/job.js';
import type { SoldFlexibility } from '../../domain/offer.js';
import { type LimitReader, limitsFor } from '../../domain/policy/limits.js';
import { cite, type JobLimit, type PolicySet } from '../../domain/policy/policy.js';
import type { Site } from '../../domain/site.js';
import { fromEpoch, toEpoch } from '../../domain/time.js';
import type { CarbonCap, PowerEvent } from './engine/engine.js';
import type { Least } from './least-saving.js';

export interface PolicyFrame {
  readonly origin: number;
  readonly slots: number;
  readonly slotMinutes: number;
  readonly sites: readonly Site[];
}

/** What a job may still do. `stays`: it runs where and when it would without a plan. */
export interface Left {
  readonly stays: boolean;
  readonly regions: readonly string[];
  readonly release: number;
  /** Latest finish in slots, fractions allowed. */
  readonly deadline: number;
  /** Why nothing is left, when nothing is. */
  readonly impossible: string | null;
}

export class PolicyRows {
  readonly #reader: LimitReader | null;
  readonly #frame: PolicyFrame;
  readonly #bans: { on: 'start' | 'run' | 'moved-start'; mask: Uint8Array; because: string }[];
  readonly #sold: readonly SoldFlexibility[];

  constructor(set: PolicySet | null, sold: readonly SoldFlexibility[], frame: PolicyFrame) {
    this.#frame = frame;
    this.#sold = sold;
    const window = {
      start: fromEpoch(frame.origin),
      end: fromEpoch(frame.origin + frame.slots * frame.slotMinutes * 60),
    };
    this.#reader = set ? limitsFor(set, { window, slotMinutes: frame.slotMinutes, sites: frame.sites }) : null;
    this.#bans = (this.#reader?.head.forbidden ?? []).map(({ on, slots, because }) => {
      const mask = new Uint8Array(frame.slots);
      for (const [from, to] of slots) mask.fill(1, from, to);
      return { on, mask, because };
    });
  }

  get policySetId(): string | null {
    return this.#reader?.head.policySetId ?? null;
  }

  #quote(constraintId: string): string {
    const clause = this.#reader?.head.clauses[constraintId];
    return clause ? cite(clause) : `policy clause ${constraintId}`;
  }

  /** Words for the id of an event or carbon cap made here. */
  readonly words = (id: string): string | undefined => {
    if (id.startsWith('policy:')) return this.#quote(id.slice('policy:'.length).replace(/#\d+$/, ''));
    if (id.startsWith('sold:')) return `flexibility sold as ${id.slice('sold:'.length)}`;
    return undefined;
  };

  /**
   * `own` is what the job itself allows: regions, first slot, latest finish. `cheapest(s, regions)` prices a start in slot s
   * at the best of the regions.
   */
  left(
    job: Job,
    own: { regions: readonly string[]; release: number; deadline: number; slots: number; span: number },
    cheapest: (start: number, regions: readonly string[]) => number,
  ): Left {
    const limit = this.#reader?.job(job) ?? null;
    const free: Left = {
      stays: false,
      regions: own.regions,
      release: own.release,
      deadline: own.deadline,
      impossible: null,
    };
    if (limit === null) return free;
    if (limit.untouchable) return { ...free, stays: true };
    const regions = limit.regions === null ? own.regions : own.regions.filter((r) => limit.regions!.includes(r));
    if (regions.length === 0)
      return { ...free, impossible: `no region is left by ${this.#quotes(limit.because.regions)}` };
    const deadline = Math.min(own.deadline, this.#latest(job, limit));
    // The job cannot do what is asked even at once: it stays, and lateness is told, not planned away.
    if (own.release + own.span > deadline + 1e-9) return { ...free, regions, stays: regions.includes(job.region) };
    const stretch = this.#stretch(limit, { ...own, deadline }, job, regions, cheapest);
    if (stretch === 'stay') return { ...free, regions, stays: true };
    if (stretch === null) {
      const because = limit.forbidden.map((i) => this.#bans[i]!.because);
      return { ...free, impossible: `no start is left by ${this.#quotes(because)}` };
    }
    const [first, last] = stretch;
    return { ...free, regions, release: first, deadline: Math.min(deadline, last + own.span) };
  }

  /** What moving the job must save; null where no clause speaks of it, or none in the currency of the sites. */
  least(job: Job): Least | null {
    const clauses = (this.#reader?.least(job) ?? []).filter((c) => c.amount === null || this.#isOurs(c.currency));
    if (clauses.length === 0) return null;
    return {
      kg: Math.max(...clauses.map((c) => c.kg ?? Number.NEGATIVE_INFINITY)),
      amount: Math.max(...clauses.map((c) => c.amount ?? Number.NEGATIVE_INFINITY)),
      because: this.#quotes(clauses.map((c) => c.because)),
    };
  }

  #isOurs(currency: string | null): boolean {
    return currency !== null && this.#frame.sites.every((site) => site.currency === currency);
  }

  /** Clauses about money that are no part of the plan, in words. */
  notPlanned(): string[] {
    const head = this.#reader?.head;
    if (!head) return [];
    return [
      ...head.budgetCaps.map(
        (cap) => `the budget of ${this.#quote(cap.because)} is judged afterwards, not planned with`,
      ),
      ...head.minSaving
        .filter((c) => c.amount !== null && !this.#isOurs(c.currency))
        .map(
          (c) =>
            `the least saving of ${this.#quote(c.because)} is in ${c.currency}, not the sites’ money: it is not heeded`,
        ),
    ];
  }

  #quotes(ids: readonly string[]): string {
    return [...new Set(ids)].map((id) => this.#quote(id)).join(' and ');
  }

  /** Latest finish in slots that waiting and finishing clauses leave. */
  #latest(job: Job, limit: JobLimit): number {
    const at = (epoch: number) => (epoch - this.#frame.origin) / (this.#frame.slotMinutes * 60);
    const start =
      limit.latestStart === null ? Number.POSITIVE_INFINITY : Math.floor(at(toEpoch(limit.latestStart)) + 1e-9);
    const finish =
      limit.latestFinish === null ? Number.POSITIVE_INFINITY : at(toEpoch(limit.latestFinish) - beyondSeconds(job));
    return Math.min(finish, start + spanSeconds(job) / (this.#frame.slotMinutes * 60));
  }

  /** First and last start of the stretch with the cheapest one; 'stay' where only not moving is left, null for none. */
  #stretch(
    limit: JobLimit,
    own: { release: number; deadline: number; slots: number; span: number },
    job: Job,
    regions: readonly string[],
    cheapest: (start: number, regions: readonly string[]) => number,
  ): [number, number] | 'stay' | null {
    const last = Math.min(Math.floor(own.deadline - own.span + 1e-7), this.#frame.slots - own.slots);
    const bans = limit.forbidden.map((i) => this.#bans[i]!);
    if (bans.length === 0) return [own.release, last];
    const allowed = (s: number, moved: boolean) =>
      bans.every(({ on, mask }) => {
        if (on === 'run') {
          for (let t = s; t < s + own.slots; t++) if (mask[t]) return false;
          return true;
        }
        return mask[s] === 0 || (on === 'moved-start' && !moved);
      });
    let best = Number.POSITIVE_INFINITY;
    let found: [number, number] | null = null;
    for (let s = own.release; s <= last; s++) {
      if (!allowed(s, true)) continue;
      const first = s;
      let least = Number.POSITIVE_INFINITY;
      for (; s <= last && allowed(s, true); s++) least = Math.min(least, cheapest(s, regions));
      if (least < best || found === null) {
        best = least;
        found = [first, s - 1];
      }
    }
    if (found) return found;
    return regions.includes(job.region) && allowed(own.release, false) ? 'stay' : null;
  }

  /** Power caps of the policy and of sold flexibility, as events. */
  events(): PowerEvent[] {
    const { sites, slots, origin, slotMinutes } = this.#frame;
    const events: PowerEvent[] = [];
    for (const site of this.#reader?.head.sites ?? []) {
      const region = sites.findIndex((s) => s.id === site.siteId);
      for (let from = 0; region >= 0 && from < slots; ) {
        const kw = site.capKw[from] ?? null;
        const because = site.because[from] ?? '';
        let to = from + 1;
        while (to < slots && (site.capKw[to] ?? null) === kw && (site.because[to] ?? '') === because) to++;
        if (kw !== null) events.push({ id: `policy:${because}`, region, fromSlot: from, toSlot: to, maxPowerKw: kw });
        from = to;
      }
    }
    for (const sold of this.#sold) {
      const region = sites.findIndex(
        (s) => s.region === sold.region && (sold.clusterId === null || s.clusterId === sold.clusterId),
      );
      const fromSlot = Math.max(0, Math.floor((toEpoch(sold.start) - origin) / (slotMinutes * 60)));
      const toSlot = Math.min(slots, Math.ceil((toEpoch(sold.end) - origin) / (slotMinutes * 60)));
      if (region >= 0 && fromSlot < toSlot)
        events.push({ id: `sold:${sold.id}`, region, fromSlot, toSlot, maxPowerKw: sold.maxKw });
    }
    return events;
  }

  /** Carbon caps over teams; `notPlanned` names those whose scope is something else: the judge of the plan checks them. */
  carbonCaps(teams: readonly string[]): { caps: CarbonCap[]; notPlanned: string[] } {
    const { origin, slotMinutes, slots } = this.#frame;
    const caps: CarbonCap[] = [];
    const notPlanned: string[] = [];
    for (const cap of this.#reader?.head.carbonCaps ?? []) {
      const { each, teams: named, ...others } = cap.scope;
      const whom =
        Object.keys(others).length > 0 || (each !== undefined && each !== 'team')
          ? null
          : cap.team !== null
            ? [teams.indexOf(cap.team)].filter((t) => t >= 0)
            : each === 'team'
              ? teams.flatMap((team, t) => (named === undefined || named.includes(team) ? [t] : []))
              : named === undefined
                ? [-1]
                : null;
      if (whom === null) {
        notPlanned.push(
          `the cap of ${this.#quote(cap.because)} concerns other work than that of a team: it is judged, not planned`,
        );
        continue;
      }
      for (const interval of cap.intervals) {
        const fromSlot = Math.max(0, Math.floor((toEpoch(interval.start) - origin) / (slotMinutes * 60)));
        const toSlot = Math.min(slots, Math.ceil((toEpoch(interval.end) - origin) / (slotMinutes * 60)));
        if (fromSlot >= toSlot) continue;
        for (const team of whom)
          caps.push({ id: `policy:${cap.because}#${caps.length}`, team, fromSlot, toSlot, capKg: cap.kg });
      }
    }
    return { caps, notPlanned };
  }

  /** Words of the policy that nothing explains, as sentences. Complete once every job was asked. */
  unresolved(): string[] {
    return (this.#reader?.unresolved() ?? []).map(({ constraintId, why }) => `${this.#quote(constraintId)}: ${why}`);
  }
}
