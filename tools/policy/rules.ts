/** One clause to constraints: each kind of sentence is tried in turn, from the one with the clearest words to the vaguest. */
import type { Scope } from '../../domain/policy/policy.js';
import { type Clause, clauseOf, doubts, type Reading, type Setting } from './clause.js';
import { lifts } from './permits.js';
import { budgetCap, carbonCap, minSaving, PERIOD_QUESTION, powerCap } from './rules-amounts.js';
import { approval, exceptionAt, exceptionOf } from './rules-approval.js';
import { exempt, objective, regions } from './rules-place.js';
import { blackout, changeFreeze, deadline, deferral } from './rules-time.js';
import { isScoped, scopeIn } from './scope.js';

const COUNTED_EACH = new Set(['carbon_cap', 'budget_cap', 'power_cap']);
const REGIONAL = new Set(['region_allow', 'region_deny', 'residency']);
const CONDITION = /\b(?:if|when|whenever|unless|provided|as long as|in case|depending on|while)\b/;
const FREE_OF_CONDITIONS = new Set(['approval_threshold', 'objective', 'min_saving', 'exempt']);
const SOFT_CONDITION =
  /\b(?:if|when(?:ever)?|where(?:ver)?) (?:at all )?(?:possible|feasible|practi\w+|necessary|needed|appropriate)\b/g;

/** "The web team emitted 320 kg last month": what was, and not what shall be. */
const isReport = (low: string) =>
  /\b(?:was|were|ran|moved|migrated|emitted|used|spent|cost|saved|had)\b/.test(low) &&
  /\b(?:in|since|during|until|by) (?:the )?(?:\w+ )?(?:19|20)\d\d\b|\blast (?:year|quarter|month|week|winter|summer)\b|\bago\b|\byesterday\b/.test(
    low,
  ) &&
  !/\b(?:must|shall|should|may|can|cannot|never|only|needs?|has to|have to|will|is|are)\b|\bno\b/.test(low);

/** Days that no weekly calendar holds: "the last Friday of the month", "every other Sunday", "in winter". */
const RARE =
  /\b(?:first|second|third|fourth|last|1st|2nd|3rd|4th|every other|every second|every third|alternate|odd|even)\s+(?:mon|tue|wed|thu|fri|sat|sun|week)\w*\b|\b(?:in|during|over)\s+(?:the\s+)?(?:winter|summer|spring|autumn|fall|school holidays?|holidays?|term|heating season|q[1-4])\b|\b(?:bank|public|national|school) holidays?\b|\b(?:christmas|easter|new year)\b|\b(?:at|near|around) (?:month|quarter|year)[- ]end\b|\bfortnight\w*\b/;

const ONLY_WHO = /^only ([^,;:]*?) (?:may|can|(?:is|are) (?:allowed|permitted) to)\b/;

/** Readings of one clause, in order; empty when none of the rules knows it. */
export const readClause = (low: string, original: string, setting: Setting): Reading[] => {
  if (lifts(low) || isReport(low)) return [];
  const whose = ONLY_WHO.exec(low);
  if (whose && isScoped(scopeIn(whose[0]).scope)) {
    // "Only the ops team may run on Sundays" closes them to everybody else.
    const turned = (text: string) => {
      const [rest, who] = [text.slice(whose[0].length), text.slice('only '.length, 'only '.length + whose[1]!.length)];
      return `no job may${rest.replace(/[.!\s]+$/, '')}, except ${who}${/^[\w-]+$/.test(who) ? ' jobs' : ''}`;
    };
    return finished(
      rulesOf(clauseOf(turned(low), turned(original), setting.mark), setting),
      clauseOf(turned(low), turned(original), setting.mark),
    );
  }
  const at = exceptionAt(low);
  if (at !== undefined) {
    const head = rulesOf(clauseOf(low.slice(0, at), original.slice(0, at), setting.mark), setting);
    const threshold =
      head.length > 0 && !head.every((r) => ['carbon_cap', 'budget_cap', 'power_cap', 'objective'].includes(r.type));
    if (threshold)
      return finished(
        [...head, exceptionOf(low.slice(at), original.slice(at), head[0]!)],
        clauseOf(low.slice(0, at), original.slice(0, at), setting.mark),
      );
  }
  const clause = clauseOf(low, original, setting.mark);
  const asked = approval(clause, setting, original);
  return finished(asked.length > 0 ? asked : rulesOf(clause, setting), clause);
};

const rulesOf = (c: Clause, s: Setting): Reading[] => {
  for (const rule of [minSaving, changeFreeze]) {
    const found = rule(c, s);
    if (found.length > 0) return found;
  }
  const amounts = [powerCap, carbonCap, budgetCap].flatMap((rule) => rule(c, s));
  // "In eu-west-1, power must stay below …": the place says which work the ceiling is for.
  const where = amounts.length > 0 && c.places.length > 0 ? { regions: [...new Set(c.places.map((p) => p.name))] } : {};
  const found = [
    ...amounts.map((r) => ({ ...r, scope: { ...r.scope, ...where } })),
    ...[deferral, deadline, blackout].flatMap((rule) => rule(c, s)),
    ...(amounts.length > 0 ? [] : regions(c, s)),
  ];
  if (found.length > 0) return found;
  const rest = exempt(c, s);
  return rest.length > 0 ? rest : objective(c, s);
};

