/** Sentences about time: how long work may wait, by when it must be done, when it may not start or run, and change freezes. */
import type { Weekday } from '../../domain/policy/policy.js';
import { WEEKDAYS } from '../../domain/policy/policy.js';
import { plusDays } from '../../domain/time.js';
import { type Clause, doubts, figureOf, type Reading, type Setting } from './clause.js';
import { type DateRange, rangeIn, validityIn } from './dates.js';
import { clockAfter, daysIn } from './periods.js';
import { isScoped } from './scope.js';

const base = (c: Clause, s: Setting) => ({
  strength: c.strength,
  scope: {
    ...s.above,
    ...c.scope,
    ...(c.placedScope.resources === undefined ? {} : { resources: c.placedScope.resources }),
  },
  uses: [] as Reading['uses'],
});
const ZONE_QUESTION = 'in which time zone are the times of day meant?';

const WAIT =
  /\b(?:postpon\w*|delay\w*|defer(?!ence)\w*|waits?|waited|waiting|shift(?:ed|s|ing)?|moved?|moving|reschedul\w*|held(?: back)?|hold|pushed? back|queue[ds]?|queu\w+|slip(?:ped)?|put off|held up|flex(?:ed|ibility)?|latency|slack)\b/;
const ONLY_WAIT =
  /\b(?:postpon\w*|delay\w*|defer(?!ence)\w*|waits?|waited|waiting|held(?: back)?|pushed? back|queue[ds]?|put off|held up|late)\b/;
const TOUCH =
  /\b(?:mov(?:e|ed|es|ing)|touch(?:ed|ing)?|relocat\w+|reschedul\w+|shift(?:ed|ing)?|alter(?:ed)?|migrat\w+|rearrang\w+|displac\w+|interfere\w*|off[- ]limits|left alone)\b/;
const SOON = /\b(?:start|begin|run|be started|launch|execute|be executed|be scheduled|be processed)\w*\b/;
const LONG =
  /\b(?:too (?:long|much|far)|excessive(?:ly)?|unreasonabl[ey]|undul?y|for long|long delays?|significant(?:ly)?|reasonable (?:time|delay)|considerabl[ey])\b/;
const AT_ONCE =
  /\b(?:immediately|at once|right away|straight ?away|without (?:any )?delay|as soon as (?:they are |it is )?submitted|instantly|not be delayed at all)\b/;

/** max_deferral, or sla_class where the sentence names service classes. */
export const deferral = (c: Clause, s: Setting): Reading[] => {
  const { scope, strength } = base(c, s);
  const classes = scope.slaClasses !== undefined;
  const figure = figureOf(c, 'time');
  const waits = WAIT.test(c.low);
  const within =
    SOON.test(c.low) &&
    /\b(?:within|no later than|not later than|at most|in less than|in under)\b/.test(c.low) &&
    !/\bdeadline/.test(c.low);
  const reading = (minutes: number | null, questions: string[], movable: boolean, uses: Reading['uses']): Reading =>
    classes
      ? {
          type: 'sla_class',
          effect: 'limit',
          strength,
          scope,
          params: { maxDeferralMinutes: minutes, ...(movable ? {} : { movable: false }) },
          questions,
          uses,
        }
      : { type: 'max_deferral', effect: 'limit', strength, scope, params: { minutes }, questions, uses };
  if (figure && (waits || within) && c.window === undefined) {
    const least =
      /\b(?:at least|no less than|a minimum of|minimum)\b/.test(c.low.slice(0, figure.from)) &&
      !/\bat most\b/.test(c.low);
    const notice = /\b(?:notice|in advance|warning|beforehand)\b/.test(c.low);
    if (least || notice || c.vague.some((word) => word.includes(figure.written))) return [];
    if (/\b(?:finish|complete|end)\w*\b[^,;]*\bwithin\b/.test(c.low) && !waits) return [];
    return [reading(figure.value, doubts(figure), true, [figure])];
  }
  const zero = c.figures.find((f) => f.value === 0);
  if (zero && classes && /\b(?:delay|deferral|defer|wait|postpone)/.test(c.low)) return [reading(0, [], true, [zero])];
  if (LONG.test(c.low) && waits) return [reading(null, ['how long is too long?'], true, [])];
  if (AT_ONCE.test(c.low) && (!c.negated || /\b(?:without|delayed)\b/.test(c.low)) && (SOON.test(c.low) || waits))
    return [reading(0, [], true, [])];
  if (c.figures.length > 0 || c.window || c.hasDates || c.places.length > 0 || c.days) return [];
  if (!c.negated) return [];
  const touched = TOUCH.test(c.low);
  if (touched && classes && !/\b(?:to|into|between|across|out of)\b[^,;]*\bregions?\b/.test(c.low))
    return [reading(0, [], false, [])];
  if (touched && isScoped(scope) && !/\bregions?\b|\bsites?\b|\bunless\b|\bif\b/.test(c.low))
    return [{ type: 'exempt', effect: 'require', strength, scope, params: {}, questions: [], uses: [] }];
  if (!touched && ONLY_WAIT.test(c.low) && !/\b(?:once|twice|times|often|again|further)\b/.test(c.low))
    return [reading(0, [], true, [])];
  return [];
};

