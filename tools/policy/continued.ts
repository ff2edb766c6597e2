/** A fragment that says another value of what stands before it: "…, bronze up to 24 hours". */
import { type Clause, clauseOf, doubts, type Reading, type Rule, type Setting } from './clause.js';
import type { Figure } from './figures.js';
import { finished } from './finished.js';
import { periodSpansIn } from './periods.js';
import { budgetCap, carbonCap, PERIOD_QUESTION } from './rules-amounts.js';
import { regions } from './rules-place.js';
import { deferral } from './rules-waiting.js';
import { isScoped } from './scope.js';
import { spansOf } from './words.js';

const RULES: Readonly<Record<string, Rule>> = {
  sla_class: deferral,
  max_deferral: deferral,
  carbon_cap: carbonCap,
  budget_cap: budgetCap,
  region_allow: regions,
};

/** The value that the fragment gives for the type before it; undefined where it gives none. */
const valueIn = (c: Clause, before: Reading): { params: Record<string, unknown>; uses: Figure[] } | undefined => {
  const figure = c.figures.length === 1 ? c.figures[0]! : undefined;
  const { period } = before.params;
  switch (before.type) {
    case 'sla_class':
      return figure?.dimension === 'time' && c.scope.slaClasses
        ? { params: { maxDeferralMinutes: figure.value }, uses: [figure] }
        : undefined;
    case 'max_deferral':
      return figure?.dimension === 'time' ? { params: { minutes: figure.value }, uses: [figure] } : undefined;
    case 'carbon_cap':
      return figure?.dimension === 'mass' ? { params: { kg: figure.value, period }, uses: [figure] } : undefined;
    case 'budget_cap':
      return figure?.dimension === 'money'
        ? { params: { amount: figure.value, currency: figure.currency, period }, uses: [figure] }
        : undefined;
    case 'region_allow':
      return c.places.length > 0 && c.figures.length === 0 && !c.negated
        ? { params: { regions: [...new Set(c.places.map((p) => p.name))] }, uses: [] }
        : undefined;
    default:
      return undefined;
  }
};

export const continued = (low: string, original: string, setting: Setting): Reading[] => {
  const before = setting.before;
  const rule = before && RULES[before.type];
  if (!before || !rule) return [];
  const c = clauseOf(low, original, setting.mark);
  if (!isScoped(c.scope) || /\b(?:without|except|never)\b/.test(low)) return [];
  const value = valueIn(c, before);
  if (value === undefined) return [];
  const questions = [
    ...value.uses.flatMap((f) => doubts(f)),
    ...(before.params.period === null ? [PERIOD_QUESTION] : []),
  ];
  const { type, effect, strength } = before;
  const scope = { ...setting.above, ...c.scope };
  const words = [...spansOf(low, ...rule.words), ...periodSpansIn(low)];
  return finished([{ type, effect, strength, scope, ...value, questions, words, left: [] }], c);
};
