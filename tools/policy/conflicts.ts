/** How constraints stand to each other: which one replaces a more general one, and which cannot hold together. */
import type { Constraint, ConstraintOf, Scope, Weekday } from '../../domain/policy/policy.js';
import { WEEKDAYS } from '../../domain/policy/policy.js';
import { liesIn } from '../../domain/regions.js';
import { clauseOf } from './clause.js';
import { flat, normalise } from './normal.js';
import { permissionIn } from './permits.js';

const MEMBERS = ['teams', 'kinds', 'environments', 'regions', 'slaClasses', 'resources'] as const;
type Plain = Omit<Scope, 'except'>;

/** Every job of `b` is one of `a`, as far as the words tell. */
const covers = (a: Scope, b: Scope): boolean =>
  MEMBERS.every((m) => a[m] === undefined || b[m]?.every((name) => a[m]!.includes(name))) &&
  Object.entries(a.labels ?? {}).every(([key, value]) => b.labels?.[key] === value) &&
  (a.except === undefined || JSON.stringify(a.except) === JSON.stringify(b.except) || disjointPlain(a.except, b));

const disjointPlain = (a: Plain, b: Plain): boolean =>
  MEMBERS.some((m) => a[m] !== undefined && b[m] !== undefined && !a[m].some((name) => b[m]!.includes(name))) ||
  Object.entries(a.labels ?? {}).some(([key, value]) => b.labels?.[key] !== undefined && b.labels[key] !== value);

/** No job can be in both, as far as the words tell. */
const disjoint = (a: Scope, b: Scope): boolean => {
  const { except: exceptA, ...plainA } = a;
  const { except: exceptB, ...plainB } = b;
  return (
    disjointPlain(plainA, plainB) ||
    (exceptA !== undefined && covers(exceptA, plainB)) ||
    (exceptB !== undefined && covers(exceptB, plainA))
  );
};
const equal = (a: Scope, b: Scope) => covers(a, b) && covers(b, a) && a.each === b.each;
/** "Each team" and "team x" are the general and the special; so are two scopes of which one lies within the other. */
const isSpecial = (special: Scope, general: Scope) =>
  covers(general, special) && (!covers(special, general) || (general.each !== undefined && special.each === undefined));

const meetIn = (a: string, b: string) => liesIn(a, b) === true || liesIn(b, a) === true;

type Dated = { validFrom?: string; until?: string };
const apart = (a: Constraint, b: Constraint) => {
  const [x, y] = [a.params as Dated, b.params as Dated];
  return (
    (x.until !== undefined && y.validFrom !== undefined && x.until < y.validFrom) ||
    (y.until !== undefined && x.validFrom !== undefined && y.until < x.validFrom)
  );
};

/** What two ceilings must have in common to be ceilings of the same thing, and the value that they set. */
interface Ceiling {
  readonly same: string;
  readonly value: unknown;
}
const ceilingOf = (c: Constraint): Ceiling | undefined => {
  switch (c.type) {
    case 'carbon_cap':
      return { same: `${c.params.period?.replace('calendar_', '')}`, value: c.params.kg };
    case 'budget_cap':
      return { same: `${c.params.period?.replace('calendar_', '')} ${c.params.currency}`, value: c.params.amount };
    case 'power_cap':
      return { same: `${c.params.from} ${c.params.to} ${c.params.days}`, value: c.params.kw };
    case 'max_deferral':
      return { same: '', value: c.params.minutes };
    case 'sla_class':
      return { same: '', value: c.params.maxDeferralMinutes };
    case 'min_saving':
      return { same: c.params.kg === undefined ? 'money' : 'kg', value: c.params.kg ?? c.params.amount };
    case 'deadline':
      return c.params.finishBy === undefined
        ? undefined
        : { same: `${c.params.on} ${c.params.tz}`, value: c.params.finishBy };
    case 'approval_threshold':
      return c.params.value === undefined
        ? undefined
        : {
            same: `${c.params.metric} ${c.params.approver?.toLowerCase()} ${c.params.approvals ?? 1}`,
            value: JSON.stringify(c.params.value),
          };
    default:
      return undefined;
  }
};

const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

const plusMinute = (clock: string) => {
  const minutes = (minutesOf(clock) + 1) % 1440;
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
};

type Hours = { readonly days: readonly Weekday[] | null; readonly from: string | null; readonly to: string | null };

/** Minutes of the week within recurring hours, as a set of quarter hours. */
const closedBy = ({ days, from, to }: Hours, into = new Uint8Array(672)): Uint8Array => {
  if (days === null || from === null || to === null) return into;
  for (const day of days) {
    const start = WEEKDAYS.indexOf(day) * 1440 + minutesOf(from);
    const length = to <= from ? minutesOf(to) + 1440 - minutesOf(from) : minutesOf(to) - minutesOf(from);
    for (let q = 0; q < length; q += 15) into[Math.floor((start + q) / 15) % 672] = 1;
  }
  return into;
};

