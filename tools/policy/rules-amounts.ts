/** Sentences about amounts: ceilings of carbon, money and power, and the least saving that is worth a move. */
import type { CapPeriod } from '../../domain/policy/policy.js';
import { boundOf, oddBound } from './bounds.js';
import { type Clause, doubts, figureOf, type Rule, type RuleReading, type Setting } from './clause.js';
import type { Figure } from './figures.js';
import { periodIn, periodSpansIn } from './periods.js';

export const CEILING =
  /\b(?:ceilings?|caps?|capped|limits?|limited|budgets?|allowances?|quotas?|at most|max(?:imum|\.)?|no more than|not more than|exceed(?:s|ing)?|surpass(?:es|ing)?|top|below|under|within|up to|less than|stays?|keep|kept|above|over|beyond|more than|may (?:emit|use|spend|draw|consume|produce|cause)|upper bound|envelope|target of|restricted to)\b|[<\u2264]/;
const LEAST = /\b(?:at least|no less than|not less than|minimum of|a minimum|or more)\b/;
const SPEND = /\b(?:budgets?|spend(?:s|ing)?|spent|costs?|expenditure|expenses?|bill|bills|money|charges?)\b/;
const CARBON = /\b(?:carbon|co2\w*|emit\w*|emissions?|footprint|greenhouse|ghg|climate)\b/;
export const PERIOD_QUESTION = 'over which period?';

/** The period in words of the clause, else the one that the clause before it named. */
const periodOf = (c: Clause, s: Setting): CapPeriod | null =>
  periodIn(c.low) ?? (s.before && 'period' in s.before.params ? (s.before.params.period as CapPeriod | null) : null);

const TOGETHER = /\b(?:across|in total|total|together|combined|the sum|overall|collectively|altogether)\b/;
const PER =
  /\b(?:per|each|every)\s+(?:single |individual )?(?!(?:given |single |calendar |financial |fiscal |working )*(?:day|week|wk|month|mo|quarter|year|yr|annum|hour)\b)(?!(?:team|squad|department|business unit|site|cluster|region|plan|one|of|[kmg]?wh?|kilowatt|megawatt)s?\b)([a-z][\w-]*)/;
/** "Per job", "each project": amounts are counted for everybody and for teams and places, and for nothing else. */
const perWhat = (c: Clause): string[] => {
  const other = PER.exec(c.low);
  const named =
    c.scope.teams || c.scope.each ? null : /\bteam (?:budget|ceiling|cap|limit|allowance|quota)s?\b/.exec(c.low);
  if (named) return [`is "${named[0]}" that of each team, or of all of them together?`];
  return other && !c.scope.teams ? [`a ceiling "${other[0]}" is not counted: for which team or site is it?`] : [];
};
/** What has to be told, and to whom, from a figure on: a duty of people and no ceiling. */
const TELLS =
  /\b(?:(?:must|shall|should|have to|has to|needs? to|will)\s+(?:\w+ly\s+)?|(?:is|are|be)\s+)(?:inform|notif|report|explain|justif|document|publish|review|discuss|contact|disclose|flag|log|escalat)\w*\b/;

const odd = (c: Clause, figure: Figure) => oddBound(c, figure, boundOf(c.low, figure));

const scopeOf = (c: Clause, s: Setting) => {
  const { each, ...scope } = { ...s.above, ...c.scope };
  return each === undefined || TOGETHER.test(c.low) ? scope : { ...scope, each };
};

