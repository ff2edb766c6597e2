/** Sentences that allow or lift something. No limit is in them, and read as one they would turn into their opposite. */
import { WEEKDAYS, type Weekday } from '../../domain/policy/policy.js';
import type { Clause } from './clause.js';
import { clockAfter } from './hours.js';

const RULE =
  '(?:limits?|ceilings?|caps?|budgets?|restrictions?|(?:change )?freezes?|blackouts?|requirements?|deadlines?|embargo|moratorium|bans?|maximum|quotas?)';
const DENIES = '(?:stop|prevent|forbid|prohibit|ban|bar|hinder|preclude|rule out|object|mind|oppose|discourage|block)';
const LIFTS: readonly RegExp[] = [
  // "Nothing stops …", "no one objects to …", "we do not forbid …": a denied ban.
  new RegExp(
    String.raw`\b(?:nothing|no ?one|no-one|nobody|none|neither)\b(?: (?:in|of) [\w -]{1,30}?)? (?:\w+ly )?${DENIES}s?\b`,
  ),
  new RegExp(
    String.raw`\b(?:do|does|did|will|would)(?:n't| not| never) (?:\w+ly )?(?:${DENIES}|say|state|require|demand|ask|insist|expect|mean)\b`,
  ),
  /\b(?:no|any) (?:reason|rule|law|policy|objections?|requirement|obligation|ban|need|intention)\b[^.;]{0,60}?\b(?:why|that|against|for|to|forbid\w*|prevent\w*|stop\w*)\b/,
  /\b(?:nobody|no ?one|no-one|no (?:team|job|workload)) (?:(?:is|are) (?:required|obliged|obligated|forced|bound)|(?:has|have|needs?) to)\b/,
  /\b(?:is|are|was|were|be)(?:n't| not| no longer| never)\s+(?:\w+ly\s+)?(?:restricted|limited|confined|bound|tied|required|obliged|obligated|necessary|needed|mandatory|compulsory|forbidden|prohibited|banned|barred|disallowed|prevented|blocked|capped)\b/,
  /\bneed(?:s)?(?:n't| not)\b|\b(?:do|does)(?:n't| not) (?:have|need) to\b|\bno (?:need|obligation|requirement|duty) (?:to|for)\b|\bnot necessary\b|\bnot necessarily\b/,
  new RegExp(String.raw`\bthere (?:is|are|will be) no(?: longer any?)? (?:[\w-]+ ){0,2}${RULE}\b`),
  new RegExp(String.raw`\bno (?:[\w-]+ ){0,2}${RULE} (?:appl(?:y|ies)|on|for|to how|is in force|holds?)\b`),
  /\bno longer (?:appl\w+|valid|in force|holds?|binding)\b|\bunlimited\b|\bwithout (?:any )?(?:limit|restriction)s?\b/,
  new RegExp(
    String.raw`\b${RULE}\b[^.;:]*\b(?:is|are|was|were|has been|have been)(?: hereby| now)? (?:lifted|abolished|repealed|withdrawn|cancell?ed|revoked|rescinded|removed|dropped|superseded|over)\b`,
  ),
];

/** "is not restricted to", "need not", "has been lifted". */
export const lifts = (low: string): boolean => LIFTS.some((lift) => lift.test(low));

const ALLOWS =
  /\b(?:may|can|(?:is|are) (?:always |also |now )?(?:allowed|permitted|fine|ok|okay|acceptable|welcome|free)|free to)\b/;
const ALWAYS =
  /\b(?:at any (?:time|hour)|any ?time|around the clock|24\/7|day and night|whenever (?:they|it) (?:like|want)s?)\b/;

export interface Permission {
  readonly on: 'start' | 'run';
  readonly days: readonly Weekday[];
  readonly from: string;
  readonly to: string;
}

/** "Jobs may start between 16:00 and 19:00": the hours that a sentence allows without limiting the others. */
export const permissionIn = (c: Clause): Permission | undefined => {
  if (!ALLOWS.test(c.low) || c.negated || /\b(?:only|solely|exclusively)\b/.test(c.low)) return undefined;
  const on = /\b(?:start|begin|launch|trigger)\w*\b/.test(c.low) ? 'start' : 'run';
  const days = c.days ?? WEEKDAYS;
  const window = c.window?.value;
  if (window?.start && window.end) return { on, days, from: window.start, to: window.end };
  const at = clockAfter(c.low, 'at')?.value;
  if (at !== undefined) return { on, days, from: at, to: at };
  return ALWAYS.test(c.low) || c.days ? { on, days, from: '00:00', to: '24:00' } : undefined;
};

/** A sentence that allows something where, when or if; what it allows is not read. */
export const permits = (c: Clause): boolean =>
  ALLOWS.test(c.low) &&
  !c.negated &&
  (permissionIn(c) !== undefined ||
    c.places.length > 0 ||
    /\b(?:if|when|whenever|provided|as long as|in case|subject to|on condition)\b/.test(c.low));
