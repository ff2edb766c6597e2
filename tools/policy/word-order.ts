/**
 * The law of neighbours. A word that says nothing by itself ("the", "of", "kept") is neutral only where a word of its kind can stand:
 * between these two neighbours. A pair of words that no English sentence holds is named, and nothing of the sentence is clear.
 */
import { KINDS } from './kinds.js';
import { classesOf, type WordClass } from './word-classes.js';

const list = (kinds: string) => new Set(kinds.trim().split(/\s+/) as WordClass[]);

/** Verbs in a form that has its subject before it. */
const FINITE = 'modal is do has starts';
const NAMED = 'noun nouns number unit day';

/** For each kind of word, the kinds that cannot stand directly behind it. */
const NEVER_BEHIND: Readonly<Record<WordClass, ReadonlySet<WordClass>>> = {
  article: list(
    `article which determiner pronoun preposition to ${FINITE} start be been being they it them whose and if not mark end`,
  ),
  pronoun: list(`article determiner pronoun ${NAMED} they them start`),
  determiner: list('article determiner pronoun it them whose been being'),
  preposition: list(`preposition to ${FINITE} start be been they and mark end`),
  to: list('preposition to modal is starts been they and if mark end'),
  particle: list('modal do they them'),
  modal: list(
    `article which preposition to pronoun it ${FINITE} ${NAMED} starting started been being they them whose and if adjective more mark end`,
  ),
  is: list(`${FINITE} which start be been they them whose and end`),
  do: list(
    `article which determiner preposition to pronoun it ${FINITE} ${NAMED} starting started be been being they them whose and if adjective more mark end`,
  ),
  has: list('preposition modal is do has start starts starting be being they them whose and if mark end day'),
  be: list(`to ${FINITE} start be been being they them whose and end`),
  been: list(`${FINITE} start be been being they them whose and end`),
  being: list(`to ${FINITE} start be been being they them whose and mark end`),
  they: list(
    `article which determiner pronoun preposition to ${NAMED} starting adjective more they it them whose and be been being mark end`,
  ),
  it: list(`article determiner pronoun ${NAMED} they it them be been`),
  them: list(`article pronoun ${FINITE} ${NAMED} start be been they it them`),
  whose: list(
    `article determiner pronoun preposition to ${FINITE} start be been being they it them whose and if not day mark end`,
  ),
  which: list('preposition to number unit adjective them whose which and been being mark end'),
  and: list('and been end'),
  if: list(`${FINITE} start be been and end`),
  not: list('not'),
  adverb: list('unit'),
  start: list(`${FINITE} start started be been being they`),
  starts: list(`${FINITE} start started be been they`),
  starting: list('do start be been they'),
  started: list(`article determiner pronoun do has start starts be been they it number ${NAMED}`),
  noun: list('article determiner pronoun start number be been they it them'),
  nouns: list('article determiner pronoun noun nouns number unit day starts be been they it them adjective'),
  number: list('article determiner pronoun do has be been they it them whose'),
  unit: list('article determiner pronoun nouns number be been they it them'),
  day: list('article pronoun start starts unit be been it them'),
  adjective: list('article which determiner pronoun modal do has start starts be been they it them whose'),
  more: list('article number do has be been they it them whose'),
  mark: list('been'),
  begin: list('which particle modal is has starts unit been them end'),
  end: list(''),
};