const readCarbon = (c: Clause, s: Setting): RuleReading[] => {
  if (!CEILING.test(c.low) || LEAST.test(c.low) || TELLS.test(c.low)) return [];
  const figure = figureOf(c, 'mass');
  const { strength } = c;
  const period = periodOf(c, s);
  if (figure)
    return [
      {
        type: 'carbon_cap',
        effect: 'limit',
        strength,
        scope: scopeOf(c, s),
        params: { kg: figure.value, period },
        questions: [...doubts(figure), ...(period === null ? [PERIOD_QUESTION] : []), ...perWhat(c), ...odd(c, figure)],
        uses: [figure],
        words: periodSpansIn(c.low),
      },
    ];
  const bare = c.figures.find((f) => f.dimension === 'none' && (f.value ?? 1) > 0);
  if (
    !bare ||
    period === null ||
    SPEND.test(c.low.replace(/\bcarbon budgets?\b/g, ' ')) ||
    figureOf(c, 'money', 'time', 'power', 'energy', 'count')
  )
    return [];
  return [
    {
      type: 'carbon_cap',
      effect: 'limit',
      strength,
      scope: scopeOf(c, s),
      params: { kg: null, period },
      questions: [
        CARBON.test(c.low)
          ? `what is the unit of ${bare.written}: kg or tonnes of CO2e?`
          : `what is the unit of ${bare.written}: kg of CO2e, kWh, or money?`,
      ],
      uses: [bare],
      words: periodSpansIn(c.low),
    },
  ];
};

const readBudget = (c: Clause, s: Setting): RuleReading[] => {
  if (LEAST.test(c.low) || TELLS.test(c.low)) return [];
  const spends = SPEND.test(c.low.replace(/\bcarbon budgets?\b/g, ' '));
  const figure = figureOf(c, 'money');
  if (figure ? !CEILING.test(c.low) && !spends : !(spends && CEILING.test(c.low))) return [];
  const amount = figure ?? c.figures.find((f) => f.dimension === 'none');
  if (!amount || (!figure && figureOf(c, 'mass', 'time', 'power', 'count', 'ratio'))) return [];
  const period = periodOf(c, s);
  return [
    {
      type: 'budget_cap',
      effect: 'limit',
      strength: c.strength,
      scope: scopeOf(c, s),
      params: { amount: amount.value, currency: amount.currency, period },
      questions: [
        ...doubts(amount),
        ...(amount.currency === null ? [`in which currency is ${amount.written}?`] : []),
        ...(period === null ? [PERIOD_QUESTION] : []),
        ...perWhat(c),
        ...odd(c, amount),
        ...(CARBON.test(c.low.replace(/\bcarbon budgets?\b/g, ' ')) && /\bpounds?\b/.test(c.low) && !spends
          ? [`are the ${amount.written} pounds money, or pounds of CO2e?`]
          : []),
      ],
      uses: [amount],
      words: periodSpansIn(c.low),
    },
  ];
};

const readPower = (c: Clause, s: Setting): RuleReading[] => {
  const figure = figureOf(c, 'power');
  if (!figure || LEAST.test(c.low) || TELLS.test(c.low)) return [];
  if (!CEILING.test(c.low) && !/\b(?:draw|power|load|demand)\b/.test(c.low)) return [];
  const window = c.window?.value;
  const zoneless = window !== undefined && c.zone === undefined && s.tz === null;
  return [
    {
      type: 'power_cap',
      effect: 'limit',
      strength: c.strength,
      scope: { ...s.above, ...c.placedScope },
      params: {
        kw: figure.value,
        ...(window?.start && window.end ? { from: window.start, to: window.end } : {}),
        ...(window?.start && window.end && window.crossesMidnight ? { crossesMidnight: true } : {}),
        ...(c.days ? { days: [...c.days] } : {}),
        ...(c.zone ? { tz: c.zone } : {}),
      },
      questions: [
        ...doubts(figure),
        ...(window && window.start === null ? ['are these hours of the morning or of the evening?'] : []),
        ...perWhat(c),
        ...odd(c, figure),
        ...(zoneless ? ['in which time zone are the times of day meant?'] : []),
      ],
      uses: [figure],
    },
  ];
};

