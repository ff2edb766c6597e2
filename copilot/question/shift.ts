/** "delay it by 6 hours", "could it run earlier?", "move train-7 to tonight": which job is meant, where it would go, and what was not read. */
import type { Slots } from '../lookup.js';
import type { Turn } from '../memory.js';
import { NEUTRAL } from './lexicon.js';
import type { Signs } from './signs.js';

const VERB =
  /\b(?:delay|postpone|defer|move|shift|push|put|bring|advance|hold|run|start|begin|launch|schedule|reschedule)(?:s|ed|red|d|ned|ted)?\b|\bran\b|\bbegan\b/i;
const ORDER =
  /^(?:(?:please|now|ok(?:ay)?|just|and|then|so|hey|caco|(?:can|could|will|would) (?:you|we|i|it)|(?:i|we) (?:want|would like|have|need) to|let['’]?s)[\s,]+)*(?:delay|postpone|defer|move|shift|push|put|bring|advance|hold|run|start|begin|launch|schedule|reschedule)\b/i;
const SUPPOSED = /\b(?:what if|if|suppose|supposing|what (?:would|happens?)|could|can)\b/i;
const POINTS = /\b(?:it|this|that|this one|that one|this job|that job|the job)\b/i;
const EARLIER = /\b(?:earlier|sooner|forward|advance)\b/i;
const LATER = /\b(?:later|back|off|delay(?:ed)?|postponed?|defer(?:red)?)\b/i;

const NUMBERS = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');
const HOURS_IN: Readonly<Record<string, number>> = { m: 1 / 60, h: 1, d: 24 };
const AMOUNT = new RegExp(
  String.raw`\b(\d+(?:\.\d+)?|half an?|an?|${NUMBERS.join('|')}) (h|hrs?|hours?|min|mins|minutes?|days?)\b`,
);
/** "by 6": hours, minutes, or six o'clock. */
const WITHOUT_UNIT = /\bby (\d{1,2})(?= (?!h\b|hrs?\b|hours?\b|min|days?\b|am\b|pm\b|o)|$)/;
const ABOUT = new Set(
  `delay postpone defer move shift push put bring advance hold run start begin launch schedule reschedule moved shifted delayed
  postponed deferred pushed started starts runs ran began off back forward later earlier sooner further job suppose supposing happens happen an a half by in
  to ahead beginning emit emits emissions co2 co2e carbon`.split(/\s+/),
);

export interface Shift {
  readonly slots: Slots;
  readonly left: readonly string[];
  /** what has to be asked first */
  readonly ask: string | null;
}

/** Whether a question may ask for a job to run at another time; a cheap look before anything is read for it. */
export const mayShift = (question: string, last: Turn | undefined): boolean =>
  (VERB.test(question) && (ORDER.test(question.trim()) || SUPPOSED.test(question))) || goesOn(question, last);

/** "and 12 hours?" */
const goesOn = (question: string, last: Turn | undefined): boolean =>
  last?.lookup === 'shift' && /^(?:and|or|what about|how about|then)\b/i.test(question.trim());

/** "until tonight" bounds a question and names the start of what is put off. */
export const asStart = (question: string): string => question.replace(/\b(?:until|till)\b/gi, 'at');

/** null: it asks for something else. */
export const shiftIn = (question: string, { tokens, names, time }: Signs, last: Turn | undefined): Shift | null => {
  const low = tokens.map((t) => t.low);
  const text = low.join(' ');
  const jobs = names.filter((n) => n.kind === 'jobs');
  const further = goesOn(question, last);
  const pointed = further || POINTS.test(question) ? jobBefore(last) : undefined;
  const job = jobs[0]?.name ?? pointed;
  const amount = AMOUNT.exec(text);
  const earlier = EARLIER.test(question);
  const later = LATER.test(question);
  const timed = time !== undefined && (time.from !== null || time.to !== null);
  if (amount === null && !earlier && !(later && /\blater\b/i.test(question)) && !timed) return null;
  if (job === undefined && !(ORDER.test(question.trim()) && (amount !== null || POINTS.test(question)))) return null;
  const slots: Slots = { ...(job === undefined ? {} : { job }) };
  const used = new Set<number>(time?.used ?? []);
  const bare = WITHOUT_UNIT.exec(text);
  const ask =
    bare !== null && amount === null
      ? `By ${bare[1]} what? Say hours, minutes or a time, for example “delay it by ${bare[1]} hours” or “move it to ${bare[1]!.padStart(2, '0')}:00”.`
      : null;
  // An amount with a direction is a distance; within the words of a time it belongs to them.
  const firstOf = amount === null ? -1 : text.slice(0, amount.index).split(' ').length - 1;
  const inTime = timed && used.has(firstOf);
  const back = earlier || (further && !later && (last?.slots.shiftHours ?? 0) < 0);
  if (amount !== null && !inTime && !(timed && !earlier && !later)) {
    const n =
      NUMBERS.indexOf(amount[1]!) + 1 ||
      (/^half/.test(amount[1]!) ? 0.5 : /^a/.test(amount[1]!) ? 1 : Number(amount[1]));
    const hours = n * HOURS_IN[amount[2]![0]!]!;
    if (hours > 0 && hours <= MOST_HOURS) Object.assign(slots, { shiftHours: back ? -hours : hours });
    amount[0].split(' ').forEach((_, i) => void used.add(firstOf + i));
  } else if (timed) Object.assign(slots, { from: time.from ?? undefined, to: time.to ?? undefined });
  else Object.assign(slots, { towards: earlier ? 'earlier' : 'later' });
  const plan = names.find((n) => n.kind === 'plan');
  if (plan) slots.planId = plan.name;
  const meant = new Set([jobs[0]?.at, plan?.at]);
  const left = tokens.flatMap((t, i) =>
    used.has(i) || meant.has(i) || ABOUT.has(t.low) || NEUTRAL.has(t.low) || (t.low === 'jobs' && job === undefined)
      ? []
      : [t.said],
  );
  return { slots, left, ask: time?.unclear === undefined ? ask : null };
};
const MOST_HOURS = 840;

const jobBefore = (last: Turn | undefined): string | undefined => {
  const { jobs = [] } = last?.query?.filters ?? {};
  return last?.slots.job ?? (jobs.length === 1 ? jobs[0] : last?.query?.by === 'job' ? last.top : undefined);
};