/** Pairs that stand all the same, and words between which a pair stands. */
const STANDS: readonly RegExp[] = [
  /^(?:from|until|except|excluding|including|than|for|of|by|since|to|but) (?:in|on|at|from|for|within|before|after|between|during|over|under|above|below|outside|of|until|among)$/,
  /^as (?:of|from|in|at|for|before|after|regards)$/,
  /^(?:all|both|half|such) (?:the|a|an|our|their|its|your|these|those|such|no)$|^(?:any|every|no|each|another|the) such$|^any of$|^all that$|^(?:that|than|if|when|because|while|where|as|so|before|after|until) (?:the|a|an|no|any|every|all|each|both|these|those|this|their|its|our|it|there)$/,
  /^(?:\S*\d\S*|\p{L}+s|co2e?|kg|[kmg]wh?|utc|cet|gmt|hour|noon|midnight|run|start|end|reset|scheduled|planned|done|place|to) (?:each|every)$|^(?:\p{L}+s|co2e?) (?:a|an)$/u,
  /^(?:nights?|evenings?|mornings?|hours?|months?|weeks?|quarters?|years?|times?|days?|\w+days?|\w+ends?|\d\S*|noon|midnight) (?:no|the|all|any|nothing|nobody)$/,
  /^(?:let|make|help) \p{L}+$/u,
  /^\p{L}+s (?:all|each|both|available|due|free|possible|late|early|other)$|^outside of$|^takes? place$|^as (?:is|are)$|^for as$|^(?:above|below|over) (?:needs?|requires?|must|is|are)$|^(?:deferral|delay|limit|cap|budget|ceiling|quota|allowance|maximum|minimum|total|wait|power|draw|priority) \d\S*$|^\p{L}+er one$|^the outside$|^outside $|^of which$|^which at$|^(?:the|in|from|outside|within) us$|^\p{L}+ed no$|^(?:may|must|shall|should|can|will) ,$/u,
  /^(?:teams?|class|tier|phase|sites?|clusters?|regions?|rule|section|clause|level|step|priority|queue|hall|rack|room|building|group|unit) [\w.-]*\d\S*$/,
];

