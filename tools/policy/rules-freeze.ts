/** Change freezes: from which date to which nothing may be changed. */
import type { Clause, Rule, RuleReading, Setting } from './clause.js';
import { type DateRange, rangeIn, validityIn } from './dates.js';
import { whom, ZONE_QUESTION } from './whom.js';

export const FREEZE = /\b(?:freezes?|frozen|moratorium|embargo|change[- ]stop|lock-?down|no[- ]changes?)\b/;
export const CHANGES =
  /\b(?:changes?|moves?|migrations?|relocations?|deployments?|reschedul\w+|re-?placements?|placement changes?|be moved|be migrated|be relocated|be changed|be altered|be rescheduled)\b/;

const read = (c: Clause, s: Setting): RuleReading[] => {
  const named = FREEZE.test(c.low);
  if (c.daySpan || (!named && !(c.negated && CHANGES.test(c.low)))) return [];
  const { scope, strength } = whom(c, s);
  // "…during the freeze" after a sentence that gave its dates.
  const known =
    s.before?.type === 'change_freeze' && !c.hasDates && /\b(?:the|this|that) (?:change )?freeze\b/.test(c.low)
      ? s.before.params
      : undefined;
  if (known)
    return [
      { type: 'change_freeze', effect: 'forbid', strength, scope, params: { ...known }, questions: [], uses: [] },
    ];
  const range: DateRange | undefined = c.range ?? single(c);
  if (!range) {
    if (
      named &&
      !c.window &&
      !c.days &&
      /\b(?:is|in force|observ|appl|during|over|must|shall|no|not)\w*\b/.test(c.low) &&
      !/\bexception|\bapprov/.test(c.low)
    )
      return [
        {
          type: 'change_freeze',
          effect: 'forbid',
          strength,
          scope,
          params: { from: c.validity.validFrom ?? null, to: c.validity.until ?? null, inclusive: null },
          questions: [c.validity.validFrom ? 'until which date?' : 'from which date to which date?'],
          uses: [],
        },
      ];
    return [];
  }
  if (c.window) return [];
  return [
    {
      type: 'change_freeze',
      effect: 'forbid',
      strength,
      scope,
      params: {
        from: range.start,
        to: range.end,
        inclusive: range.inclusive,
        ...(range.startTime === undefined ? {} : { fromTime: range.startTime }),
        ...(range.endTime === undefined ? {} : { toTime: range.endTime }),
        ...(c.zone ? { tz: c.zone } : {}),
      },
      questions: [
        ...range.questions,
        ...((range.startTime ?? range.endTime) !== undefined && c.zone === undefined && s.tz === null
          ? [ZONE_QUESTION]
          : []),
      ],
      uses: [],
    },
  ];
};

/** One day, or a whole month: "on 25 December 2026", "in December 2026". */
const single = (c: Clause): DateRange | undefined => {
  const { validFrom, until, questions } = validityIn(c.low);
  if (validFrom !== undefined && until !== undefined)
    return { from: 0, to: 0, start: validFrom, end: until, inclusive: true, questions };
  const day = rangeIn(c.low.replace(/\bon ((?:\w+ )?\d[^,;:]*?\d{4}|\d{4}-\d\d-\d\d)/, 'from $1 to $1'));
  return day && day.start === day.end ? { ...day, inclusive: true } : undefined;
};

export const changeFreeze: Rule = {
  words: [
    FREEZE,
    CHANGES,
    /\b(?:change|placements?|made|make|executed|carried out|moved|migrated|relocated|changed|altered|rescheduled|allowed|permitted|in force|appl(?:y|ies)|(?<=freeze[^.;]*)runs(?= from)|lasts|observed|period|during|between|until further notice|until|from|applied|deployed|dates?|effective|every|take place)\b/,
  ],
  read,
};
