/** Sentences that put something before a person: from which figure on, who it is, and how many of them. */
import { type Clause, clauseOf, doubts, type Reading, type Setting } from './clause.js';
import type { Figure } from './figures.js';

export const APPROVAL =
  /\b(?:approv\w*|sign[- ]?offs?|signed off|signs? (?:it |them )?off|authori[sz]\w*|consent\w*|permission|four[- ]?eyes|second pair of eyes|two[- ]person|countersign\w*|go-ahead|clearance|say-so|sanction(?:ed)? by|agreed? (?:by|with)|agreement (?:of|by|from)|ask(?:ed)? (?:first|before)|human review|manual review|reviewed by|confirmed by|confirmation (?:of|by|from)|granted by)\b/;
const LOOSENS =
  /\b(?:no|without|not|never|don't|doesn't|waive[sd]?|skip(?:ped)?)\b[^.;,]{0,30}\b(?:approv\w*|sign[- ]?off|authori[sz]ation|consent|permission)\b|\b(?:automatically|auto-?)\s*approv\w*|\bapproved automatically\b|\bpre-?approved\b|\b(?:nobody|no one|no-one)\b[^.;,]{0,30}\b(?:approv\w*|sign|authori[sz]e)\b|\bapproval is not\b|\bexempt from approval\b/;
const NEEDS =
  /\b(?:need\w*|requir\w*|must|shall|has to|have to|subject to|only with|only after|unless|should|demand\w*|granted|is to|are to|go(?:es)? to|approves?|signs?|without|may not|before)\b|:/;

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

const ROLE = String.raw`((?:(?:both |either )?(?:the |a |an |our |their |its |any |another )?)[\p{L}][\p{L}\p{N}&/'-]*(?: (?!(?:has|have|must|shall|should|needs?|is|are|will|can|may|before|if|when|unless|to|first|in|within|on|at|for|which|who|that|prior)\b)[\p{L}\p{N}&/'-]+){0,6})`;
const BY = new RegExp(
  String.raw`\b(?:approv\w*|sign[- ]?offs?|signed off|authori[sz]\w*|consent\w*|permission|agree\w*|clearance|go-ahead|reviewed|review|confirmed|confirmation|granted|countersigned|sanctioned|ok)\s+(?:(?:is|are) (?:needed|required)\s+)?(?:by|from|of|with)\s+${ROLE}`,
  'iu',
);
const ACTS = new RegExp(
  String.raw`(?:^|[,:;]\s*|\bthen\s+|\bunless\s+|\bonly (?:if|when|after)\s+|\buntil\s+|\bwithout\s+|\bbefore\s+)${ROLE}\s+(?:has to|have to|must|needs? to|need to|shall|should|is to|are to|will|has|have)?\s*(?:each |both |first |all )?(?:approve[sd]?|sign(?:s|ed)?|authori[sz]e[sd]?|agree[sd]?|consent(?:s|ed)?|confirm(?:s|ed)?|give[sn]? (?:its |their )?(?:consent|approval|permission|go-ahead))\b`,
  'iu',
);
const OWN = new RegExp(
  String.raw`\b(?:need\w*|requir\w*|with(?:out)?|subject to|get|obtain|have|has)\s+(?:an? |the |prior |written |explicit |additional )*${ROLE}(?:'s|s'|\u2019s)?\s+(?:approval|sign[- ]?off|consent|authori[sz]ation|permission|go-ahead)\b`,
  'iu',
);
const NOBODY =
  /^(?:a|an|the|any|prior|written|explicit|manual|human|additional|formal|separate|further|two|three|it|they|someone|somebody|anyone|plans?|moves?|changes?|approval|person|people|approvers?|must|need|needs|be|is|also|always|first|both|second|four-eyes|four eyes)$/i;
const NUMBERS: Readonly<Record<string, number>> = {
  two: 2,
  '2': 2,
  three: 3,
  '3': 3,
  four: 4,
  '4': 4,
  five: 5,
  '5': 5,
  both: 2,
};

