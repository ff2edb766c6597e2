/** Where a turning word can stand: by what is directly before and behind it. What is named too often is asked; nothing is let through. */
import { DAY } from './days.js';

const PREPOSITION =
  /^(?:of|in|on|at|by|from|to|with|within|into|onto|via|over|under|for|between|during|after|before|below|above|than|per|up|outside|beyond|about|as|across|until|till)$/;
const DETERMINER = /^(?:an?|the|this|that|these|those|its|their|our|your|each|every|any|all|no|another|both|such)$/;
const MODAL = /^(?:may|must|shall|should|can|could|will|would|cannot|mustn't|can't|shouldn't|won't|needn't)$/;
const BE = /^(?:is|are|was|were|has|have|had|do|does|did|isn't|aren't|don't)$/;
const JOIN = /^(?:and|or|but|nor|if|when|whenever|while|whereas|because|so|since|unless|except|without|not|never)$/;
export const MARK = /^[^\p{L}\p{N}£€$]/u;
const FIGURE = /^[£€$]?\d/;
const COUNT =
  /^(?:[£€$]?\d.*|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|hundred|half|eur|gbp|usd|chf)$/;
const CLOCK = /^\d{1,2}[:.h]\d\d|^\d{1,2}(?:am|pm)$/;
const COMPARATIVE =
  /^(?:more|less|fewer|other|rather|else|elsewhere|sooner|earlier|later|longer|greater|higher|larger|bigger|lower|smaller|cheaper|costlier|further|worse|better|beyond|faster|slower|shorter|anything|anywhere|different|heavier|dearer|dirtier|cleaner)$/;
/** What a denial may stand before without a verb in front of it. */
const DENIED =
  /^(?:more|less|later|longer|earlier|fewer|greater|higher|until|before|after|even|all|every|each|any|only|to|just|a|be|beyond|above|over|necessarily|including|exceed(?:ing)?|counting)$/;
const OWN_NOUN =
  /^(?:an?|the|any|its|their|this|that|these|prior|previous|written|explicit|formal|express|further|his|her|our|approvals?|consent|permission|authori[sz]ation|sign-?offs?|delays?|exceptions?|interruptions?|notice|limits?|restrictions?|agreement|clearance|confirmation|review|leave|[a-z]+ing)$/;
const PERIOD = `hour|day|week|month|quarter|year|annum|night|morning|evening|afternoon|weekday|weekend|minute|${DAY}`;
const COUNTED =
  'job|workload|task|team|squad|department|desk|unit|business|site|cluster|region|plan|move|change|service|project|tenant|user|customer|class|run|build|request|pipeline|person|company|group|calendar|working|single|one|individual|time|placement|migration|deployment|financial|fiscal|month';
const ONE = new RegExp(`^(?:${PERIOD}|${COUNTED}|of|batch|gold|silver|bronze|production)$`);
const PER = new RegExp(`^(?:${PERIOD}|${COUNTED}|[kmg]wh|tonne|t|kg)$`);
const VERB =
  /^(?:may|must|shall|should|can|could|will|would|cannot|is|are|was|were|has|have|needs?|runs?|stays?|waits?)$/;
const BOUND =
  /^(?:to|than|below|under|above|over|within|beyond|least|most|exceed|exceeds|exceeding|before|after|until|till|past|from|between|at|no|not|never|about|maximum|minimum)$/;

const IS_PERIOD = new RegExp(`^(?:${PERIOD}|\\w+days|\\w+ends|hours|nights|freeze|\\d.*)$`);
/** What "until" waits for. */
const WHEN = new RegExp(
  `^(?:\\d.*|an?|the|this|that|these|those|its|their|noon|midnight|further|next|then|now|they|it|we|approved|approval|end|after|before|early|late|mid|january|february|march|april|may|june|july|august|september|october|november|december|${DAY})$`,
);
/** Months stand behind these; behind any other preposition "may" stands wrongly. */
const MONTH = /^(?:in|from|until|during|since|through|between|of|to|early|late|mid|next)$/;
const IS_DAY = new RegExp(`^(?:${DAY}|weekdays?|weekends?|working|business)$`);
const NO_VERB = /ing$|(?<!ne|fe|exce|proce|succe|spe|emb)ed$/;

interface Place {
  /** the words before it, from the last mark on */
  readonly prior: readonly string[];
  readonly before: string;
  readonly after: string;
  /** the words that follow, up to the next mark */
  readonly next: readonly string[];
  /** more of the sentence stands behind that mark */
  readonly hasMore: boolean;
}
type Misplaced = (at: Place) => boolean;

const isStart = (word: string) => word === '' || MARK.test(word);
const isVerbal = (word: string) => MODAL.test(word) || BE.test(word) || /^(?:be|to|been|being)$/.test(word);

/** Each word, where it can not stand, and the phrases in which it may say nothing new. */
export const TURNS: readonly { readonly word: RegExp; readonly misplaced: Misplaced; readonly redundant?: RegExp }[] = [
  {
    word: /\bnot\b/g,
    misplaced: ({ prior, before, after }) =>
      MODAL.test(after) ||
      BE.test(after) ||
      /^(?:not|never|no)$/.test(after) ||
      (before === 'but' && /^(?:nothing|nobody|none|no)$/.test(prior.at(-2) ?? '')) ||
      (before === '' && !DENIED.test(after) && !PREPOSITION.test(after)) ||
      (before === 'to' && (FIGURE.test(after) || IS_PERIOD.test(after) || DETERMINER.test(after))) ||
      !(
        isVerbal(before) ||
        isStart(before) ||
        /^(?:but|and|or|if|whether|need|ought)$/.test(before) ||
        DENIED.test(after)
      ) ||
      (PREPOSITION.test(before) && before !== 'to' && !COMPARATIVE.test(after)) ||
      (DETERMINER.test(before) && !/^(?:these|those|this|that|all)$/.test(before)),
    // Comparisons are read with their figure; examples change nothing.
    redundant:
      /\bnot(?: be)? (?:more|later|longer|less|earlier|fewer|greater|higher|larger|bigger) than\b|\bnot even\b|\bbut not\b|\bnot (?:bother|worth)\b|\bnot(?= be (?:raised|proposed|suggested|made)\b)/g,
  },
  {
    word: /\bnever\b/g,
    redundant:
      /(?<=, )never more\b|\bnever miss(?:es)?\b|\bnever (?:past|beyond|after|later than)\b(?=[^.;]*\bdeadlines?\b)/g,
    misplaced: ({ before, after }) =>
      PREPOSITION.test(before) ||
      DETERMINER.test(before) ||
      /^(?:only|not|never|no)$/.test(after) ||
      MODAL.test(after) ||
      JOIN.test(after) ||
      DETERMINER.test(after) ||
      FIGURE.test(after) ||
      (PREPOSITION.test(after) && !isStart(before) && !isVerbal(before) && !JOIN.test(before)),
  },
  {
    word: /\bno\b/g,
    misplaced: ({ before, after, next }) =>
      DETERMINER.test(before) ||
      (before === 'to' && !COMPARATIVE.test(after)) ||
      /^(?:not|never|without)$/.test(before) ||
      after === '' ||
      MARK.test(after) ||
      PREPOSITION.test(after) ||
      DETERMINER.test(after) ||
      MODAL.test(after) ||
      BE.test(after) ||
      JOIN.test(after) ||
      FIGURE.test(after) ||
      after === 'only' ||
      (PREPOSITION.test(before) && IS_DAY.test(after)) ||
      (BARE_VERB.test(after) && !VERB.test(next[1] ?? '')) ||
      !(
        isStart(before) ||
        COMPARATIVE.test(after) ||
        JOIN.test(before) ||
        PREPOSITION.test(before) ||
        isVerbal(before) ||
        next.slice(1, 6).some((word) => VERB.test(word))
      ),
    redundant:
      /\bno (?:more|later|longer|less|earlier|fewer|greater|higher|larger|bigger) than\b|\bno exceptions?\b|\bno\b(?=[^.;]*\bnot even\b)|(?<=\bfreeze\b.*)\bno(?= (?:[\w-]+ ){1,3}may be \w+ed\b)/g,
  },
  {
    word: /\bwithout\b/g,
    misplaced: ({ before, after }) =>
      PREPOSITION.test(before) || DETERMINER.test(before) || JOIN.test(after) || !OWN_NOUN.test(after),
  },
  {
    word: /\bunless\b/g,
    misplaced: ({ before, after, next, hasMore }) =>
      PREPOSITION.test(before) ||
      DETERMINER.test(before) ||
      isVerbal(before) ||
      // One that opens the sentence has its rule behind a comma.
      (before === '' && !hasMore) ||
      !next.slice(0, 9).some((word) => VERB.test(word) || /(?:ed|s|ve|ow|en)$/.test(word)) ||
      after === '' ||
      MARK.test(after) ||
      PREPOSITION.test(after) ||
      MODAL.test(after) ||
      BE.test(after) ||
      FIGURE.test(after) ||
      JOIN.test(after),
  },
  {
    word: /\bexcept(?:ing)?\b/g,
    misplaced: ({ before, after }) =>
      PREPOSITION.test(before) ||
      DETERMINER.test(before) ||
      isVerbal(before) ||
      /^(?:not|never|no|unless|except|without|only|than|above|below|under|over|of|to|per|up|and|or|but)$/.test(after) ||
      after === '' ||
      MARK.test(after) ||
      MODAL.test(after) ||
      BE.test(after),
  },
  {
    word: /\bonly\b/g,
    // "Must run in A only" and "may run in A" allow the same.
    redundant:
      /^only [^,;]*\b(?:is|are) (?:approved|allowed|permitted)\b|\b(?:may|must|shall|should|can) only\b|\bonly(?= (?:in|within) |[.,;)]|$)/g,
    misplaced: ({ before, after }) =>
      MODAL.test(after) ||
      BE.test(after) ||
      /^(?:outside|from|of|than|before|into|per)$/.test(before) ||
      (DETERMINER.test(before) && before !== 'the') ||
      after === 'only',
  },
  {
    word: /\buntil\b/g,
    misplaced: ({ before, after }) => PREPOSITION.test(before) || !WHEN.test(after),
  },
  { word: /\bthan\b/g, misplaced: ({ before, after }) => !COMPARATIVE.test(before) || after === 'than' },
  {
    word: /\bat (?:the )?(?:least|most)\b/g,
    misplaced: ({ before, after }) => {
      const behind =
        /\d|^(?:[kmg]wh?|kg|t|g|tonnes?|minutes?|min|hours?|h|days?|weeks?|months?|jobs?|quarter|year|delay|euros?|pounds?)$/;
      if (COUNT.test(after) && !CLOCK.test(after)) return BOUND.test(before) || behind.test(before);
      return !behind.test(before) || CLOCK.test(before) || VERB.test(after) || /^max/.test(after);
    },
  },
  {
    word: /\bother than\b/g,
    misplaced: ({ before, after }) =>
      PREPOSITION.test(before) ||
      DETERMINER.test(before) ||
      JOIN.test(before) ||
      isVerbal(before) ||
      /^(?:each|every|no|not|only|any)$/.test(after),
  },
  {
    word: /\b(?:each|every)\b/g,
    misplaced: ({ prior, before, after, next }) =>
      DETERMINER.test(before) ||
      (MODAL.test(before)
        ? !/\b(?:teams|squads|departments|desks|clusters|sites|they|them|classes|and)\b/.test(prior.join(' ')) ||
          !/^[a-z]+$/.test(after)
        : !ONE.test(after) && !(isStart(after) && UNIT.test(before))) ||
      (after === 'of' && !DETERMINER.test(next[1] ?? '')) ||
      (/s$/.test(after) && !/^(?:business|class)$/.test(after)) ||
      (VERB.test(next[1] ?? '') &&
        !(
          isStart(before) ||
          PREPOSITION.test(before) ||
          JOIN.test(before) ||
          UNIT.test(before) ||
          IS_PERIOD.test(before)
        )),
  },
  {
    word: /\bper\b/g,
    misplaced: ({ before, after, next }) =>
      DETERMINER.test(before) ||
      PREPOSITION.test(before) ||
      isVerbal(before) ||
      (NO_VERB.test(before) && !AMOUNT.test(before)) ||
      (VERB.test(next[1] ?? '') && !AMOUNT.test(before) && !UNIT.test(before) && !IS_PERIOD.test(before)) ||
      !PER.test(after),
  },
  {
    word: /\b(?:none|nobody|nothing|nowhere)\b/g,
    misplaced: ({ before }) => DETERMINER.test(before),
    redundant: /(?<=\bfreeze\b.*)\bnothing(?= may be \w+ed\b)/g,
  },
  { word: /\b(?:half|double|first|last)\b/g, misplaced: ({ after }) => MODAL.test(after) || JOIN.test(after) },
  {
    word: /\bmay\b/g,
    misplaced: ({ prior, before, after, next }) =>
      !(/^\d{1,2}(?:st|nd|rd|th)?$/.test(before) || /^(?:19|20)\d\d$/.test(after)) &&
      (before === '' ||
        /est$/.test(before) ||
        (isVerbal(before) && before !== 'to') ||
        MODAL.test(after) ||
        BE.test(after) ||
        IS_DAY.test(after) ||
        COMPARATIVE.test(after) ||
        (PREPOSITION.test(before) || DETERMINER.test(before) || before === 'next' || before === 'mid'
          ? !MONTH.test(before) && !/^(?:this|that|these|those|each|any|all)$/.test(before)
          : (isStart(after) && !/^[,(]$/.test(after)) ||
            FIGURE.test(after) ||
            NO_VERB.test(after) ||
            (PREPOSITION.test(after) && !/^(?:most|least|any|no|the)$/.test(next[1] ?? '')) ||
            (JOIN.test(after) && !/^(?:not|never|without|if|when)$/.test(after)) ||
            (NOUN.test(after) && !FRONTED.test(before)) ||
            prior.some(
              (word, i) =>
                MODAL.test(word) && !prior.slice(i).some((w) => JOIN.test(w) || /^(?:that|which|who)$/.test(w)),
            ) ||
            next.slice(1, 4).some((word) => MODAL.test(word) || /^(?:is|are|has)$/.test(word)))),
  },
];
/** "At no time may the data centre …" */
const FRONTED = /^(?:times?|circumstances|conditions?|means|case|account|never|nowhere|region|day)$/;
const NOUN = /^(?:an?|the|this|that|these|those|their|its|all|jobs?|workloads?|teams?|cluster|plans?|data)$/;
const AMOUNT =
  /^(?:ceilings?|caps?|limits?|budgets?|spending|allowances?|quotas?|emissions|costs?|maximum|total|used|spent|allowed|emitted|drawn)$/;
const BARE_VERB =
  /^(?:run|be|start|stay|remain|leave|exceed|emit|draw|wait|move|spend|use|place|process|store|keep|finish|begin|have|go)$/;
const UNIT = /\d|^(?:[kmg]wh?|kg|t|g|tonnes?|kilos?|kilograms?|minutes?|hours?|h|euros?|pounds?|eur|gbp|usd|chf)$/;
