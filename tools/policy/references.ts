/** Sentences that speak of other clauses: "Clause 1.2 does not apply to the payments team." They change those, and nothing else. */
import type { Scope } from '../../domain/policy/policy.js';
import { questioned } from './doubts.js';
import type { Draft } from './drafts.js';
import { isScoped, scopeIn } from './scope.js';
import type { Sentence } from './sentences.js';

export interface Reference {
  readonly sentence: Sentence;
  /** as written */
  readonly named: string;
  /** the numbers of the clauses, each from the outermost on; empty: it names them otherwise */
  readonly clauses: readonly (readonly string[])[];
  /** it names the sentence before, for example as "this" */
  readonly isBack: boolean;
  /** types of constraint that its noun may mean: "the ceiling" */
  readonly types: readonly string[];
  /** whom it takes out of them; null: it changes them otherwise */
  readonly who: Scope | null;
  /** where the words stand that tie a rule of the sentence's own to them: "subject to clause 1" */
  readonly tie?: { readonly from: number; readonly to: number; readonly isBelow: boolean };
}

const NUMBER = String.raw`\(?(?:\d{1,3}(?:\.\d{1,3})*(?:\s?\([a-z\d]{1,3}\)|[a-z](?![a-z]))*|[ivx]{1,5}\b|[a-h]\b)\)?`;
const CLAUSE = String.raw`(?:clauses?|sections?|rules?|articles?|paragraphs?|points?|items?|provisions?|requirements?|\u00a7{1,2})\s*(?:no\.?\s*)?`;
const NAMED = new RegExp(
  String.raw`(?<![\w-])${CLAUSE}(${NUMBER})(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|to)\s+)(${NUMBER}))*`,
);
/** A clause of another text. */
const ELSEWHERE =
  /^\s*(?:of|in) (?:the |its |our )?(?!policy|document|standard|directive|guideline|present|list|section|chapter|part|above|following)[\w-]+/;
/** Words before a clause that only point at it. */
const CITED =
  /\b(?:see|under|per|in|of|by|with|to|per|as (?:described|defined|set out|stated|given|listed) in|in accordance with|according to|pursuant to|defined in|described in|listed in|set out in|required by|refer(?:s|red)? to|reference to)\s*(?:also\s+)?$/;

/** Words before a clause that tie a rule of their own sentence to it: below it, so that it stays as it is, or instead of it. */
const TIED =
  /(?:\b(?<below>subject to|without prejudice to|(?:only )?within(?: the limits of)?|in addition to|additionally to|besides|over and above)|\b(?:notwithstanding|despite|in spite of|regardless of|irrespective of|contrary to|instead of|in place of|in derogation (?:of|from)|derogating from|deviating from|in deviation from|(?:by way of|as) (?:an )?exception (?:to|from)|as an exemption from|overriding|unlike))\s+(?:the (?:provisions|limits?|requirements?) (?:of|in) )?$/;

const NOUNS: Readonly<Record<string, readonly string[]>> = {
  ceiling: ['carbon_cap', 'budget_cap', 'power_cap'],
  cap: ['carbon_cap', 'budget_cap', 'power_cap'],
  limit: ['carbon_cap', 'budget_cap', 'power_cap', 'max_deferral', 'sla_class'],
  budget: ['budget_cap', 'carbon_cap'],
  window: ['blackout'],
  blackout: ['blackout'],
  ban: ['blackout', 'region_deny'],
  freeze: ['change_freeze'],
  deadline: ['deadline'],
  threshold: ['approval_threshold'],
};
const BACK = String.raw`(?:this|that|it|the (?:above|foregoing|preceding|previous)(?: \w+)?|(?:this|that|the (?:same|above|preceding|previous)) (?:clause|rule|limit|ceiling|cap|budget|window|ban|freeze|requirement|restriction|section|paragraph|sentence|provision|deadline|threshold|blackout))`;
const NOUN = String.raw`the (?:[\w-]+ )?(?:ceiling|cap|limit|budget|window|blackout|ban|freeze|deadline|threshold)`;
const OBJECT = `(?:${NAMED.source}|${BACK}|${NOUN})`;