const DONE = /\b(?:due|finish|complet|done|end|ends|ended|ready|available|deliver|conclud|over|out|results?)\w*\b/;

/** "by Friday 18:00" */
const DAY_BETWEEN =
  /\b(by|before|until|than)\s+(?:mon|tues?|wednes|thurs?|fri|satur|sun)[a-z]*,?\s+(?:at\s+)?(?=\d|noon|midnight)/g;

/** By the job's own deadline, or by a time of day. */
export const deadline = (c: Clause, s: Setting): Reading[] => {
  const { scope, strength } = base(c, s);
  const own =
    /\b(?:past|beyond|after|miss(?:es|ed|ing)?|meets?|before|by|within|later than|exceed\w*|respect\w*|honou?r\w*|keep|kept|violat\w*|breach\w*|observe\w*|hit|overrun\w*|ahead of|outlast|endanger\w*|jeopardi[sz]\w*|affect\w*|threaten\w*)\b[^.;]{0,40}?\b(?:deadlines?|due (?:date|time)s?)\b/;
  const out: Reading[] = [];
  if (own.test(c.low))
    out.push({
      type: 'deadline',
      effect: 'require',
      strength,
      scope,
      params: { rule: 'finish_by_job_deadline' },
      questions: [],
      uses: [],
    });
  const clock = clockAfter(
    c.low.replace(DAY_BETWEEN, '$1 '),
    `by|before|no later than|not later than|prior to|at the latest by|latest by|until at latest|latest at|at the latest${/\bdue\b/.test(c.low) ? '|at' : ''}`,
  );
  if (
    clock &&
    c.window === undefined &&
    DONE.test(c.low) &&
    !(c.negated && /\b(?:start|run)\b/.test(c.low) && !/\bno(?:t)? later than\b/.test(c.low))
  ) {
    const on = dayOf(c);
    const tz = c.zone ?? s.tz;
    out.push({
      type: 'deadline',
      effect: 'require',
      strength,
      scope,
      params: { finishBy: clock.value, tz, ...(on === undefined ? {} : { on }) },
      questions: tz === null ? [ZONE_QUESTION] : [],
      uses: [],
    });
  }
  return out;
};

const dayOf = (c: Clause): string | undefined => {
  const rank =
    /\b(first|last)\s+(working |business |calendar )?day\s+(?:of|in)\s+(?:the|each|every|a|any)?\s*(?:calendar )?(month|quarter|year)\b/.exec(
      c.low,
    );
  if (rank) return `${rank[1]}_${rank[2] && rank[2] !== 'calendar ' ? 'working_' : ''}day_of_${rank[3]}`;
  if (/\b(?:weekdays?|working days?|business days?)\b/.test(c.low)) return 'weekdays';
  if (
    /\b(?:daily|every ?day|each day|every morning|each morning|every night|each night|nightly|every evening)\b/.test(
      c.low,
    )
  )
    return 'daily';
  return c.days?.length === 1 ? c.days[0] : c.days?.length === 7 ? 'daily' : undefined;
};

const FREEZE = /\b(?:freezes?|frozen|moratorium|embargo|change[- ]stop|lock-?down|no[- ]changes?)\b/;
const CHANGES =
  /\b(?:changes?|moves?|migrations?|relocations?|deployments?|reschedul\w+|re-?placements?|placement changes?|be moved|be migrated|be relocated|be changed|be altered|be rescheduled)\b/;

