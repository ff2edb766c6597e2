/** Sentences that put something before a person: from which figure on, who it is, and how many of them. */
import { approverIn, countIn } from './approvers.js';
import { type Clause, clauseOf, doubts, type Reading, type Rule, type RuleReading, type Setting } from './clause.js';
import type { Figure } from './figures.js';
import { spansOf } from './words.js';

export const APPROVAL =
  /\b(?:approv\w*|sign[- ]?offs?|signed off|signs? (?:it |them )?off|authori[sz]\w*|consent\w*|permission|four[- ]?eyes|second pair of eyes|two[- ]person|countersign\w*|go-ahead|clearance|say-so|sanction(?:ed)? by|agreed? (?:by|with)|agreement (?:of|by|from)|ask(?:ed)? (?:first|before)|human review|manual review|reviewed by|confirmed by|confirmation (?:of|by|from)|granted by)\b/;
const LOOSENS =
  /\b(?:no|without|not|never|don't|doesn't|waive[sd]?|skip(?:ped)?)\b[^.;,]{0,30}\b(?:approv\w*|sign[- ]?off|authori[sz]ation|consent|permission)\b|\b(?:automatically|auto-?)\s*approv\w*|\bapproved automatically\b|\bpre-?approved\b|\b(?:nobody|no one|no-one)\b[^.;,]{0,30}\b(?:approv\w*|sign|authori[sz]e)\b|\bapproval is not\b|\bexempt from approval\b/;
const NEEDS =
  /\b(?:need\w*|requir\w*|must|shall|has to|have to|subject to|only with|only after|unless|should|demand\w*|granted|is to|are to|go(?:es)? to|approves?|signs?|without|may not|before)\b|:/;

const UP_WORDS =
  /\b(?:at least|no less than|from|starting at|reach(?:es|ing)?|exceed(?:s|ing)?|above|over|more than|greater than|larger than|higher than|beyond|in excess of|upwards? of|past|bigger than|or more|and more|plus|and up|or over|or higher|or above)\b/;
const UP = /(?:>=|\u2265|\b(?:at least|no less than|from|starting at|reach(?:es|ing)?|of)\s*)$/;
const ABOVE =
  /(?:>|\b(?:exceed(?:s|ing)?|above|over|more than|greater than|larger than|higher than|beyond|in excess of|upwards? of|past|costlier than|bigger than|with more than|touch(?:es|ing)? more than|mov(?:es|ing) more than)\s*(?:a (?:total|cost|value) of\s*)?)$/;

const opOf = (c: Clause, figure: Figure): '>' | '>=' => {
  const before = c.low.slice(0, figure.from).trimEnd() + ' ';
  const behind = c.low.slice(figure.to, figure.to + 30);
  if (/\b(?:or more|and more|plus)\b/.test(c.low.slice(figure.from, figure.to))) return '>=';
  if (/^[^,.;]{0,14}\b(?:or more|and more|or above|and above|and up|upwards?|or over|or higher)\b/.test(behind))
    return '>=';
  if (ABOVE.test(before)) return '>';
  return UP.test(before) ? '>=' : '>';
};

const VAGUE: readonly [RegExp, 'cost' | 'carbon_kg' | 'power_kw' | 'jobs', string][] = [
  [
    /\b(?:expensive|costly|pricey|high[- ]cost|big spend|significant (?:costs?|spend)|large amounts?)\b/,
    'cost',
    'what cost is',
  ],
  [
    /\b(?:high[- ]carbon|carbon[- ]intensive|dirty|polluting|high emissions?|large emissions?)\b/,
    'carbon_kg',
    'how many kg of CO2e are',
  ],
  [/\b(?:power[- ]hungry|high[- ]power)\b/, 'power_kw', 'how many kW are'],
  [
    /\b(?:large|big|major|substantial|significant|mass|bulk|huge|risky|unusual|important|extensive)\b/,
    'jobs',
    'how many jobs are',
  ],
];

const TYPES: readonly [RegExp, string][] = [
  [/\bfreeze/, 'change_freeze'],
  [/\b(?:residency|region)/, 'region_allow'],
  [/\b(?:blackout|window|quiet hours)/, 'blackout'],
  [/\b(?:carbon )?(?:ceiling|cap)\b/, 'carbon_cap'],
  [/\bbudget/, 'budget_cap'],
  [/\bdeadline/, 'deadline'],
  [/\b(?:deferral|delay)/, 'max_deferral'],
  [/\bpower/, 'power_cap'],
];

/** "Without the approval of the CTO, no job may …" asks for more approval, and not for less. */
const OPENS_BAN = /^(?:without|unless)\b[^,;]*,[^.;]*\b(?:may not|must not|no|never|nothing|nobody|cannot)\b/;

