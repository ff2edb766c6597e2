/** Sentences about when work may not start, or not run. */
import { WEEKDAYS, type Weekday } from '../../domain/policy/policy.js';
import type { Clause, Rule, RuleReading, Setting } from './clause.js';
import { clockAfter } from './hours.js';
import { DONE } from './rules-deadline.js';
import { CHANGES, FREEZE } from './rules-freeze.js';
import { type Dated, datedStretches, daysOfWindows } from './stretches.js';
import { whom, ZONE_QUESTION } from './whom.js';
import { type Span, spansOf } from './words.js';

const STARTS =
  /\b(?:start(?:s|ed|ing)?|begin(?:s|ning)?|begun|(?<=\b(?:may|must|shall|should|can|cannot|not|never|to|or|and|be|are|is|no) )launch(?:ed|es)?|kick(?:ed|s)? off|be initiated|be submitted|be triggered|trigger(?:ed)?)\b/;
const RUNS =
  /\b(?:run(?:s|ning)?|execut(?:e[sd]?|ing|ion)|active|operat(?:e[sd]?|ing)|be processed|process(?:ed|ing)?|be in progress|consum(?:e[sd]?|ing)|be on|work(?:ing)?|be scheduled|scheduled|be placed|placed|take place|compute)\b/;
const CLOSED =
  /\b(?:blackouts?|black-out|quiet (?:hours|periods?|time)|no-run|no[- ]start|embargo|closed|blocked|downtime|maintenance windows?|reserved|off[- ]limits)\b/;
const PAUSED = /\b(?:be |are |is )(?:paused|stopped|suspended|halted|idle|shut down|switched off|turned off|off)\b/;
/** "May be paused between …": leave to do so, and no ban. */
const MAY_PAUSE =
  /\b(?:may|can|could|might)(?: also| then| only)? be (?:paused|stopped|suspended|halted|idle|shut down|switched off|turned off|off)\b/;
const NOMINAL = /\bno\s+(?:[\w-]+\s+){0,4}(?:jobs?|workloads?|work|runs|processing|compute|training|builds?|tasks?)\b/;
const VAGUE_HOURS =
  /\b(?:peak (?:hours|times?|periods?)|off-peak(?: hours| times?)?|business hours|working hours|office hours|core hours|rush hours?|at night|overnight|in the evenings?|(?:during|in) the (?:day|night)(?:time)?|daytime|busy hours)\b/;

const read = (c: Clause, s: Setting): RuleReading[] => {
  const { scope, strength } = whom(c, s);
  const vague = VAGUE_HOURS.exec(c.low);
  const edge = c.window ? undefined : edgeOf(c);
  const dated = c.range !== undefined && !FREEZE.test(c.low);
  const clocked = dated && (c.range?.startTime ?? c.range?.endTime) !== undefined && !c.window;
  if (!c.window && !c.daySpan && !c.days && !vague && !edge && !dated) return [];
  if (c.figures.some((f) => ['mass', 'money', 'power'].includes(f.dimension)) && c.window) return [];
  const paused = PAUSED.test(c.low) && !MAY_PAUSE.test(c.low);
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
  // "Must not run only between …" forbids the window, or all but it.
  const negated = c.negated ? /\b(?:only|solely|exclusively)\b(?! (?:with|after|if|when))/.exec(c.low) : null;
  if (negated && !only) questions.push(`what does "${negated[0]}" mean here?`);
  if (only && c.windows.length > 1) questions.push('may work be in each of the windows, or in one of them only?');
  if (only && (c.daySpan || clocked)) questions.push('and at all other times: never?');
  const byWindow = daysOfWindows(c, days);
  if (byWindow === null) questions.push('which of the hours on which days?');
  const closed = (
    stretch: { days: readonly Weekday[]; start: string | null; end: string | null } & Dated,
  ): RuleReading => ({
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
    words: [...(edge?.words ?? []), ...(changes ? spansOf(c.low, CHANGES) : [])],
  });
  if (c.daySpan) return c.daySpan.value.map(closed);
  if (clocked) return datedStretches(c.range!).map(closed);
  const more = only ? [] : c.windows.slice(1);
  return [
    closed({ days: byWindow?.[0] ?? days, start: from, end: to }),
    ...more.map((w, i) => closed({ days: byWindow?.[i + 1] ?? days, ...w.value })),
  ];
};

/** "after 22:00", "before 07:00": the rest of the day on that side. */
const edgeOf = (c: Clause): { from: string; to: string; words: readonly Span[] } | undefined => {
  if (DONE.test(c.low) && !STARTS.test(c.low) && !/\brun/.test(c.low)) return undefined;
  const after = clockAfter(c.low, 'after|later than|past|from|as of|since');
  const before = clockAfter(c.low, 'before|earlier than|until|till|prior to|up to');
  // "not before 20:00 or after 04:00": closed from the one to the other, over midnight if need be.
  const spanOf = (found: { from: number; to: number }): Span => [found.from, found.to];
  if (after && before && before.value !== after.value)
    return { from: after.value, to: before.value, words: [spanOf(after), spanOf(before)] };
  if (after) return { from: after.value, to: '24:00', words: [spanOf(after)] };
  return before && before.value !== '00:00' ? { from: '00:00', to: before.value, words: [spanOf(before)] } : undefined;
};

/** True when the window is where work may be, and all else is closed. */
const onlyWithin = (c: Clause): boolean => {
  const low = c.low;
  const outside =
    /\boutside(?: of)?\b\s*(?:the (?:hours|window|period)(?: of| from| between)?\s*)?(?=(?:between|from|during|on|at|weekends?|weekdays?|mon|tue|wed|thu|fri|sat|sun|\d))/.exec(
      low,
    )?.index ?? c.exceptions.find((e) => e.kind === 'hours')?.from;
  // "… between 16:00 and 19:00 except between 17:00 and 17:30" takes hours out of a window that stands before it.
  if (outside !== undefined && !(c.window && c.window.to <= outside)) return c.negated || /\bonly\b/.test(low);
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

export const blackout: Rule = {
  words: [
    STARTS,
    RUNS,
    CLOSED,
    PAUSED,
    VAGUE_HOURS,
    /\b(?:(?<=\b(?:the|these|those|following|quiet|core|business|and|to|\d\d) )hours|hours (?=of|between|from)|(?<=\b(?:freeze|blackout|rule|window|this|it) )applies)\b/,
    /\b(?:windows?|only|solely|exclusively|outside(?: of)?|during|restricted|confined|limited|allowed|permitted|between|schedule[sd]?|runs|made|executed|place|builds?|training|processing|until|before|after|earlier|later|than|time|day|week|always|kept|new|local time|scheduled)\b|^maintenance on\b/,
  ],
  read,
};
