/** What a plan adds up to under each cap and threshold of a policy: by group and period, by site and slot. */
import { besideLimit, exact, figure } from '../../domain/figures.js';
import type { Job } from '../../domain/job.js';
import type { Placement, Plan } from '../../domain/plan.js';
import type { PolicyLimits, Scope } from '../../domain/policy/policy.js';
import type { Match } from '../../domain/policy/scope.js';
import type { Site } from '../../domain/site.js';
import { civilDate, type Interval, toEpoch } from '../../domain/time.js';
import type { PlannedJob } from './rows.js';

type Head = Omit<PolicyLimits, 'jobs' | 'unresolved'>;

export interface Finding {
  readonly because: string;
  readonly outcome: 'allow' | 'needs-approval' | 'deny';
  readonly why: string;
}

/** Two figures that go through everything: of the plan and of what would have happened without it. */
interface Sum {
  planned: number;
  before: number;
  /** of jobs of which nothing says whether the words mean them */
  doubtful: number;
}

interface Cap {
  readonly because: string;
  readonly limit: number;
  readonly unit: string;
  readonly scope: Scope;
  readonly intervals: readonly { from: number; to: number; name: string }[];
  readonly measure: (p: Placement) => number;
  /** by interval and group */
  readonly sums: Map<string, Sum>;
  readonly comparable: boolean;
}

/** The one unit that is counted and not measured. */
const JOBS = 'moved jobs';
const money = (p: Placement) => p.energyCost + p.instanceCost + p.egressCost;

export class Totals {
  readonly #caps: Cap[];
  readonly #sites = new Map<string, { siteId: string; planned: Float64Array; before: Float64Array }>();
  readonly #thresholds: { scope: Scope; because: string; cost: number; kg: number; moved: number; doubtful: number }[];

