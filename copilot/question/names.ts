/** Which plans, jobs, teams, regions, figures and stretches of time a question names. */
import { SHORT_ID } from '../../domain/digest.js';
import { type Desk, jobsNamed, plansToSearch, read } from '../desk.js';
import type { Slots } from '../lookup.js';
import { knownTo } from './known.js';
import { isOurWord } from './lexicon.js';
import { stretchIn } from './stretch.js';

const TOKEN = /[\p{L}\p{N}](?:[\p{L}\p{N}._:@#/+-]*[\p{L}\p{N}])?/gu;
const MOST_TOKENS = 60;
/** `24h`, `2026`, `12.5kg`, `11:00`, `2026-06-01`: figures, not names. */
const FIGURE =
  /^(?:\d[\d.,:]*(?:h|hr|hrs|min|m|s|d|kg|g|t|kwh|mwh|gwh|kw|mw|gw|k|am|pm|th|st|nd|rd|%)?|\d{4}-\d{2}-\d{2}(?:T.*)?|co2e?|scope\d)$/iu;

type Names = { -readonly [K in keyof Slots]: Slots[K] };

const spellings = (token: string): string[] => [...new Set([token, token.toUpperCase(), token.toLowerCase()])];

/** By the id of a plan, run or approval, the plan that it is or is about. */
const plansById = async (ids: string[], desk: Desk): Promise<ReadonlyMap<string, string>> => {
  if (ids.length === 0) return new Map();
  const [{ plans }, { runs }, { approvals }] = await Promise.all([
    read(desk, 'list_plans', { ids }),
    read(desk, 'list_runs', { ids }),
    read(desk, 'list_approvals', { ids, status: 'all' }),
  ]);
  return new Map([
    ...approvals.map(({ id, planId }): [string, string] => [id, planId]),
    ...runs.flatMap(({ id, planId }): [string, string][] => (planId === null ? [] : [[id, planId]])),
    ...plans.map(({ id }): [string, string] => [id, id]),
  ]);
};

/** `plan P-1`, `p1`, `run R-7`, `approval A-3`: all name a plan. */
const plansIn = async (
  tokens: readonly string[],
  message: string,
  desk: Desk,
): Promise<{ ids: string[]; used: Set<string> }> => {
  const ids: string[] = [];
  const used = new Set<string>();
  const add = (token: string, id: string) => {
    used.add(token);
    if (!ids.includes(id)) ids.push(id);
  };
  const candidates = tokens.filter((token) => SHORT_ID.test(token) || (/\d/.test(token) && !FIGURE.test(token)));
  const planOfId = await plansById(candidates.flatMap(spellings), desk);
  for (const token of candidates) {
    const id = spellings(token).find((spelling) => planOfId.has(spelling));
    if (id !== undefined) add(token, planOfId.get(id)!);
  }
  // A plan that is named and does not exist is said to be unknown, not taken for another one; within a quoted name it is not named.
  const own = message.replace(/["“][^"”]*\s[^"”]*["”]/gu, ' ');
  for (const match of own.matchAll(
    /\bplans?\s+(?:id\s+|no\.?\s+)?["“'`]?((?=[\w-]*\d|[A-Z]{1,2}-[A-Z]{8}\b)[A-Za-z][\w-]*)/giu,
  ))
    if (!used.has(match[1]!) && !FIGURE.test(match[1]!)) add(match[1]!, match[1]!);
  return { ids, used };
};

const MORE_THAN_A_TEAM = new Set([
  'a',
  'an',
  'the',
  'my',
  'our',
  'your',
  'each',
  'every',
  'which',
  'what',
  'and',
  'is',
  'has',
  'was',
  'did',
  'do',
  'does',
  'of',
  'per',
  'lead',
  'members',
  'saved',
  'save',
  'summary',
]);

const teamIn = async (message: string, desk: Desk): Promise<string | undefined> => {
  const { teams: known } = await knownTo(desk, null);
  const lower = message.toLowerCase();
  const whole = (name: string) => {
    for (let at = lower.indexOf(name); at >= 0; at = lower.indexOf(name, at + 1)) {
      const [left, right] = [lower[at - 1] ?? ' ', lower[at + name.length] ?? ' '];
      if (!/[\p{L}\p{N}_-]/u.test(left) && !/[\p{L}\p{N}_-]/u.test(right)) return true;
    }
    return false;
  };
  const named = known
    .filter((t) => t.length > 1)
    .sort((a, b) => b.length - a.length)
    .find((t) => whole(t.toLowerCase()));
  if (named !== undefined) return named;
  const said =
    /\bteam\s+["“'`]?([\p{L}\p{N}][\p{L}\p{N}_.-]*)/iu.exec(message)?.[1] ??
    /\b(?:the\s+)([\p{L}\p{N}][\p{L}\p{N}_.-]*)\s+team\b/iu.exec(message)?.[1];
  return said === undefined || MORE_THAN_A_TEAM.has(said.toLowerCase()) || isOurWord(said.toLowerCase())
    ? undefined
    : said.replace(/[.-]+$/, '');
};

const AFTER_JOB = new Set([
  'be',
  'is',
  'was',
  'were',
  'moved',
  'left',
  'that',
  'which',
  'waiting',
  'waits',
  'run',
  'runs',
  'start',
  'starts',
  'name',
  'names',
  'id',
  'in',
  'of',
  'to',
  'on',
  'the',
  'not',
  'wait',
  'here',
  'there',
  'stay',
  'stayed',
  'and',
  'or',
  'queue',
  'kept',
  'will',
  'did',
  'does',
  'so',
  'at',
  'now',
  'has',
  'had',
  'take',
  'takes',
  'use',
  'uses',
  'a',
  'for',
  'from',
  'if',
  'when',
  'by',
  'should',
  'could',
  'can',
  'may',
  'must',
  'finish',
  'finishes',
  'end',
  'ends',
  'later',
  'earlier',
  'first',
  'next',
  'later',
]);

const jobIn = async (
  tokens: readonly string[],
  message: string,
  used: ReadonlySet<string>,
  planId: string | undefined,
  desk: Desk,
) => {
  const quote = /["“`]([^"”`]{1,200})["”`]/u.exec(message)?.[1];
  const said = /\bjob\s+(?:id\s+|named\s+|called\s+)?["“'`]?([\p{L}\p{N}][^\s"”'`?,;!]*)/iu
    .exec(message)?.[1]
    ?.replace(/[.:]+$/, '');
  const candidates = [...(quote === undefined ? [] : [quote]), ...tokens].filter((t) => !used.has(t) && t.length > 1);
  const known = new Set<string>();
  if (candidates.length > 0)
    for (const { workloadId } of await plansToSearch(desk, planId))
      for (const { id } of await jobsNamed(desk, workloadId, candidates)) known.add(id);
  const named = candidates.find((candidate) => known.has(candidate));
  if (named !== undefined) return named;
  if (quote !== undefined && /\bjobs?\b|\bwhy\b/i.test(message)) return quote;
  if (said !== undefined && !used.has(said) && !AFTER_JOB.has(said.toLowerCase()) && !isOurWord(said.toLowerCase()))
    return said;
  // `training-42` reads like a job, and is said to be unknown when it is none.
  return /\bwhy\b|\bwhen\b/i.test(message)
    ? tokens.find((t) => !used.has(t) && !FIGURE.test(t) && /\p{L}/u.test(t) && /[-_]/.test(t) && /\d/.test(t))
    : undefined;
};

const PERIODS: readonly (readonly [RegExp, NonNullable<Slots['period']>])[] = [
  [/\byesterday\b/i, 'yesterday'],
  [/\btoday\b|\bso far today\b/i, 'today'],
  [/\b(?:last|past|previous) (?:week|7 days|seven days)\b/i, 'last week'],
  [/\bthis week\b/i, 'this week'],
  [/\b(?:last|past|previous) month\b/i, 'last month'],
  [/\bthis month\b/i, 'this month'],
  [/\bthis year\b|\byear to date\b|\bso far this year\b/i, 'this year'],
  [/\b(?:ever|in total|all time|overall|altogether|since the (?:start|beginning))\b/i, 'all'],
];

const MONEY = '(?:£|€|\\$|GBP|EUR|USD)?\\s?';
const PRICE: readonly RegExp[] = [
  new RegExp(`\\b(?:carbon|co2e?)[- ](?:price|tax|cost)\\b[^\\d]{0,40}?${MONEY}(\\d[\\d ,]*(?:\\.\\d+)?)`, 'i'),
  new RegExp(
    `\\b(?:price|cost|tax)\\s(?:of|on|for)\\s(?:carbon|co2e?)\\b[^\\d]{0,40}?${MONEY}(\\d[\\d ,]*(?:\\.\\d+)?)`,
    'i',
  ),
  new RegExp(
    `${MONEY}(\\d[\\d ,]*(?:\\.\\d+)?)\\s?(?:£|€|\\$|GBP|EUR|USD|pounds?|euros?|dollars?)?\\s?(?:/|per|a)\\s?t(?:onnes?|ons?)?\\b`,
    'i',
  ),
  new RegExp(`\\bif\\b[^\\d]{0,30}\\bcarbon\\b[^\\d]{0,30}${MONEY}(\\d[\\d ,]*(?:\\.\\d+)?)`, 'i'),
];

const priceIn = (message: string): number | undefined => {
  for (const pattern of PRICE) {
    const digits = pattern.exec(message)?.[1];
    const value = Number(digits?.replace(/[ ,](?=\d{3}\b)/g, '').trim());
    if (digits !== undefined && Number.isFinite(value) && value <= 1e6) return value;
  }
  return undefined;
};

const KW: Readonly<Record<string, number>> = { k: 1, kilo: 1, m: 1000, mega: 1000, g: 1e6, giga: 1e6 };
/** "2 MW", "500 kilowatts", in kW; energies are none. */
const powerIn = (message: string): number | undefined => {
  const match = /(\d+(?:\.\d+)?)\s?(?:(kilo|mega|giga)watts?|([kmg])w)\b(?![ -]?h)/i.exec(message);
  const kw = match ? Number(match[1]) * KW[(match[2] ?? match[3])!.toLowerCase()]! : 0;
  return kw > 0 && kw <= 1e7 ? kw : undefined;
};

const hoursIn = (message: string): number | undefined => {
  const match = /(\d+(?:\.\d+)?)[\s-]?(h|hours?|hrs?|min|mins|minutes?|days?)\b/i.exec(message);
  if (!match) return undefined;
  const per = /^min/i.test(match[2]!) ? 1 / 60 : /^d/i.test(match[2]!) ? 24 : 1;
  const hours = Number(match[1]) * per;
  return hours > 0 && hours <= 840 ? hours : undefined;
};

/** Everything that a question names; what it does not name is left out. */
export const namesIn = async (message: string, desk: Desk, said = message): Promise<Slots> => {
  const tokens = [...new Set(message.match(TOKEN) ?? [])].slice(0, MOST_TOKENS);
  const names: Names = {};
  const plans = await plansIn(tokens, message, desk);
  if (plans.ids[0] !== undefined) names.planId = plans.ids[0];
  if (plans.ids[1] !== undefined) names.otherPlanId = plans.ids[1];
  const regions = await desk.world.grid.regions();
  const region = tokens.find((t) => regions.some((r) => r.toLowerCase() === t.toLowerCase()));
  const place = /\b(?:in|at|for)\s+([a-z]{2}-[a-z]+-\d+|[A-Z]{2}(?:-[A-Z0-9]+)?)\b/u.exec(message)?.[1];
  if (region !== undefined) names.region = regions.find((r) => r.toLowerCase() === region.toLowerCase())!;
  else if (place !== undefined && /grid|intens|clean|green|carbon/i.test(message)) names.region = place;
  const team = await teamIn(message, desk);
  if (team !== undefined) names.team = team;
  const used = new Set([
    ...plans.used,
    ...(region === undefined ? [] : [region]),
    ...(team === undefined ? [] : [team]),
  ]);
  const job = await jobIn(tokens, message, used, plans.ids[0], desk);
  if (job !== undefined) names.job = job;
  const period = PERIODS.find(([pattern]) => pattern.test(said))?.[1];
  if (period !== undefined) names.period = period;
  const bare = tokens.filter((t) => used.has(t) || t === job).reduce((text, t) => text.replaceAll(t, ' '), said);
  const stretch = stretchIn(bare, desk.now);
  if (stretch) [names.from, names.to] = [stretch.from, stretch.to];
  const price = priceIn(said);
  if (price !== undefined) names.carbonPricePerTonne = price;
  const hours = hoursIn(said.replace(/\b(?:next|coming|last|past|previous|in|within) \d+ ?\w+/gi, ' '));
  if (hours !== undefined) names.hours = hours;
  const power = powerIn(said);
  if (power !== undefined) names.powerKw = power;
  names.topic = message.slice(0, 500);
  return names;
};