/** What holds for readings of every type: validity, vague words, figures and conditions that nothing speaks for. */
const finished = (readings: readonly Reading[], c: Clause): Reading[] => {
  if (readings.length === 0) return [];
  const used = readings.flatMap((r) => r.uses);
  const unread = c.figures.filter((f) => !used.includes(f) && !used.some((u) => u.from === f.from));
  const types = new Set(readings.map((r) => r.type));
  const open: string[] = [];
  if (c.places.length > 0 && ![...types].some((t) => REGIONAL.has(t) || COUNTED_EACH.has(t)))
    open.push(`what does "${c.places.map((p) => c.low.slice(p.from, p.to)).join(', ')}" change?`);
  if (c.daySpan && !types.has('blackout'))
    open.push(`what does "${c.low.slice(c.daySpan.from, c.daySpan.to).trim()}" change?`);
  if (c.window && ![...types].some((t) => t === 'blackout' || t === 'power_cap' || t === 'change_freeze'))
    open.push(`what does "${c.low.slice(c.window.from, c.window.to).trim()}" change?`);
  if (
    c.days &&
    c.days.length < 7 &&
    ![...types].some((t) => ['blackout', 'deadline', 'power_cap', 'change_freeze'].includes(t))
  )
    open.push(`what does "${c.days.join(', ')}" change?`);
  if (
    c.clocks.length > 0 &&
    ![...types].some((t) => ['blackout', 'deadline', 'power_cap', 'change_freeze'].includes(t))
  )
    open.push(`what does "${c.clocks.join(', ')}" change?`);
  const rare = RARE.exec(c.low);
  if (rare && ![...types].every((t) => t === 'approval_threshold')) open.push(`on which days is "${rare[0]}"?`);
  if (c.unknownZone !== undefined) open.push(`which time zone is "${c.unknownZone}"?`);
  return readings.map((r) => {
    const questions = [...r.questions, ...open];
    if (r.type !== 'approval_threshold') {
      questions.push(...c.vague.map((word) => `which work is "${word}"?`));
      questions.push(...unread.map((f) => `what does "${c.low.slice(f.from, f.to).trim()}" limit?`));
    }
    const condition = CONDITION.exec(c.low.replace(SOFT_CONDITION, ' '));
    if (condition && !FREE_OF_CONDITIONS.has(r.type))
      questions.push(`how is "${c.low.slice(condition.index, condition.index + 60).trim()}" to be checked?`);
    const dated = r.type !== 'change_freeze' ? c.validity : {};
    if (r.type !== 'change_freeze' && r.type !== 'approval_threshold') questions.push(...c.dateQuestions);
    const { each, ...scope } = r.scope as Scope;
    return {
      ...r,
      scope: COUNTED_EACH.has(r.type) && each !== undefined ? { ...scope, each } : scope,
      params: { ...dated, ...r.params },
      questions: [...new Set(questions)],
    };
  });
};

/** A fragment that says another value of what stands before it: "…, bronze up to 24 hours". */
export const continued = (low: string, original: string, setting: Setting): Reading[] => {
  const before = setting.before;
  if (!before) return [];
  const c = clauseOf(low, original, setting.mark);
  if (!isScoped(c.scope)) return [];
  const scope = { ...setting.above, ...c.scope };
  const figure = c.figures.length === 1 ? c.figures[0]! : undefined;
  const period = before.params.period;
  const questions = [...doubts(figure), ...(period === null ? [PERIOD_QUESTION] : [])];
  const base = { effect: before.effect, strength: before.strength, scope, questions };
  if (before.type === 'sla_class' && figure?.dimension === 'time' && scope.slaClasses)
    return finished([{ ...base, type: 'sla_class', params: { maxDeferralMinutes: figure.value }, uses: [figure] }], c);
  if (before.type === 'max_deferral' && figure?.dimension === 'time')
    return finished([{ ...base, type: 'max_deferral', params: { minutes: figure.value }, uses: [figure] }], c);
  if (before.type === 'carbon_cap' && figure?.dimension === 'mass')
    return finished([{ ...base, type: 'carbon_cap', params: { kg: figure.value, period }, uses: [figure] }], c);
  if (before.type === 'budget_cap' && figure?.dimension === 'money')
    return finished(
      [
        {
          ...base,
          type: 'budget_cap',
          params: { amount: figure.value, currency: figure.currency, period },
          uses: [figure],
        },
      ],
      c,
    );
  if (before.type === 'region_allow' && c.places.length > 0 && c.figures.length === 0 && !c.negated)
    return finished(
      [{ ...base, type: 'region_allow', params: { regions: [...new Set(c.places.map((p) => p.name))] }, uses: [] }],
      c,
    );
  return [];
};
