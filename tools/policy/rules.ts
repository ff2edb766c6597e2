/** One clause to constraints: each kind of sentence is tried in turn, from the one with the clearest words to the vaguest. */
import { type Clause, clauseOf, type Reading, type Rule, readBy, type Setting } from './clause.js';
import { finished } from './finished.js';
import { idleBecause } from './idle.js';
import { budgetCap, carbonCap, minSaving, powerCap } from './rules-amounts.js';
import { APPROVAL, approval, exceptionAt, exceptionOf } from './rules-approval.js';
import { blackout } from './rules-blackout.js';
import { deadline } from './rules-deadline.js';
import { changeFreeze } from './rules-freeze.js';
import { exempt, objective, regions } from './rules-place.js';
import { deferral } from './rules-waiting.js';
import { isScoped, scopeIn } from './scope.js';

const ONLY_WHO = /^only ([^,;:]*?) (?:may|can|(?:is|are) (?:allowed|permitted) to)\b/;

/** "Without the approval of the CTO, no job may …": what opens the rule stands behind it. */
const OPENS = /^((?:unless|without|except with)\b[^,;]*),\s*(?=\S)/;
const turnedRound = (text: string, at: number, length: number) =>
  `${text.slice(length).replace(/[.!\s]+$/, '')} ${text.slice(0, at)}`;

/** Readings of one clause, in order; empty when none of the rules knows it. */
export const readClause = (low: string, original: string, setting: Setting): Reading[] => {
  if (idleBecause(low) !== undefined) return [];
  const opens = OPENS.exec(low);
  if (opens && APPROVAL.test(opens[1]!)) {
    const turn = (text: string) => turnedRound(text, opens[1]!.length, opens[0].length);
    return readClause(turn(low), turn(original), setting);
  }
  const clauseFrom = (a: string, b: string) => clauseOf(a, b, setting.mark);
  const whose = ONLY_WHO.exec(low);
  if (whose && isScoped(scopeIn(whose[0]).scope)) {
    // "Only the ops team may run on Sundays" closes them to everybody else.
    const turned = (text: string) => {
      const [rest, who] = [text.slice(whose[0].length), text.slice('only '.length, 'only '.length + whose[1]!.length)];
      return `no job may${rest.replace(/[.!\s]+$/, '')}, except ${who}${/^[\w-]+$/.test(who) && !isScoped(scopeIn(who).scope) ? ' jobs' : ''}`;
    };
    const clause = clauseFrom(turned(low), turned(original));
    return finished(rulesOf(clause, setting), clause);
  }
  const at = exceptionAt(low);
  if (at !== undefined) {
    const clause = clauseFrom(low.slice(0, at), original.slice(0, at));
    const head = rulesOf(clause, setting);
    const threshold =
      head.length > 0 && !head.every((r) => ['carbon_cap', 'budget_cap', 'power_cap', 'objective'].includes(r.type));
    if (threshold) {
      const way = clauseFrom(low.slice(at), original.slice(at));
      return [...finished(head, clause), ...finished([exceptionOf(way.low, way.original, head[0]!)], way)];
    }
  }
  const clause = clauseFrom(low, original);
  const asked = readBy(approval, clause, setting);
  return finished(asked.length > 0 ? asked : rulesOf(clause, setting), clause);
};

/** The rule of each type of constraint. */
export const RULE_OF: Readonly<Record<string, Rule>> = {
  region_allow: regions,
  region_deny: regions,
  residency: regions,
  deadline,
  max_deferral: deferral,
  sla_class: deferral,
  blackout,
  change_freeze: changeFreeze,
  carbon_cap: carbonCap,
  budget_cap: budgetCap,
  power_cap: powerCap,
  approval_threshold: approval,
  min_saving: minSaving,
  objective,
  exempt,
};

const rulesOf = (c: Clause, s: Setting): Reading[] => {
  for (const rule of [minSaving, changeFreeze]) {
    const found = readBy(rule, c, s);
    if (found.length > 0) return found;
  }
  const amounts = [powerCap, carbonCap, budgetCap].flatMap((rule) => readBy(rule, c, s));
  // "In eu-west-1, power must stay below …": the place says which work the ceiling is for.
  const where = amounts.length > 0 && c.places.length > 0 ? { regions: [...new Set(c.places.map((p) => p.name))] } : {};
  const found = [
    ...amounts.map((r) => ({ ...r, scope: { ...r.scope, ...where } })),
    ...[deferral, deadline, blackout].flatMap((rule) => readBy(rule, c, s)),
    ...(amounts.length > 0 ? [] : readBy(regions, c, s)),
  ];
  if (found.length > 0) return together(found, c);
  const rest = readBy(exempt, c, s);
  return rest.length > 0 ? rest : readBy(objective, c, s);
};

/** "No job may run in A on Sundays" forbids neither A nor Sundays, but A on Sundays, which no kind of constraint says. */
const together = (found: readonly Reading[], c: Clause): Reading[] => {
  const closed = found.some((r) => r.type === 'blackout') && found.some((r) => r.type === 'region_deny');
  const question = `"${c.places.map((p) => c.low.slice(p.from, p.to)).join(', ')}" at those times only, or both apart?`;
  return closed ? found.map((r) => ({ ...r, questions: [...r.questions, question] })) : [...found];
};