/** True for a sentence that would make approval easier: a policy can only tighten. */
export const loosens = (low: string): boolean =>
  LOOSENS.test(low) &&
  !OPENS_BAN.test(low) &&
  !/\b(?:may not|must not|mustn't|shall not|cannot|can't|never|no|not|nothing|nobody|only)\b[^.;]*\bwithout\b/.test(
    low,
  );

const read = (c: Clause, s: Setting): RuleReading[] => {
  if (!APPROVAL.test(c.low) || !NEEDS.test(c.low) || loosens(c.low)) return [];
  const found = approverIn(c.original);
  const approver = found?.name ?? null;
  const approvals = found?.people ?? countIn(c.low);
  const nobody = approver === null && approvals === undefined;
  // What names who signs is not whom it concerns.
  const about =
    approver === null ? c.low : c.low.replace(approver.toLowerCase(), (found) => found.replace(/[^ ]/g, '.'));
  const scope = { ...s.above, ...clauseOf(about, about, null).scope };
  const made = (
    params: Record<string, unknown>,
    questions: readonly string[],
    uses: readonly Figure[],
  ): RuleReading => ({
    type: 'approval_threshold',
    effect: 'approve',
    strength: c.strength,
    scope,
    params: { ...params, approver, ...(approvals === undefined ? {} : { approvals }) },
    questions,
    uses,
    words: found === null ? [] : [found.span],
  });
  // "The head of finance and two engineers" are three people of two kinds: one name and one number cannot say it.
  const mixed = approver !== null && /\b(?:and|plus|together with)\s+(?:two|three|four|five|[2-5])\b/i.test(approver);
  const who = nobody ? ['who signs?'] : mixed ? [`who of "${approver}" must sign, and how many?`] : [];
  const figures = c.figures.filter(
    (f) => ['money', 'mass', 'ratio', 'power', 'count'].includes(f.dimension) && !isHeadcount(c, f),
  );
  if (
    /\b(?:exceptions?|waivers?|exemptions?|deviations?|derogations?|overrid\w+)\b/.test(c.low) &&
    figures.length === 0
  ) {
    const of = TYPES.find(([regex]) => regex.test(c.low))?.[1] ?? s.before?.type;
    return [made({ metric: 'exception', ...(of ? { of } : {}) }, who, [])];
  }
  const above = figures.length === 0 && ABOVE_IT.test(c.low);
  if (above && s.figure?.dimension === 'money')
    return [made({ metric: 'cost', op: '>', value: { amount: s.figure.value, currency: s.figure.currency } }, who, [])];
  // "Anything above needs …": above the ceiling that stands before it.
  if (above && s.before) return [made({ metric: 'exception', of: s.before.type }, who, [])];
  if (figures.length > 0)
    return figures.map((f) => {
      const base = { op: opOf(c, f) };
      const questions = [
        ...doubts(f),
        ...who,
        ...(isBelow(c, f) ? [`approval below ${f.written}, and not above it?`] : []),
        ...(isSaving(c, f) ? [`what a plan saves is no threshold: ${f.written} of what it emits or costs?`] : []),
      ];
      if (f.dimension === 'money')
        return made(
          { metric: 'cost', ...base, value: f.value === null ? null : { amount: f.value, currency: f.currency } },
          questions,
          [f],
        );
      if (f.dimension === 'mass') return made({ metric: 'carbon_kg', ...base, value: f.value }, questions, [f]);
      if (f.dimension === 'power') return made({ metric: 'power_kw', ...base, value: f.value }, questions, [f]);
      if (f.dimension === 'count') return made({ metric: 'jobs', ...base, value: f.value }, questions, [f]);
      const ofCap = /\b(?:ceiling|cap|limit|allowance|quota|carbon budget|carbon)\b/.test(c.low.slice(f.to));
      return ofCap
        ? made({ metric: 'share_of_carbon_cap', ...base, value: f.value }, questions, [f])
        : made({ metric: null, ...base, value: f.value }, [`${f.written} % of what?`, ...who], [f]);
    });
  const bare = c.figures.find((f) => f.dimension === 'none' && !isHeadcount(c, f));
  if (bare)
    return [
      made({ metric: null, op: opOf(c, bare), value: null }, [`what is the unit of ${bare.written}?`, ...who], [bare]),
    ];
  const vague = VAGUE.map(([regex, metric, ask]) => ({ found: regex.exec(c.low), metric, ask })).find((v) => v.found);
  if (vague)
    return [
      made({ metric: vague.metric, op: '>', value: null }, [`${vague.ask} "${vague.found![0]}", and who signs?`], []),
    ];
  const all = /\b(?:every|any|all|each|no)\b|\bmoves?\b|\bmoved\b|\bplans?\b|\bchanges?\b/.test(c.low);
  return all ? [made({ metric: 'jobs', op: '>', value: 0 }, who, [])] : [];
};