const SAVING = /\b(?:sav(?:e|es|ed|ing|ings)|benefit|gain|reduc\w+|avoid(?:s|ed)?)\b/;
const WORTH =
  /\b(?:worth\w*|rais(?:e|ed)|tickets?|propos\w+|suggest\w*|recommend\w*|mov(?:e|es|ed|ing)|shift\w*|relocat\w+|bother\w*|ignor\w+|skip\w*|consider\w*|minimum|at least|unless|carried out|execut\w+|accept\w*|made|done|drop\w*|reject\w*|discard\w*|placements?|changes?|recommendations?)\b/;

const readSaving = (c: Clause, s: Setting): RuleReading[] => {
  if (!SAVING.test(c.low) || !WORTH.test(c.low)) return [];
  const figure = figureOf(c, 'mass', 'money');
  // "2 t must be saved per month" is an aim for a period, and not what one move has to save.
  if (!figure || periodIn(c.low) !== undefined) return [];
  // "Moves that save more than 500 kg need …" speaks of large savings, not of the least one.
  const before = c.low.slice(Math.max(0, figure.from - 40), figure.from);
  const least =
    /\b(?:less than|under|below|fewer than|at least|minimum(?: of)?|no less than|smaller than|not (?:save|saving)\b.*|not reach\w*|worth at least)\s*(?:\S+\s*)?$/.test(
      before,
    ) ||
    (/\b(?:more than|over|above|exceed\w*)\s*$/.test(before) && /\b(?:only|unless|must)\b/.test(c.low));
  if (!least) return [];
  return [
    {
      type: 'min_saving',
      effect: 'limit',
      strength: c.strength,
      scope: scopeOf(c, s),
      params: figure.dimension === 'mass' ? { kg: figure.value } : { amount: figure.value, currency: figure.currency },
      // "Saving not less than 3 kg … are not worth": turned round twice.
      questions: [
        ...doubts(figure),
        ...(/\b(?:no|not|never) less than\s*(?:\S+\s*)?$/.test(before) && DROPS.test(c.low)
          ? [`are moves that save more than ${figure.written} dropped, or those that save less?`]
          : []),
      ],
      uses: [figure],
    },
  ];
};
const DROPS = /\bnot worth|\bbother|\bignor|\bskip|\bdrop|\breject|\bdiscard/;

const AMOUNT =
  /\b(?:total|sum|amount|spread|share[sd]?|set|allowed|permitted|appl(?:y|ies)|counted|never|remain(?:s)?|hold|held|one|own|whole|than|more|less|at any time|at all times|figure|new|now|company|organi[sz]ation|overall|together|combined|collectively|altogether|across|forecast|predicted|planned|individual(?:ly)?|single)\b/;
/** "Each team", "per department": whom an amount is counted for. */
const COUNTED = /\b(?:teams?|departments?|squads?|business units?)\b/;

export const carbonCap: Rule = {
  words: [CEILING, CARBON, AMOUNT, COUNTED, TOGETHER, /\b(?:produce[sd]?|causes?|caused|use[sd]?|co2e?|equivalent)\b/],
  read: readCarbon,
};
export const budgetCap: Rule = {
  words: [
    CEILING,
    SPEND,
    AMOUNT,
    COUNTED,
    TOGETHER,
    /\b(?:cloud|compute|computing|electricity|energy|us(?:e|es|ed)|worth)\b/,
  ],
  read: readBudget,
};
export const powerCap: Rule = {
  words: [
    CEILING,
    AMOUNT,
    TOGETHER,
    /\b(?:draws?|drawn|drawing|power|load|demand|data cent(?:re|er)|site|consum(?:e|es|ption)|facility|it|peak|electrical|use[sd]?|between|during|no time|uses)\b/,
  ],
  read: readPower,
};
export const minSaving: Rule = {
  words: [
    SAVING,
    WORTH,
    LEAST,
    /\b(?:carbon|co2e?|emissions?|less|under|below|than|more|only|making|small(?= savings)|smaller|unless|moves?|jobs?|not reach(?:ing)?|reach(?:es)?|plans?|it|if|when|where)\b/,
  ],
  read: readSaving,
};