const TOKEN = /[\p{L}\p{N}£€$](?:(?:[\p{L}\p{N}'&.+/_:%-]|,(?=\d))*[\p{L}\p{N}%])?|[^\s\p{L}\p{N}]/gu;

/** "At no time may the data centre draw …": the verb stands before whom it is about. */
const INVERTED =
  /(?:^|[,;:] )(?:(?:at|in|on|under) no\b|nor\b|never\b|only\b|neither\b|not until\b|no (?:more|less|fewer) than\b)[^,;:]*$/;
/** Behind these a verb in the past names what was done with the noun that follows: "the approved regions". */
const BEFORE_NAMES = list('article determiner adjective preposition and begin mark is not more number');
/** Verbs that take a number without a preposition, that take no noun, and that say how something stays. */
const TAKES_NUMBERS =
  /^(?:exceed|excee|cost|draw|sav|emit|requir|affect|mov|shift|touch|spend|us|tak|need|consum|shar|host|contain|involv|cover|reach|wait)/;
const TAKES_NO_NOUN = /^(?:stay|remain|belong|wait|finish|go)(?:s|es|ing|ed)?$/;
const STAYS = /^(?:stay|remain|keep|get|become|be|stays|remains|keeps|gets|becomes)$/;
/** Words that stand for one thing, and so have an article, a number or another noun beside them. */
const COUNTED =
  /^(?:job|workload|task|team|squad|department|desk|group|cluster|ceiling|cap|allowance|quota|limit|day|week|weekend|weekday|hour|month|change|move|plan|request|project|place|run|policy|user|manager|end|shift|session)$/;
/** A new clause begins behind these, with a verb of its own; a relative one stands inside another. */
const RELATIVE = /^(?:that|which|who|whose|whom)$/;
/** A preposition that opens the sentence, and no comma, time or place ends what it opens: "By batch jobs may …". */
const OPENS_NOTHING =
  /^((?:by|for|from|within|of|as|per|into|onto|via|with|outside|beyond|under|below|above|over|in|on|at)(?: (?!no |every |each |all |any |the |\w+days? |weekends? |nights? |january|february|march|april|may|june|july|august|september|october|november|december)[a-z-]+){1,2}) (?:may|must|shall|should|can|cannot|will|is|are|has|have)\b/;
/** Words that stand only before or behind what they are about. */
const FLOATING = /^(?:also|too|here|even|just|then)$/;
const NOMINAL = list('noun nouns number unit day');

/** What a word may be here, and how many verbs with a subject the clause may still have. */
interface State {
  readonly kind: WordClass;
  readonly verbs: number;
}

interface Neighbours {
  readonly left: string;
  readonly right: string;
  /** the word before the two */
  readonly before: string;
  /** the word behind them */
  readonly after: string;
  /** what stands before the two */
  readonly prior: string;
}

const kindsOf = ({ left, right, after }: Neighbours) =>
  right === ''
    ? list('end')
    : right === 'may' && (/^\d{1,2}(?:st|nd|rd|th)?$/.test(left) || /^(?:19|20)\d\d$/.test(after))
      ? list('day')
      : classesOf(right);
const only = (word: string, kinds: ReadonlySet<WordClass>) =>
  word !== '' && [...classesOf(word)].every((kind) => kinds.has(kind));
const may = (word: string, ...kinds: readonly WordClass[]) => kinds.some((kind) => classesOf(word).has(kind));

const follows = (l: WordClass, r: WordClass, { left, right, before, prior }: Neighbours): boolean => {
  if (!NEVER_BEHIND[l].has(r)) return true;
  const inverted = INVERTED.test(`${prior}${l === 'modal' ? '' : left}`);
  if (inverted && l === 'modal') return !may(right, 'preposition', 'modal', 'is') && right !== '';
  if (inverted && (r === 'start' || r === 'be')) return true;
  if (l === 'start' && r === 'started') return STAYS.test(left);
  if (l === 'started' && NOMINAL.has(r) && r !== 'number')
    return before === '' || [...classesOf(before)].some((b) => BEFORE_NAMES.has(b));
  // "A plan that moves more than 30 jobs requires …": the verb is that of the plan.
  if (l === 'nouns' && r === 'starts') return may(before, 'number');
  if (l === 'nouns' && r === 'number') return /\d[^;:]*,/.test(prior);
  if (l === 'started' && r === 'number') return TAKES_NUMBERS.test(left);
  if ((l === 'unit' || l === 'number') && (r === 'article' || r === 'determiner'))
    return /^(?:an?|each|every)$/.test(right);
  if (l === 'preposition' && r === 'mark') return left === 'on' && /\bfrom\b/.test(prior);
  return l === 'noun' && r === 'start' && /\band\b|\p{L}s\b/u.test(prior);
};

/** What no pair of kinds shows: words that ask for more than a kind of neighbour. */
const isMisplaced = (at: Neighbours): boolean => {
  const { left, right, before, after, prior } = at;
  if (
    /^(?:[\p{L}]+er|[\p{L}]+est)$/u.test(left) &&
    only(left, list('adjective')) &&
    /(?:er|est)$/.test(right) &&
    only(right, list('adjective'))
  )
    return true;
  if (right === 'please')
    return !(after === '' || may(after, 'start', 'do', 'not', 'mark')) || only(after, list('noun nouns'));
  if (right === 'there') return !(after === '' || may(after, 'is', 'modal', 'has', 'mark'));
  if (right === 'together') return left === '' || (may(left, 'start') && !/^(?:with|,|)$/.test(after));
  if (right === 'least' || right === 'most') return !/^(?:at|the)$/.test(left);
  if (may(right, 'more') && may(left, 'nouns') && may(after, 'modal')) return true;
  if (may(right, 'more') && left !== 'or' && after !== 'than' && after !== '')
    return may(left, 'unit') || (only(after, list('preposition')) && after !== 'of');
  if (may(right, 'day') && may(left, 'noun', 'nouns') && !may(left, 'start', 'day', 'adjective', 'unit'))
    return right.endsWith('s') || may(after, 'modal', 'is', 'has');
  if (restricts(at)) return true;
  if (right === 'nor') return !/\b(?:neither|not|no|never)\b/.test(`${prior} ${left}`);
  if (right === 'or' && left === '') return true;
  if (right === 'outside' && /^(?:leave|exit|stay|remain)s?$/.test(left)) return left !== 'stay' && left !== 'remain';
  if (right === 'to' && left === '') return !may(after, 'start', 'be', 'has', 'do');
  if (right === 'such') return may(after, 'day', 'number');
  if (FLOATING.test(right))
    return (
      only(after, list('noun nouns number unit day')) &&
      may(left, 'noun', 'nouns', 'number', 'article', 'preposition', 'adjective', 'determiner')
    );
  if (
    /^(?:before|after|until|till|since|as|so|than|because|unless|though)$/.test(right) &&
    only(left, list('preposition'))
  )
    return true;
  if (/^(?:before|after|until|till|since)$/.test(left) && only(right, list('preposition'))) return true;
  if (/^(?:it|you|them)$/.test(right) && TAKES_NO_NOUN.test(left)) return true;
  if (right === 'you' && !may(after, 'modal', 'is', 'has', 'do', 'start', 'adverb')) return true;
  if (TAKES_NO_NOUN.test(left) && (only(right, list('noun nouns pronoun starting')) || COUNTED.test(right)))
    return true;
  if (
    COUNTED.test(right) &&
    (may(left, 'unit') ||
      ((only(left, list('start preposition number')) ||
        (only(left, list('start noun nouns')) &&
          may(left, 'start') &&
          !may(before, 'article', 'determiner', 'adjective', 'noun', 'nouns'))) &&
        !/^(?:per|by|one|1|as|\D*1)$/.test(left)) ||
      (only(left, list('start noun nouns')) && may(left, 'start') && may(before, 'modal', 'to')))
  )
    return after === '' || only(after, list('preposition mark article to if is modal adverb'));
  // "a jobs", "every batch jobs"
  if (/^(?:an?|this|that|another|every)$/.test(left))
    return (
      only(right, list('nouns')) ||
      (only(after, list('nouns')) &&
        only(right, list('noun adjective')) &&
        !/^(?:few|hundred|thousand|couple)$/.test(right))
    );
  return false;
};

/** "Jobs queued must …", "the rescheduled services": which of them? No scope holds it. */
const restricts = ({ left, right, after }: Neighbours): boolean =>
  (only(right, list('started starting')) &&
    may(left, 'nouns') &&
    !may(left, 'starting', 'adjective') &&
    only(after, list('modal is has do'))) ||
  (only(left, list('started starting')) &&
    KINDS[left] === undefined &&
    /^(?:jobs?|workloads?|tasks?|services?|pipelines?|sessions?|deployments?)$/.test(right));

/** The pairs of neighbours that cannot stand so, as written. `continues`: what stands before the text is said elsewhere. */
export const oddPairs = (low: string, continues = false): string[] => {
  const tokens = [...low.matchAll(TOKEN)];
  const word = (i: number) => tokens[i]?.[0] ?? '';
  const odd: string[] = [];
  const opening = OPENS_NOTHING.exec(low);
  if (opening) odd.push(opening[1]!);
  if (/\bneither\b(?!.*\bnor\b)/.test(low)) odd.push('neither');
  let states: State[] = [{ kind: continues ? 'mark' : 'begin', verbs: 1 }];
  for (let i = 0; i <= tokens.length; i++) {
    const [left, right] = [word(i - 1), word(i)];
    const from = tokens[i - 1]?.index ?? 0;
    const at = { left, right, before: word(i - 2), after: word(i + 1), prior: low.slice(0, from) };
    const free =
      at.before === '=' ||
      (right === 'the' && at.after === 'following') ||
      STANDS.some((pair) => pair.test(`${left} ${right}`));
    const kinds = [...kindsOf(at)];
    const reached =
      left === right
        ? []
        : states.flatMap(({ kind, verbs }) =>
            kinds.filter((r) => free || follows(kind, r, at)).flatMap((r) => stateOf(r, kind, verbs, right)),
          );
    if (reached.length > 0 && (free || !isMisplaced(at))) {
      states = reached.filter((s, j) => reached.findIndex((o) => o.kind === s.kind && o.verbs === s.verbs) === j);
      continue;
    }
    odd.push(low.slice(from, (tokens[i]?.index ?? from) + (right === '' ? left.length : right.length)));
    states = kinds.map((kind) => ({ kind, verbs: 1 }));
  }
  return odd;
};

const SUBJECT = list('nouns they which it pronoun begin day');
/** The state behind a word; none where the clause has its verb already. */
const stateOf = (r: WordClass, l: WordClass, verbs: number, right: string): State[] => {
  if (RELATIVE.test(right)) return [{ kind: r, verbs: verbs + 1 }];
  if (r === 'if') return [{ kind: r, verbs: verbs + 1 }];
  if (r === 'mark' || r === 'and') return [{ kind: r, verbs: Math.max(1, verbs) }];
  const finite =
    r === 'modal' || r === 'is' || r === 'do' || r === 'has' || r === 'starts' || (r === 'start' && SUBJECT.has(l));
  if (!finite || l === 'modal' || l === 'to' || l === 'do') return [{ kind: r, verbs }];
  return verbs > 0 ? [{ kind: r, verbs: verbs - 1 }] : [];
};
