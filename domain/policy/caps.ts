/** Limits on the work as a whole: closed hours, power caps of sites, carbon and money per period, what needs an approval. */
import { liesIn } from '../regions.js';
import { freezeInterval, occurrences, periodsOf } from './calendar.js';
import { type Constraint, type ConstraintOf, type PolicyLimits, WEEKDAYS } from './policy.js';
import type { SlotRange, Span } from './span.js';

/** Slots in which no job may start or run, one entry for each blackout or freeze whose hours are known. */
export const forbiddenSlots = (must: readonly Constraint[], span: Span): PolicyLimits['forbidden'] => {
  const forbidden: PolicyLimits['forbidden'] = [];
  for (const c of span.of(must, 'blackout')) {
    const { on, days, from, to } = c.params;
    if (on === null || days === null || from === null || to === null) continue;
    const closed = occurrences({ ...c.params, days, from, to }, span.interval, c.params.tz ?? span.zone);
    forbidden.push({ on, slots: span.ranges(closed, on === 'run'), because: c.id });
  }
  for (const c of span.of(must, 'change_freeze')) {
    const interval = freezeInterval(c.params, c.params.tz ?? span.zone);
    if (interval) forbidden.push({ on: 'moved-start', slots: span.ranges([interval], false), because: c.id });
  }
  return forbidden;
};

/** The lowest power cap of each site and slot; sites that no cap concerns are left out. */
export const siteCaps = (must: readonly Constraint[], span: Span): PolicyLimits['sites'] => {
  const rows = span.sites.map((site) => ({
    siteId: site.id,
    capKw: new Array<number | null>(span.slots).fill(null),
    because: new Array<string | null>(span.slots).fill(null),
  }));
  for (const c of span.of(must, 'power_cap')) {
    const { kw } = c.params;
    if (kw === null) continue;
    const cells = cappedSlots(c, span);
    span.sites.forEach((site, s) => {
      if (!concernsSite(c, site)) return;
      const row = rows[s]!;
      for (const [a, b] of cells)
        for (let t = a; t < b; t++)
          if (row.capKw[t] === null || kw < row.capKw[t]!) {
            row.capKw[t] = kw;
            row.because[t] = c.id;
          }
    });
  }
  return rows.filter((site) => site.capKw.some((kw) => kw !== null));
};

/** Without days or hours a cap holds always. */
const cappedSlots = (c: ConstraintOf<'power_cap'>, span: Span): SlotRange[] => {
  const { from, to, days } = c.params;
  const hours = from === undefined || to === undefined ? null : { from, to };
  if (hours === null && days === undefined) return [[0, span.slots]];
  const window = { ...c.params, days: days ?? WEEKDAYS, ...(hours ?? { from: '00:00', to: '24:00' }) };
  return span.ranges(occurrences(window, span.interval, c.params.tz ?? span.zone), true);
};

const concernsSite = ({ scope }: Constraint, site: Span['sites'][number]): boolean => {
  const { resources, regions } = scope;
  const names = [site.id, site.clusterId, site.region].map((name) => name?.toLowerCase());
  return (
    (!resources || resources.some((name) => names.includes(name))) &&
    (!regions || regions.some((place) => liesIn(site.region, place) === true))
  );
};

/** Carbon and money that may be spent within the periods that the span touches. */
export const periodCaps = (
  must: readonly Constraint[],
  span: Span,
): Pick<PolicyLimits, 'carbonCaps' | 'budgetCaps'> => {
  const common = (c: ConstraintOf<'carbon_cap' | 'budget_cap'>) => ({
    scope: c.scope,
    team: c.scope.teams?.length === 1 ? c.scope.teams[0]! : null,
    intervals: c.params.period === null ? [] : periodsOf(c.params.period, span.interval, span.zone),
    because: c.id,
  });
  return {
    carbonCaps: span.of(must, 'carbon_cap').flatMap((c) => {
      const { kg, period } = c.params;
      return kg === null || period === null ? [] : [{ ...common(c), kg, period }];
    }),
    budgetCaps: span.of(must, 'budget_cap').flatMap((c) => {
      const { amount, currency, period } = c.params;
      return amount === null || currency === null || period === null
        ? []
        : [{ ...common(c), amount, currency, period }];
    }),
  };
};

export const approvals = (binding: readonly Constraint[], span: Span): PolicyLimits['approvals'] =>
  span.of(binding, 'approval_threshold').flatMap((c) => {
    const { metric, op, value, approver, approvals: count, of: type } = c.params;
    if (metric === null) return [];
    const money = typeof value === 'object' && value !== null ? value : null;
    return [
      {
        scope: c.scope,
        metric,
        op: op ?? ('>' as const),
        value: money?.amount ?? (typeof value === 'number' ? value : null),
        currency: money?.currency ?? null,
        approver,
        approvals: count ?? 1,
        of: type ?? null,
        because: c.id,
      },
    ];
  });

export const leastSaving = (c: ConstraintOf<'min_saving'>): PolicyLimits['minSaving'][number] => ({
  scope: c.scope,
  kg: c.params.kg ?? null,
  amount: c.params.amount ?? null,
  currency: c.params.currency ?? null,
  because: c.id,
});