/** "Anything above", "above that". */
const ABOVE_IT =
  /^\W*(?:anything|everything|whatever|any(?:one)?|amounts?|plans?|teams?)\s+(?:that (?:is|goes|exceeds?)\s+)?(?:above|over|beyond|more|this|that)\b|\babove (?:that|this|it)\b/;

/** A threshold asks from a figure on; one that asks below it is none. */
const isBelow = (c: Clause, f: Figure) =>
  /\b(?:less than|under|below|fewer than|smaller than|up to|at most|within|(?:no|not|never) (?:more|greater|higher|larger|bigger) than)\s*$/.test(
    c.low.slice(0, f.from),
  ) && !/\bnot\s+(?:less|fewer) than\s*$|\bno (?:less|fewer) than\s*$/.test(c.low.slice(0, f.from));

const isSaving = (c: Clause, f: Figure) =>
  ['money', 'mass'].includes(f.dimension) &&
  /\b(?:sav(?:e|es|ed|ing|ings)|avoid(?:s|ed)?)\b/.test(c.low.slice(0, f.from));

const isHeadcount = (c: Clause, f: Figure) =>
  /^\s*(?:(?:different|distinct|separate|independent|senior)\s+)*(?:people|persons|approvers?|approvals?|signatures?|members|individuals|managers|leads|pairs|eyes)/.test(
    c.low.slice(f.to),
  );

export const approval: Rule = {
  words: [
    APPROVAL,
    NEEDS,
    // How many sign, and no other number.
    /(?<=\b(?:by|of|from|least|needs?|requires?|and|plus|both) )(?:two|three|four|five)\b|\b(?:two|three|four|five)(?= (?:[\w-]+ ){0,2}(?:people|persons|approvers?|approvals?|signatures?|members|individuals|managers|directors|eyes|leads|heads|engineers|officers|operators)\b)/,
    UP_WORDS,
    /\b(?:plans?|moves?|moved|changes?|requests?|placements?|relocations?|anything|costs?|costing|cost|spend(?:s|ing)?|emit(?:s|ting)?|emissions?|carbon|co2e?|sav(?:e|es|ing)|shift(?:s|ing)?|mov(?:e|es|ing)|touch(?:es|ing)?|predicted|forecast|expected|estimated|value|total|worth|exceptions?|waivers?|exemptions?|deviations?|overrides?|ceilings?|caps?|limits?|budgets?|allowances?|quotas?|monthly|freezes?|residency|blackouts?|deadlines?|beforehand|first|before|prior|written|writing|explicit|in advance|given|get|gets|obtain(?:ed)?|used?|uses|reach(?:es|ed)?|both|different|distinct|separate|independent|people|persons?|approvers?|signatures?|members|individuals|managers?|directors?|executed|carried out|made|placed|done|human|manual|always|if|when|where|any|such|run|draw(?:s|ing)?|power|only|with|rule|policy|more)\b/,
    /\b(?:team's|period|month|quarter|year|agree[sd]?|signs?|signed|consents?|at once|affect(?:s|ing)?|peaks?)\b/,
  ],
  read,
};

const UNLESS =
  /[,]?\s*\b(?:unless|except (?:with|when|if|where|after)|without|only with|only after|save with|but only with)\b\s*[^.;]*?\b(?:approv\w*|sign\w*|authori[sz]\w*|consent\w*|permission|agree\w*|waiver?s?|exceptions?)\b[^.;]*$/;

/** Where a clause says "… unless X approves": the position at which that begins. */
export const exceptionAt = (low: string): number | undefined => {
  const match = UNLESS.exec(low.replace(/[.!]+$/, ''));
  return match && match.index > 8 ? match.index : undefined;
};

/** The approval that opens a rule for an exception. */
export const exceptionOf = (low: string, original: string, rule: Reading): Reading => {
  const found = approverIn(original);
  const approver = found?.name ?? null;
  const approvals = found?.people ?? countIn(low);
  return {
    type: 'approval_threshold',
    effect: 'approve',
    strength: 'must',
    scope: rule.scope,
    params: { metric: 'exception', approver, of: rule.type, ...(approvals === undefined ? {} : { approvals }) },
    questions: approver === null && approvals === undefined ? ['who signs?'] : [],
    left: [],
    uses: [],
    words: [...(found === null ? [] : [found.span]), ...spansOf(low, ...approval.words)],
  };
};