const LEAVES_OUT: readonly RegExp[] = [
  new RegExp(
    String.raw`^(?:(?:however|but|nevertheless),?\s+)?(?<what>${OBJECT})(?: (?:of|in|above|below|on|for|with)\b[^.;]{0,40}?)? (?:(?:does|do|shall|will|must|need|should) not (?:need to )?(?:apply|extend|hold)|(?:doesn't|don't|won't) (?:apply|hold)|(?:is|are) (?:waived|suspended|lifted|not binding)) (?:to|for|on) (?<who>.+)$`,
  ),
  new RegExp(
    String.raw`^(?<who>[^.;]+?) (?:is|are|shall be|remains?) (?:exempt(?:ed)?|excluded|excused|released|free) from (?<what>${OBJECT})\.?$`,
  ),
  new RegExp(
    String.raw`^(?<who>[^.;]+?) (?:(?:is|are) not (?:bound by|subject to)|need not (?:comply with|keep|follow|observe)|(?:does|do) not have to (?:comply with|keep|follow|observe)) (?<what>${OBJECT})\.?$`,
  ),
];

const partsOf = (number: string): string[] => number.match(/\d{1,3}|[a-z]+/g) ?? [];

const clausesIn = (text: string): string[][] => {
  const named = NAMED.exec(text)?.[0];
  if (named === undefined) return [];
  const numbers = named.replace(new RegExp(CLAUSE), '');
  const range = /^\s*\(?(\d{1,3})\)?\s+to\s+\(?(\d{1,3})\)?$/.exec(numbers);
  if (range) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    return Array.from({ length: Math.max(0, Math.min(50, to - from + 1)) }, (_, i) => [String(from + i)]);
  }
  return numbers
    .split(/\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+/)
    .map(partsOf)
    .filter((parts) => parts.length > 0);
};

/** Null where the sentence speaks of no other clause, or only points at one. */
export const referenceIn = (sentence: Sentence): Reference | null => {
  if (sentence.made) return null;
  const low = sentence.low.replace(/\.$/, '').trim();
  for (const shape of LEAVES_OUT) {
    const found = shape.exec(low)?.groups;
    if (found === undefined) continue;
    const named = found.what!;
    const who = scopeIn(found.who!);
    const { each: _, ...scope } = who.scope;
    const noun = Object.keys(NOUNS).find((n) => new RegExp(`\\b${n}\\b`).test(named));
    return {
      sentence,
      named,
      clauses: clausesIn(named),
      isBack: new RegExp(`^${BACK}$`).test(named),
      types: noun === undefined ? [] : NOUNS[noun]!,
      who:
        isScoped(scope) &&
        who.vague.length === 0 &&
        !/\b(?:if|when|unless|until|except|between|before|after|during|on|from|where)\b|\d/.test(found.who!)
          ? scope
          : null,
    };
  }
  const named = NAMED.exec(low);
  if (named === null || ELSEWHERE.test(low.slice(named.index + named[0].length))) return null;
  const before = low.slice(0, named.index);
  const tied = TIED.exec(before);
  if (tied !== null) {
    const end = named.index + named[0].length;
    const to = end + /^\s*,?/.exec(low.slice(end))![0].length;
    const tie = { from: tied.index, to, isBelow: tied.groups!.below !== undefined };
    return { sentence, named: named[0], clauses: clausesIn(named[0]), isBack: false, types: [], who: null, tie };
  }
  if (
    CITED.test(before) &&
    !/\b(?:notwithstanding|despite|subject to|exception to|instead of|contrary to|deviat\w+|derogat\w+)\b/.test(before)
  )
    return null;
  // "Clause 3: …" is the name of what follows.
  if (named.index === 0 && /^\s*[:.)-]/.test(low.slice(named[0].length))) return null;
  return { sentence, named: named[0], clauses: clausesIn(named[0]), isBack: false, types: [], who: null };
};

