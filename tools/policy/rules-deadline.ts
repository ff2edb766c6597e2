/** Sentences about when work must be done: by the job's own deadline, or by a time of day. */
import type { Clause, Rule, RuleReading, Setting } from './clause.js';
import { clockAfter } from './hours.js';
import { whom, ZONE_QUESTION } from './whom.js';

export const DONE =
  /\b(?:due|done|over|out|ends?|ended|ending|ready|results?|(?:finish|complet|available|deliver|conclud)\w*)\b/;

/** "by Friday 18:00" */
const DAY_BETWEEN =
  /\b(by|before|until|than)\s+(?:mon|tues?|wednes|thurs?|fri|satur|sun)[a-z]*,?\s+(?:at\s+)?(?=\d|noon|midnight)/g;

/** By the job's own deadline, or by a time of day. */
const read = (c: Clause, s: Setting): RuleReading[] => {
  const { scope, strength } = whom(c, s);
  const own =
    /\b(?:past|beyond|after|miss(?:es|ed|ing)?|meets?|before|by|within|later than|exceed\w*|respect\w*|honou?r\w*|keep|kept|violat\w*|breach\w*|observe\w*|hit|overrun\w*|ahead of|outlast|endanger\w*|jeopardi[sz]\w*|affect\w*|threaten\w*)\b[^.;]{0,40}?\b(?:deadlines?|due (?:date|time)s?)\b/;
  const out: RuleReading[] = [];
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
    c.low.replace(DAY_BETWEEN, (found, word: string) => word.padEnd(found.length)),
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
      words: [[clock.from, clock.to], ...(DAY_OF.exec(c.low) ? [spanOf(DAY_OF.exec(c.low)!)] : [])],
    });
  }
  return out;
};

const DAY_OF =
  /\b(first|last)\s+(working |business |calendar )?day\s+(?:of|in)\s+(?:the|each|every|a|any)?\s*(?:calendar )?(month|quarter|year)\b/;
const spanOf = (m: RegExpExecArray) => [m.index, m.index + m[0].length] as const;

const dayOf = (c: Clause): string | undefined => {
  const rank = DAY_OF.exec(c.low);
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

export const deadline: Rule = {
  words: [
    DONE,
    /\b(?:deadlines?|due (?:date|time)s?|own|past|beyond|after|miss(?:es|ed|ing)?|meets?|before|within|later than|exceed(?:s|ing)?|respect(?:s|ed)?|honou?r(?:s|ed)?|keep|kept|violat(?:e|es|ed|ing)|breach(?:es|ed)?|observe[sd]?|hit|overrun|ahead|outlast|endanger(?:ed)?|jeopardi[sz]ed?|affect(?:ed)?|threaten(?:ed)?|moves?|moved|moving|run(?:s|ning)?|no later than|not later than|prior to|latest|until|always|delay(?:s|ed)?|postponed|made)\b/,
  ],
  read,
};
