/** Names in front of the noun that they belong to: "web and ml-research" before "teams". */
import { LARGE_NUMBERS, SMALL_NUMBERS } from '../../domain/number-words.js';
import type { Scope } from '../../domain/policy/policy.js';
import type { Span } from './words.js';

/** Words that end a row of names. */
export const STOP = new Set([
  ...Object.keys(SMALL_NUMBERS),
  ...Object.keys(LARGE_NUMBERS),
  ...`a an the this that these those their its our your his her my each every any all no none per both either neither such other another same some many most few several only
  of for in on at by from to with without within into onto under over above below between during until before after past up than then as and or but nor if when where while unless whether because since so
  is are was were be been being has have had do does did may must shall should can could will would might need needs ought cannot not never always also still just please
  run runs running move moves moved moving start starts starting started begin finish delay delays delayed delaying postpone postponed shift shifted shifting defer deferred keep keeps kept place placed put schedule scheduled
  it they them we you i he she who which what whose there here one ones two three four five six seven eight nine ten more less least fewer greater maximum minimum max min limit cap ceiling budget monthly weekly daily yearly annual quarterly
  exempt applies apply applied requires require required allow allowed allows forbid forbidden execute executed relocate relocated stop stopped touch touched wait waits prefer avoid approve approves approved plan plans policy rule rules
  new existing scheduled planned individual single delayed waiting pending queued normal regular ordinary standard general compute cloud computing it's flexible movable deferrable affected relevant remaining said following above aforementioned own entire whole total overall
  nightly overnight daily weekly monthly hourly recurring periodic non-urgent
  treat leave let give grant ensure make restrict migrate store stored host hosted locate located process processing processes contain containing hold holding handle handling use uses using involving except excluding plus minus e.g i.e etc
  draw draws drawing power load loads consumption capacity
  day days weekday weekdays weekend weekends business public holiday holidays night nights hour hours monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays
  january february march april june july august september october november december together combined altogether
  important large big small heavy long short expensive long-running short-running cheap vague very too much`.split(
    /\s+/,
  ),
]);

/** What was found of whom a text concerns, and the words that said it. */
export interface Gathered {
  readonly teams: Set<string>;
  readonly kinds: Set<string>;
  readonly environments: Set<string>;
  readonly slaClasses: Set<string>;
  readonly resources: Set<string>;
  readonly labels: Map<string, string>;
  each: string | undefined;
  readonly spans: Span[];
}

export type PlainScope = Omit<Scope, 'except'>;

export interface Token {
  readonly text: string;
  readonly span: Span;
}

export const tokensBefore = (low: string, at: number): Token[] => {
  const start = Math.max(0, at - 90);
  return [...low.slice(start, at).matchAll(/[\p{L}\p{N}_&/.+-]+(?:'s)?|[,;:()]/gu)].map((m) => ({
    text: m[0],
    span: [start + m.index, start + m.index + m[0].length] as const,
  }));
};

export interface Name {
  readonly words: readonly Token[];
  readonly text: string;
}

/** Nearest last. `stop` is the word that ended the row. */
export const namesBefore = (low: string, at: number, longest: number): { names: Name[]; stop: string | undefined } => {
  const tokens = tokensBefore(low, at);
  const names: Name[] = [];
  let current: Token[] = [];
  let stop: string | undefined;
  let joined = false;
  const flush = () => {
    if (current.length > 0) names.unshift({ words: current, text: current.map((t) => t.text).join(' ') });
    current = [];
  };
  for (let i = tokens.length - 1; i >= 0; i--) {
    const text = tokens[i]!.text.replace(/^[.-]+|[.]+$/g, '');
    if (/^(?:,|and|or|\/|&|nor)$/.test(text) && (current.length > 0 || joined)) {
      flush();
      joined = true;
      continue;
    }
    if (joined && current.length === 0 && /^(?:the|both)$/.test(text)) continue;
    if (
      text === '' ||
      STOP.has(text) ||
      /^[,;:()]$/.test(text) ||
      /^\d+(?:[.,]\d+)*$/.test(text) ||
      /'s$/.test(text) ||
      current.length >= longest
    ) {
      stop = text;
      break;
    }
    current.unshift({ text, span: tokens[i]!.span });
  }
  flush();
  return { names, stop };
};