interface Referred {
  readonly drafts: readonly Draft[];
  readonly verdict: { readonly as: 'notUnderstood' | 'remarks'; readonly why: string };
}

/** The drafts once the reference has been taken into those that it names; `before` of them stand above it. Where it is not certain, they ask. */
export const referred = (
  r: Reference,
  known: readonly Draft[],
  before: number,
  sentences: readonly Sentence[],
): Referred => {
  const { tie } = r;
  const tied = tie && r.sentence.low.slice(tie.from, tie.to).replace(/,$/, '').replace(/\s+/g, ' ').trim();
  const drafts =
    tied === undefined
      ? known
      : known.map((d) => (d.sentence === r.sentence.number ? questioned(d, `what does "${tied}" change here?`) : d));
  const targets = new Set(targetsOf(r, drafts, before, sentences));
  const said = r.sentence.low.replace(/\s+/g, ' ');
  if (targets.size === 0)
    return {
      drafts,
      verdict: {
        as: 'notUnderstood',
        why: `no rule was found that "${r.named}" names; nothing was changed because of it`,
      },
    };
  const isSure = r.who !== null && (r.clauses.length > 0 || targets.size === 1 || r.isBack);
  // What stands below another rule leaves that as it is.
  if (tie?.isBelow)
    return {
      drafts,
      verdict: { as: 'notUnderstood', why: `is tied to "${r.named}"; what it says itself asks about it` },
    };
  let isTaken = isSure;
  const changed = drafts.map((draft) => {
    if (!targets.has(draft)) return draft;
    const scope = isSure ? without(draft.scope, r.who!) : undefined;
    if (scope !== undefined) return { ...draft, scope } as Draft;
    isTaken = false;
    return questioned(draft, `how does "${said}" change it?`);
  });
  return {
    drafts: changed,
    verdict: isTaken
      ? { as: 'remarks', why: `takes those it names out of "${r.named}"; taken over into what that says` }
      : { as: 'notUnderstood', why: `changes "${r.named}"; what that says asks about it` },
  };
};

const targetsOf = (r: Reference, drafts: readonly Draft[], before: number, sentences: readonly Sentence[]): Draft[] => {
  if (r.clauses.length > 0)
    return drafts.filter((draft) => {
      const { clause } = sentences[draft.sentence - 1]!;
      return draft.sentence !== r.sentence.number && r.clauses.some((wanted) => isWithin(clause, wanted));
    });
  if (r.isBack) {
    const last = drafts[before - 1];
    return last !== undefined && r.sentence.number - last.sentence === 1
      ? drafts.filter((d) => d.sentence === last.sentence)
      : [];
  }
  return drafts.filter((draft) => r.types.includes(draft.type));
};

/** "1.2" is found as 1.2, in 1.2(a), and as the 2 of a list beneath a heading 1 that numbers from there. */
const isWithin = (clause: readonly string[], wanted: readonly string[]): boolean =>
  [clause, clause.slice(1)].some(
    (path, i) =>
      path.length >= wanted.length &&
      (i === 0 || wanted.length === path.length) &&
      wanted.every((part, at) => path[at] === part),
  );

/** The scope without those that are named; undefined where no exception says so. */
const without = (scope: Scope, who: Scope): Scope | undefined => {
  const keys = Object.keys(who) as (keyof Scope)[];
  if (scope.except === undefined) return { ...scope, except: who as NonNullable<Scope['except']> };
  const known = Object.keys(scope.except) as (keyof Scope)[];
  if (keys.length !== 1 || known.length !== 1 || keys[0] !== known[0]) return undefined;
  const key = keys[0] as 'teams' | 'kinds';
  const [ours, theirs] = [scope.except[key], who[key]];
  return Array.isArray(ours) && Array.isArray(theirs)
    ? { ...scope, except: { [key]: [...new Set([...ours, ...theirs])] } }
    : undefined;
};