/** Minutes that a sentence allows, against those that a blackout closes. */
const allowsWhat = (allowing: Constraint, b: Constraint): boolean => {
  if (b.type !== 'blackout' || disjoint(allowing.scope, b.scope)) return false;
  const original = flat(allowing.quote);
  const may = permissionIn(clauseOf(normalise(original), original, null));
  // Work that started before may run on through hours in which none starts.
  if (!may || (may.on === 'run' && b.params.on === 'start' && may.from !== '00:00')) return false;
  const shut = closedBy(b.params);
  return closedBy({ ...may, to: may.from === may.to ? plusMinute(may.from) : may.to }).some(
    (open, q) => open && shut[q],
  );
};

const REGIONAL: ReadonlySet<string> = new Set(['region_allow', 'region_deny', 'residency']);
const MOVES: ReadonlySet<string> = new Set(['exempt', 'sla_class', 'max_deferral']);
/** Types that can contradict each other at all; a long policy has many pairs that cannot. */
const meet = (a: string, b: string): boolean =>
  a === b ||
  a === 'unsupported' ||
  b === 'unsupported' ||
  (REGIONAL.has(a) && REGIONAL.has(b)) ||
  (MOVES.has(a) && MOVES.has(b));

const contradict = (a: Constraint, b: Constraint, x: Ceiling | undefined, y: Ceiling | undefined): boolean => {
  if (a.type === 'unsupported' || b.type === 'unsupported')
    return a.type === 'unsupported' ? allowsWhat(a, b) : allowsWhat(b, a);
  if (apart(a, b) || a.strength !== b.strength) return false;
  if (a.type === b.type && x && y && x.same === y.same && x.value !== y.value && equal(a.scope, b.scope)) return true;
  if (a.type === b.type && x && a.type !== 'sla_class') return false;
  if (disjoint(a.scope, b.scope)) return false;
  const regional = (c: Constraint): c is ConstraintOf<'region_allow' | 'region_deny' | 'residency'> =>
    REGIONAL.has(c.type);
  if (regional(a) && regional(b)) {
    const [ra, rb] = [a.params.regions, b.params.regions];
    const denies = [a, b].filter((c) => c.type === 'region_deny').length;
    if (denies === 0) return !ra.some((p) => rb.some((q) => meetIn(p, q)));
    if (denies === 2) return false;
    const [allowed, denied] = a.type === 'region_deny' ? [rb, ra] : [ra, rb];
    return allowed.every((p) => denied.some((q) => liesIn(p, q) === true));
  }
  if (
    a.type === 'blackout' &&
    b.type === 'blackout' &&
    (a.params.on === 'run' || b.params.on === 'run' || a.params.on === b.params.on)
  ) {
    const one = closedBy(a.params);
    const closed = closedBy(b.params, one.slice());
    return closed.every((q) => q === 1) && !one.every((q) => q === 1);
  }
  const still = (c: Constraint) => c.type === 'exempt' || (c.type === 'sla_class' && c.params.movable === false);
  const delays = (c: Constraint) =>
    (c.type === 'max_deferral' || c.type === 'sla_class') && (ceilingOf(c)!.value as number) > 0;
  return (still(a) && delays(b) && covers(a.scope, b.scope)) || (still(b) && delays(a) && covers(b.scope, a.scope));
};

/** Adds `overrides` and `conflictsWith`, positions in the same list; a contradiction changes the status of both and asks which holds. */
export const related = (constraints: readonly Constraint[]): Constraint[] => {
  const out = constraints.map((c) => ({ ...c }));
  const clear = out.map((c) => c.status === 'clear' || c.type === 'unsupported');
  const ceilings = out.map(ceilingOf);
  const against = new Map<number, number[]>();
  for (let i = 0; i < out.length; i++)
    for (let j = i + 1; j < out.length; j++) {
      if (!clear[i] || !clear[j] || !meet(out[i]!.type, out[j]!.type)) continue;
      const [a, b] = [out[i]!, out[j]!];
      if (contradict(a, b, ceilings[i], ceilings[j])) {
        against.set(i, [...(against.get(i) ?? []), j]);
        against.set(j, [...(against.get(j) ?? []), i]);
      }
      const [x, y] = [ceilings[i], ceilings[j]];
      if (a.type === b.type && x && y && x.same === y.same && x.value !== y.value && a.type !== 'approval_threshold') {
        if (isSpecial(b.scope, a.scope)) b.overrides ??= i;
        else if (isSpecial(a.scope, b.scope)) a.overrides ??= j;
      }
    }
  return out.map((c, i) => {
    const others = against.get(i);
    if (!others) return c;
    return {
      ...c,
      status: 'conflict' as const,
      conflictsWith: others,
      questions: [...c.questions, ...others.map((j) => contradiction(out[Math.min(i, j)]!, out[Math.max(i, j)]!))],
    };
  });
};

const contradiction = (a: Constraint, b: Constraint) => `contradiction: which holds, “${a.quote}” or “${b.quote}”?`;