/** Who answers, as the text writes it, without an article; null when it does not say. */
export const approverIn = (low: string, original: string): string | null => {
  for (const regex of [BY, ACTS, OWN]) {
    const match = regex.exec(original.replace(/\u2019/g, "'").replace(/\s/g, ' '));
    if (!match) continue;
    let name = match[1]!
      .trim()
      .replace(/^(?:both|either)\s+/i, '')
      .replace(/^(?:the|a|an|our|their|its|any|another)\s+/i, '');
    name = name.replace(
      /^(?:(?:two|three|2|3|four|at least)\s+)+(?:(?:different|distinct|separate|independent)\s+)?(?:(?:people|persons|approvers|approvals|members|individuals|colleagues|engineers|managers)\s*)?(?:(?:of|from|in)\s+)?(?:the\s+)?/i,
      '',
    );
    name = name
      .replace(/\s+(?:first|beforehand|in writing|explicitly|before.*|prior.*)$/i, '')
      .replace(/'s$/, '')
      .trim();
    if (
      name !== '' &&
      !NOBODY.test(name) &&
      !/^(?:needs?|require[sd]?|exceeds?|plans? |moves? |jobs? |changes? |any |every |all |no )/i.test(name)
    )
      return name;
  }
  return low === '' ? null : null;
};

const countIn = (low: string): number | undefined => {
  if (
    /\b(?:four[- ]?eyes|second pair of eyes|two[- ]person|dual (?:approval|control|sign[- ]?off)|second (?:person|approver|approval))\b/.test(
      low,
    )
  )
    return 2;
  const match =
    /\b(two|three|four|five|[2-5])\s+(?:(?:different|distinct|separate|independent|senior|authori[sz]ed|named)\s+)*(?:people|persons|approvers?|approvals?|signatures?|members|individuals|sign[- ]?offs?|managers?|leads?|engineers|directors|heads|colleagues|reviewers|operators|administrators|admins)\b/.exec(
      low,
    ) ?? /\bapproved by (two|three|four|five|[2-5])\b/.exec(low);
  if (match) return NUMBERS[match[1]!];
  return /\bboth\b[^.;]*\band\b/.test(low) ? 2 : undefined;
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

/** True for a sentence that would make approval easier: a policy can only tighten. */
export const loosens = (low: string): boolean =>
  LOOSENS.test(low) &&
  !/\b(?:may not|must not|mustn't|shall not|cannot|can't|never|no|not|nothing|nobody|only)\b[^.;]*\bwithout\b/.test(
    low,
  );

/** `original` is the clause as written, of the same length as `c.low`. */
export const approval = (c: Clause, s: Setting, original: string): Reading[] => {
  if (!APPROVAL.test(c.low) || !NEEDS.test(c.low) || loosens(c.low)) return [];
  const approver = approverIn(c.low, original);
  const approvals = countIn(c.low);
  const nobody = approver === null && approvals === undefined;
  // What names who signs is not whom it concerns.
  const about =
    approver === null ? c.low : c.low.replace(approver.toLowerCase(), (found) => found.replace(/[^ ]/g, '.'));
  const scope = { ...s.above, ...clauseOf(about, about, null).scope };
  const made = (params: Record<string, unknown>, questions: readonly string[], uses: readonly Figure[]): Reading => ({
    type: 'approval_threshold',
    effect: 'approve',
    strength: c.strength,
    scope,
    params: { ...params, approver, ...(approvals === undefined ? {} : { approvals }) },
    questions,
    uses,
  });
  const who = nobody ? ['who signs?'] : [];
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
  // "Anything above needs …": above the ceiling that stands before it.
  if (
    figures.length === 0 &&
    s.before &&
    /^\W*(?:anything|everything|whatever|any(?:one)?|amounts?|plans?|teams?)\s+(?:that (?:is|goes|exceeds?)\s+)?(?:above|over|beyond|more|this|that)\b|\babove (?:that|this)\b/.test(
      c.low,
    )
  )
    return [made({ metric: 'exception', of: s.before.type }, who, [])];
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

/** A threshold asks from a figure on; one that asks below it is none. */
const isBelow = (c: Clause, f: Figure) =>
  /\b(?:less than|under|below|fewer than|smaller than|up to|at most)\s*$/.test(c.low.slice(0, f.from)) &&
  !/\bnot\s+(?:less|fewer) than\s*$|\bno (?:less|fewer) than\s*$/.test(c.low.slice(0, f.from));

const isSaving = (c: Clause, f: Figure) =>
  ['money', 'mass'].includes(f.dimension) &&
  /\b(?:sav(?:e|es|ed|ing|ings)|avoid(?:s|ed)?)\b/.test(c.low.slice(0, f.from));

const isHeadcount = (c: Clause, f: Figure) =>
  /^\s*(?:(?:different|distinct|separate|independent|senior)\s+)*(?:people|persons|approvers?|approvals?|signatures?|members|individuals|managers|leads|pairs|eyes)/.test(
    c.low.slice(f.to),
  );

const UNLESS =
  /[,]?\s*\b(?:unless|except (?:with|when|if|where|after)|without|only with|only after|save with|but only with)\b\s*[^.;]*?\b(?:approv\w*|sign\w*|authori[sz]\w*|consent\w*|permission|agree\w*|waiver?s?|exceptions?)\b[^.;]*$/;

/** Where a clause says "… unless X approves": the position at which that begins. */
export const exceptionAt = (low: string): number | undefined => {
  const match = UNLESS.exec(low.replace(/[.!]+$/, ''));
  return match && match.index > 8 ? match.index : undefined;
};

/** The approval that opens a rule for an exception. */
export const exceptionOf = (low: string, original: string, rule: Reading): Reading => {
  const approver = approverIn(low, original);
  const approvals = countIn(low);
  return {
    type: 'approval_threshold',
    effect: 'approve',
    strength: 'must',
    scope: rule.scope,
    params: { metric: 'exception', approver, of: rule.type, ...(approvals === undefined ? {} : { approvals }) },
    questions: approver === null && approvals === undefined ? ['who signs?'] : [],
    uses: [],
  };
};
