/** The kinds of English words that a rule's sentence is made of. A word may be of several kinds; one that is in no list may be any noun, verb or adjective. */
import { LARGE_NUMBERS, SMALL_NUMBERS } from '../../domain/number-words.js';

export type WordClass =
  | 'article'
  | 'pronoun'
  | 'determiner'
  | 'preposition'
  | 'to'
  | 'particle'
  | 'modal'
  | 'is'
  | 'do'
  | 'has'
  | 'be'
  | 'been'
  | 'being'
  | 'they'
  | 'it'
  | 'them'
  | 'whose'
  | 'which'
  | 'and'
  | 'if'
  | 'not'
  | 'adverb'
  | 'start'
  | 'starts'
  | 'starting'
  | 'started'
  | 'noun'
  | 'nouns'
  | 'number'
  | 'unit'
  | 'day'
  | 'adjective'
  | 'more'
  | 'mark'
  | 'begin'
  | 'end';

const words = (list: string) => list.trim().split(/\s+/);

const CLOSED: readonly (readonly [WordClass, string])[] = [
  ['article', 'a an the every no any another its their our your'],
  ['determiner', 'this these those each all both such some that neither'],
  ['pronoun', 'everyone everybody everything anyone anybody anything nothing nobody none someone'],
  [
    'preposition',
    `of in on at by from with within into onto via over under for between during after before below above outside beyond across until till
     per since without against among except excluding including save than as like through throughout upon`,
  ],
  ['to', 'to'],
  ['particle', 'up out off back down away forward through'],
  ['modal', "may must shall should can could will would might cannot can't mustn't shouldn't won't"],
  ['is', "is are was were isn't aren't"],
  ['do', "do does did don't doesn't didn't"],
  ['has', 'has have had'],
  ['be', 'be'],
  ['been', 'been'],
  ['being', 'being'],
  ['they', 'they we he she who'],
  ['it', 'it you there'],
  ['them', 'them us'],
  ['whose', 'whose'],
  ['which', 'that which who whom'],
  ['and', 'and or but nor'],
  ['if', 'if when whenever while where wherever unless because as so than once though before after until till since'],
  ['not', 'not never'],
  [
    'adverb',
    'also even only just now then here too please currently always strictly ideally respectively together again alone hereby therefore hence once',
  ],
  ['more', 'more less fewer later longer earlier higher lower greater sooner larger further'],
  ['noun', 'half critical urgent high low medium normal co2 co2e'],
  [
    'adjective',
    `maximum minimum max min monthly daily weekly yearly annual quarterly total new old low high lowest highest cheapest cleanest greenest
     cheaper cleaner greener dirty clean green cheap critical urgent acceptable exempt possible feasible free due late early available able
     necessary complete ready single first last next previous same other own carbon environmental personal medical weekly nightly`,
  ],
  [
    'day',
    'monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays weekday weekdays weekend weekends',
  ],
  [
    'unit',
    `kg g t kw mw gw kwh mwh gwh tonne tonnes kilogram kilograms kilo kilos gram grams h hour hours minute minutes min mins second seconds day days week weeks
     month months year years quarter quarters euro euros pound pounds dollar dollars % percent am pm utc`,
  ],
];

const BASES = words(
  `run start begin stay remain keep leave move shift wait emit draw spend use exceed place process store finish end complete launch schedule
   reschedule delay defer postpone pause suspend approve need require cost save cap limit restrict allow permit forbid prohibit ban avoid prefer choose pick
   take apply belong host execute consume produce cause change touch migrate relocate transfer deploy sign authorise authorize hold want miss
   replace reduce lower raise submit request report release execute return resume go pay put push slip affect bother ensure aim try fit own get give
   let make agree confirm render train ought kill stop interrupt serve operate perform live cover count total freeze lift set propose say treat ignore drop queue plan peak lead`,
);
/** Forms that no ending shows. */
const IRREGULAR: readonly (readonly [WordClass, string])[] = [
  [
    'started',
    'kept left begun begun drawn spent taken held frozen forbidden chosen made done set put let run paid given gone lost sent run shut cut lent sold met',
  ],
  [
    'starting',
    'running beginning cutting putting setting letting stopping planning capping slipping shutting dropping getting',
  ],
  [
    'started',
    'planned capped permitted submitted emitted stopped banned dropped slipped transferred deferred preferred',
  ],
  ['starting', 'emitting permitting submitting transferring deferring preferring'],
];
/** Nouns in the singular; words that are also verbs stand in both lists. */
const NOUNS = words(
  `job workload task work team squad department desk group cluster site region location place data budget ceiling cap limit allowance quota
   spending spend emission power draw load plan move change run start end delay deferral deadline approval permission consent sign-off freeze
   pipeline service session deployment build request project placement migration operation class process schedule scheduler queue policy
   record customer user person people lead manager head officer director centre hall grid energy electricity price cost saving carbon climate
   intensity hour night evening morning compute cloud server storage backup batch production staging shift peak maintenance ticket exception rule
   report release render review test check use movement period time launch window demand sum amount total maximum minimum training`,
);
/** Plurals that open a compound: "the operations manager", "two savings plans". */
const COMPOUND = new Set(words('operations savings emissions sales data people systems sports works goods'));

const table = new Map<string, Set<WordClass>>();
const add = (word: string, kind: WordClass) => table.set(word, (table.get(word) ?? new Set()).add(kind));
for (const [kind, list] of CLOSED) for (const word of words(list)) add(word, kind);
for (const base of BASES) {
  const stem = base.replace(/e$/, '');
  add(base, 'start');
  add(
    base === 'go'
      ? 'goes'
      : /(?:s|sh|ch|x)$/.test(base)
        ? `${base}es`
        : base.replace(/(?<=[^aeou])y$/, 'ie').concat('s'),
    'starts',
  );
  add(`${stem}ing`, 'starting');
  add(base.endsWith('y') && !/[aeou]y$/.test(base) ? `${base.slice(0, -1)}ied` : `${stem}ed`, 'started');
}
for (const [kind, list] of IRREGULAR) for (const word of words(list)) add(word, kind);
for (const noun of NOUNS) {
  add(noun, 'noun');
  add(/(?:s|sh|ch|x)$/.test(noun) ? `${noun}es` : noun.replace(/(?<=[^aeou])y$/, 'ie').concat('s'), 'nouns');
}
for (const word of COMPOUND) for (const kind of ['noun', 'nouns'] as const) add(word, kind);
for (const word of [...Object.keys(SMALL_NUMBERS), ...Object.keys(LARGE_NUMBERS)]) add(word, 'number');

/** What a word that no list knows may be. */
const OPEN: ReadonlySet<WordClass> = new Set<WordClass>([
  'noun',
  'nouns',
  'adjective',
  'start',
  'starts',
  'starting',
  'started',
  'adverb',
]);
const NAME: ReadonlySet<WordClass> = new Set<WordClass>(['noun', 'nouns']);
const NUMBER: ReadonlySet<WordClass> = new Set<WordClass>(['number']);
const MARK: ReadonlySet<WordClass> = new Set<WordClass>(['mark']);

/** The kinds that a word may be of, in lower case. */
export const classesOf = (word: string): ReadonlySet<WordClass> => {
  const known = table.get(word) ?? (word.endsWith("'s") ? table.get(word.slice(0, -2)) : undefined);
  if (known) return known;
  if (/^[£€$]?\d/.test(word)) return NUMBER;
  if (!/[\p{L}\p{N}]/u.test(word)) return MARK;
  return /\d|[_&+]/.test(word) ? NAME : OPEN;
};