  constructor(
    private readonly head: Head,
    private readonly sites: readonly Site[],
    private readonly concerns: (scope: Scope, job: Job) => Match,
    /** The clock that names the day on which a period begins. */
    zone: string,
  ) {
    const shape = (cap: { scope: Scope; because: string; intervals: readonly Interval[] }) => ({
      because: cap.because,
      scope: cap.scope,
      intervals: cap.intervals.map((i) => ({
        from: toEpoch(i.start),
        to: toEpoch(i.end),
        name: civilDate(i.start, zone),
      })),
      sums: new Map<string, Sum>(),
    });
    const currencies = new Set(sites.map((s) => s.currency as string));
    this.#caps = [
      ...head.carbonCaps.map((c) => ({
        ...shape(c),
        limit: c.kg,
        unit: 'kg CO2e',
        measure: (p: Placement) => p.emissionsKg as number,
        comparable: true,
      })),
      ...head.budgetCaps.map((c) => ({
        ...shape(c),
        limit: c.amount,
        unit: c.currency,
        measure: money,
        comparable: currencies.has(c.currency),
      })),
    ];
    for (const site of head.sites) {
      const of = sites.find((s) => s.id === site.siteId);
      if (of)
        this.#sites.set(of.region, {
          siteId: site.siteId,
          planned: new Float64Array(head.slots),
          before: new Float64Array(head.slots),
        });
    }
    this.#thresholds = head.approvals.map((a) => ({
      scope: a.scope,
      because: a.because,
      cost: 0,
      kg: 0,
      moved: 0,
      doubtful: 0,
    }));
  }

  add(run: PlannedJob, free: boolean) {
    if (!free) for (const cap of this.#caps) this.#cap(cap, run);
    this.#power(run.pieces, 'planned');
    this.#power(run.before, 'before');
    for (const t of this.#thresholds) {
      const match = this.concerns(t.scope, run.job);
      if (match === false) continue;
      if (match === null) {
        if (run.move !== null) t.doubtful++;
        continue;
      }
      for (const p of run.pieces) {
        t.cost += money(p);
        t.kg += p.emissionsKg;
      }
      if (run.move !== null) t.moved++;
    }
  }

  #cap(cap: Cap, run: PlannedJob) {
    const match = this.concerns(cap.scope, run.job);
    if (match === false) return;
    const each = cap.scope.each;
    const group =
      each === undefined
        ? ''
        : each === 'team'
          ? run.job.team
          : each === 'job'
            ? run.job.id
            : (run.pieces[0]?.region ?? '');
    const put = (pieces: readonly Placement[], member: 'planned' | 'before') => {
      for (const p of pieces) {
        const at = toEpoch(p.start);
        cap.intervals.forEach((interval, i) => {
          if (at < interval.from || at >= interval.to) return;
          const key = `${i}/${group}`;
          const sum = cap.sums.get(key) ?? { planned: 0, before: 0, doubtful: 0 };
          cap.sums.set(key, sum);
          if (match === true) sum[member] += cap.measure(p);
          else if (member === 'planned') sum.doubtful += cap.measure(p);
        });
      }
    };
    put(run.pieces, 'planned');
    put(run.before, 'before');
  }

  #power(pieces: readonly Placement[], member: 'planned' | 'before') {
    if (this.#sites.size === 0) return;
    const step = this.head.slotMinutes * 60;
    const origin = toEpoch(this.head.window.start);
    for (const p of pieces) {
      const rows = this.#sites.get(p.region);
      if (!rows) continue;
      const from = toEpoch(p.start) - origin;
      const to = toEpoch(p.end) - origin;
      if (to <= from) continue;
      const kw = (p.energyKwh * 3600) / (to - from);
      for (let t = Math.max(0, Math.floor(from / step)); t < Math.min(this.head.slots, Math.ceil(to / step)); t++) {
        const share = (Math.min(to, (t + 1) * step) - Math.max(from, t * step)) / step;
        rows[member][t] = rows[member][t]! + kw * share;
      }
    }
  }

  /** What is broken or asks for a person, over all jobs together. */
  findings(plan: Plan): Finding[] {
    return [...this.#capFindings(), ...this.#powerFindings(), ...this.#thresholdFindings(plan)];
  }

  #capFindings(): Finding[] {
    const found: Finding[] = [];
    for (const cap of this.#caps) {
      if (!cap.comparable && cap.sums.size > 0) {
        found.push({
          because: cap.because,
          outcome: 'needs-approval',
          why: `the plan’s money is not in ${cap.unit}, so the cap cannot be compared with it`,
        });
        continue;
      }
      for (const [key, sum] of cap.sums) {
        const [i, group] = [Number(key.slice(0, key.indexOf('/'))), key.slice(key.indexOf('/') + 1)];
        const who = `${group === '' ? 'the plan' : group} in the period from ${cap.intervals[i]!.name}`;
        const [planned, limit] = besideLimit(sum.planned, cap.limit);
        const comes = `comes to ${planned} of ${limit} ${cap.unit}`;
        if (sum.planned > cap.limit * (1 + 1e-9))
          found.push(
            sum.before > cap.limit && sum.planned <= sum.before
              ? {
                  because: cap.because,
                  outcome: 'needs-approval',
                  why: `${who} ${comes}; running now would come to ${figure(sum.before)}`,
                }
              : { because: cap.because, outcome: 'deny', why: `${who} ${comes}` },
          );
        else if (sum.planned + sum.doubtful > cap.limit * (1 + 1e-9))
          found.push({
            because: cap.because,
            outcome: 'needs-approval',
            why: `${who} may come to ${besideLimit(sum.planned + sum.doubtful, cap.limit).join(' of ')} ${cap.unit}: nothing says which jobs the policy means`,
          });
      }
    }
    return found;
  }

  #powerFindings(): Finding[] {
    const found = new Map<string, Finding>();
    for (const site of this.head.sites) {
      const region = this.sites.find((s) => s.id === site.siteId)?.region;
      const rows = region === undefined ? undefined : this.#sites.get(region);
      if (!rows) continue;
      site.capKw.forEach((cap, t) => {
        const because = site.because[t];
        if (cap === null || !because || rows.planned[t]! <= cap * (1 + 1e-6)) return;
        const why = `${site.siteId} draws ${besideLimit(rows.planned[t]!, cap).join(' kW where ')} kW are allowed`;
        const worse = rows.planned[t]! > Math.max(cap, rows.before[t]!) * (1 + 1e-6);
        if (worse || !found.has(because))
          found.set(because, { because, outcome: worse ? 'deny' : 'needs-approval', why });
      });
    }
    return [...found.values()];
  }

  #thresholdFindings(plan: Plan): Finding[] {
    const found: Finding[] = [];
    this.head.approvals.forEach((a, i) => {
      if (a.value === null) return;
      const sum = this.#thresholds[i]!;
      const whole = Object.keys(a.scope).length === 0;
      const ask = (value: number, unit: string) => {
        if (a.op === '>=' ? value >= a.value! : value > a.value!)
          found.push({
            because: a.because,
            outcome: 'needs-approval',
            why: `the plan comes to ${(unit === JOBS ? [value, a.value!].map(exact) : besideLimit(value, a.value!)).join(` ${unit}, and `)} ${unit} ask for approval`,
          });
        else if (sum.doubtful > 0)
          found.push({
            because: a.because,
            outcome: 'needs-approval',
            why: `nothing says whether ${sum.doubtful} moved jobs are among those that the policy means`,
          });
      };
      if (a.metric === 'cost') {
        if (a.currency !== null && a.currency !== plan.planned.cost.currency)
          found.push({
            because: a.because,
            outcome: 'needs-approval',
            why: `the plan costs money in ${plan.planned.cost.currency}, which cannot be compared with ${a.currency}`,
          });
        else ask(whole ? plan.planned.cost.total : sum.cost, plan.planned.cost.currency);
      } else if (a.metric === 'carbon_kg') ask(whole ? plan.planned.emissionsKg.value : sum.kg, 'kg CO2e');
      else if (a.metric === 'power_kw') ask(plan.planned.peakKw, 'kW');
      else if (a.metric === 'jobs') ask(sum.moved, JOBS);
      else if (a.metric === 'share_of_carbon_cap')
        for (const cap of this.#caps.filter((c) => c.unit === 'kg CO2e'))
          for (const [key, part] of cap.sums) {
            const share = cap.limit === 0 ? Number.POSITIVE_INFINITY : (part.planned + part.doubtful) / cap.limit;
            if (a.op === '>=' ? share >= a.value : share > a.value) {
              const group = key.slice(key.indexOf('/') + 1);
              found.push({
                because: a.because,
                outcome: 'needs-approval',
                why: `${group === '' ? 'the plan' : group} comes to ${Number.isFinite(share) ? besideLimit(share * 100, a.value * 100).join(' % of its carbon ceiling, and ') : `more than its carbon ceiling, which is 0, and ${exact(a.value * 100)}`} % ask for approval`,
              });
            }
          }
    });
    return found;
  }
}