export const changeFreeze = (c: Clause, s: Setting): Reading[] => {
  const named = FREEZE.test(c.low);
  if (c.daySpan || (!named && !(c.negated && CHANGES.test(c.low)))) return [];
  const { scope, strength } = base(c, s);
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

const STARTS =
  /\b(?:start(?:s|ed|ing)?|begin(?:s|ning)?|begun|launch(?:ed|es)?|kick(?:ed|s)? off|be initiated|be submitted|be triggered|trigger(?:ed)?)\b/;
const RUNS =
  /\b(?:run(?:s|ning)?|execut\w+|active|operat\w+|be processed|process(?:ed|ing)?|be in progress|consum\w+|be on|work(?:ing)?|be scheduled|scheduled|be placed|placed|take place|compute)\b/;
const CLOSED =
  /\b(?:blackouts?|black-out|quiet (?:hours|periods?|time)|no-run|no[- ]start|embargo|closed|blocked|downtime|maintenance windows?|reserved|off[- ]limits)\b/;
const PAUSED = /\b(?:be |are |is )(?:paused|stopped|suspended|halted|idle|shut down|switched off|turned off|off)\b/;
const NOMINAL = /\bno\s+(?:[\w-]+\s+){0,4}(?:jobs?|workloads?|work|runs|processing|compute|training|builds?|tasks?)\b/;
const VAGUE_HOURS =
  /\b(?:peak (?:hours|times?|periods?)|off-peak(?: hours| times?)?|business hours|working hours|office hours|core hours|rush hours?|at night|overnight|in the evenings?|(?:during|in) the (?:day|night)(?:time)?|daytime|busy hours)\b/;

export const blackout = (c: Clause, s: Setting): Reading[] => {
  const { scope, strength } = base(c, s);
  const vague = VAGUE_HOURS.exec(c.low);
  const edge = c.window ? undefined : edgeOf(c);
  const dated = c.range !== undefined && !FREEZE.test(c.low);
  const clocked = dated && (c.range?.startTime ?? c.range?.endTime) !== undefined && !c.window;
  if (!c.window && !c.daySpan && !c.days && !vague && !edge && !dated) return [];
  if (c.figures.some((f) => ['mass', 'money', 'power'].includes(f.dimension)) && c.window) return [];
  const paused = PAUSED.test(c.low);
  const shut = CLOSED.test(c.low) || paused;
  const starts = STARTS.test(c.low);
  const runs = RUNS.test(c.low) || paused;
  const changes = CHANGES.test(c.low) && !starts && !runs;
  const nominal = NOMINAL.test(c.low);
  const only = onlyWithin(c);
  if (!shut && !starts && !runs && !nominal && !changes) return [];
  if (!shut && !c.negated && !only) return [];
  if (changes && !c.negated) return [];
  const on = starts || changes ? 'start' : runs ? 'run' : null;
  const questions: string[] = on === null ? ['may work not start then, or not run at all?'] : [];
  const window = c.window?.value;
  let days: readonly Weekday[] = c.days ?? WEEKDAYS;
  let [from, to]: [string | null, string | null] = window
    ? [window.start, window.end]
    : edge
      ? [edge.from, edge.to]
      : vague && !c.days
        ? [null, null]
        : ['00:00', '24:00'];
  if (window && window.start === null) questions.push('are these hours of the morning or of the evening?');
  if (!window && !edge && vague) {
    [from, to] = [null, null];
    questions.push(`which hours are "${vague[0]}"?`);
  }
  if (only && from !== null && to !== null) {
    if (!window && !edge) days = WEEKDAYS.filter((d) => !days.includes(d));
    else {
      [from, to] = [to === '24:00' ? '00:00' : to, from === '00:00' ? '24:00' : from];
      if (c.days && c.days.length < 7) questions.push('and on the other days: at any time, or never?');
    }
  }
  const tz = c.zone;
  if (tz === undefined && s.tz === null && from !== null && (window || edge || c.daySpan || clocked))
    questions.push(ZONE_QUESTION);
  if (only && c.windows.length > 1) questions.push('may work be in each of the windows, or in one of them only?');
  if (only && (c.daySpan || clocked)) questions.push('and at all other times: never?');
  const byWindow = daysOfWindows(c, days);
  if (byWindow === null) questions.push('which of the hours on which days?');
  const closed = (
    stretch: { days: readonly Weekday[]; start: string | null; end: string | null } & Dated,
  ): Reading => ({
    type: 'blackout',
    effect: 'forbid',
    strength,
    scope,
    params: {
      on,
      days: [...stretch.days],
      from: stretch.start,
      to: stretch.end,
      ...(stretch.start !== null && stretch.end !== null && stretch.end <= stretch.start
        ? { crossesMidnight: true }
        : {}),
      ...(tz === undefined ? {} : { tz }),
      ...(stretch.validFrom === undefined ? {} : { validFrom: stretch.validFrom }),
      ...(stretch.until === undefined ? {} : { until: stretch.until }),
    },
    questions,
    uses: [],
  });
  if (c.daySpan) return c.daySpan.value.map(closed);
  if (clocked) return datedStretches(c.range!).map(closed);
  const more = only ? [] : c.windows.slice(1);
  return [
    closed({ days: byWindow?.[0] ?? days, start: from, end: to }),
    ...more.map((w, i) => closed({ days: byWindow?.[i + 1] ?? days, ...w.value })),
  ];
};

type Dated = { readonly validFrom?: string; readonly until?: string };

/** "from 20 December 2026 18:00 to 3 January 2027 08:00" as the parts of days that it covers. */
const datedStretches = ({ start, end, startTime, endTime }: DateRange) => {
  const [first, last] = [startTime ?? '00:00', endTime ?? '24:00'];
  if (start === null || end === null) return [{ days: WEEKDAYS, start: first, end: last }];
  const on = (from: string, to: string) => ({ days: WEEKDAYS, validFrom: from, until: to });
  if (start === end) return [{ ...on(start, end), start: first, end: last }];
  const [second, beforeLast] = [plusDays(start, 1), plusDays(end, -1)];
  return [
    { ...on(start, start), start: first, end: '24:00' },
    ...(second <= beforeLast ? [{ ...on(second, beforeLast), start: '00:00', end: '24:00' }] : []),
    ...(last === '00:00' ? [] : [{ ...on(end, end), start: '00:00', end: last }]),
  ];
};

/** The days of each window where every one has its own: "Mon-Thu 16:00-20:00 and Fri 14:00-20:00"; null where that cannot be told. */
const daysOfWindows = (c: Clause, all: readonly Weekday[]): (readonly Weekday[])[] | null => {
  const before = c.windows.map((w, i) => daysIn(c.low.slice(i === 0 ? 0 : c.windows[i - 1]!.to, w.from)));
  const behind = daysIn(c.low.slice(c.windows.at(-1)?.to ?? 0));
  const [first, ...others] = before;
  const own = (list: (Weekday[] | undefined)[]) => list.every((days) => days !== undefined);
  if (others.every((days) => days === undefined) && (first === undefined || behind === undefined))
    return c.windows.map(() => all);
  if (behind === undefined && own(before)) return before as Weekday[][];
  return first === undefined && own([...others, behind]) ? ([...others, behind] as Weekday[][]) : null;
};

/** "after 22:00", "before 07:00": the rest of the day on that side. */
const edgeOf = (c: Clause): { from: string; to: string } | undefined => {
  if (DONE.test(c.low) && !STARTS.test(c.low) && !/\brun/.test(c.low)) return undefined;
  const after = clockAfter(c.low, 'after|later than|past|from|as of|since');
  const before = clockAfter(c.low, 'before|earlier than|until|till|prior to|up to');
  // "not before 20:00 or after 04:00": closed from the one to the other, over midnight if need be.
  if (after && before && before.value !== after.value) return { from: after.value, to: before.value };
  if (after) return { from: after.value, to: '24:00' };
  return before && before.value !== '00:00' ? { from: '00:00', to: before.value } : undefined;
};

/** True when the window is where work may be, and all else is closed. */
const onlyWithin = (c: Clause): boolean => {
  const low = c.low;
  const outside =
    /\b(?:outside(?: of)?|except(?:ing)?(?: between| from| during| on| at| in)?|other than(?: between| on)?|save(?: between| on)?|apart from)\b\s*(?:the (?:hours|window|period)(?: of| from| between)?\s*)?(?=(?:between|from|during|on|at|weekends?|weekdays?|mon|tue|wed|thu|fri|sat|sun|\d))/.exec(
      low,
    );
  // "… between 16:00 and 19:00 except on Sundays" takes days out of a window that stands before it.
  if (outside && !(c.window && c.window.to <= outside.index)) return c.negated || /\bonly\b/.test(low);
  if (
    !c.negated &&
    (c.window || c.daySpan) &&
    /\b(?:must|shall|has to|have to|should|needs? to)\b[^.;]{0,20}\b(?:run|start|begin|be run|be started|be scheduled|be executed|execute)\b/.test(
      low,
    )
  )
    return true;
  return !c.negated && /\b(?:only|solely|exclusively|restricted to|confined to|limited to)\b/.test(low);
};
