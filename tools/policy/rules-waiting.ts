/** Sentences about how long work may wait, and about work that must not be moved. */
import { boundOf, oddBound } from './bounds.js';
import { type Clause, doubts, figureOf, type Rule, type RuleReading, type Setting } from './clause.js';
import { isScoped } from './scope.js';
import { whom } from './whom.js';
import { spansOf } from './words.js';

const WAIT =
  /\b(?:postpon\w*|delay\w*|defer(?!ence)\w*|waits?|waited|waiting|shift(?:ed|s|ing)?|moved?|moving|reschedul\w*|held(?: back)?|hold|pushed? back|queued|queue(?:ing|s)? (?=for)|slip(?:ped|s)?|put off|held up|flex(?:ed|ibility)?|latency|slack)\b/;
const ONLY_WAIT =
  /\b(?:postpon\w*|delay\w*|defer(?!ence)\w*|waits?|waited|waiting|held(?: back)?|pushed? back|queued|put off|held up|late)\b/;
const TOUCH =
  /\b(?:pinned(?! to)|mov(?:e|ed|es|ing)|touch(?:ed|ing)?|relocat\w+|reschedul\w+|shift(?:ed|ing)?|alter(?:ed)?|migrat\w+|rearrang\w+|displac\w+|interfere\w*|off[- ]limits|left alone)\b/;
const SOON =
  /\b(?:start|begin|(?<=\b(?:must|shall|should|may|to|be) )launch|run (?=within)|be executed (?=within)|be scheduled (?=within)|be processed (?=within)|picked up)\w*\b/;
/** How long work runs is no kind of constraint: "may run for up to 30 minutes", "must not last longer than a day". */
const RUNS_FOR =
  /\b(?:run(?:s|ning)?|last(?:s|ing)?|execut\w+|take(?:s|n)?|use(?:s|d)?|occup(?:y|ies|ied)|live|end|killed|stopped)\b(?:\s+[\w-]+){0,3}?\s+(?:for|longer than|more than|up to|at most|over|after|no longer than|less than)\b|\b(?:run ?times?|wall[- ]?(?:clock )?times?|execution times?|duration)\b/;
const LONG =
  /\b(?:too (?:long|much|far)|excessive(?:ly)?|unreasonabl[ey]|undul?y|for long|long delays?|significant(?:ly)?|reasonable (?:time|delay)|considerabl[ey])\b/;
const AT_ONCE =
  /\b(?:immediately|at once|right away|straight ?away|without (?:any )?delay|as soon as (?:they are |it is )?submitted|instantly|not be delayed at all)\b/;

/** max_deferral, or sla_class where the sentence names service classes. */
const read = (c: Clause, s: Setting): RuleReading[] => {
  const { scope, strength } = whom(c, s);
  const classes = scope.slaClasses !== undefined;
  const figure = figureOf(c, 'time');
  const waits = WAIT.test(c.low);
  if (figure && !ONLY_WAIT.test(c.low) && RUNS_FOR.test(c.low)) return [];
  const within =
    SOON.test(c.low) &&
    /\b(?:within|no later than|not later than|at most|in less than|in under)\b/.test(c.low) &&
    !/\bdeadline/.test(c.low);
  const reading = (
    minutes: number | null,
    questions: string[],
    movable: boolean,
    uses: RuleReading['uses'],
  ): RuleReading =>
    classes
      ? {
          type: 'sla_class',
          effect: 'limit',
          strength,
          scope,
          params: { maxDeferralMinutes: minutes, ...(movable ? {} : { movable: false }) },
          questions,
          uses,
        }
      : { type: 'max_deferral', effect: 'limit', strength, scope, params: { minutes }, questions, uses };
  if (figure && (waits || within) && c.window === undefined) {
    const least =
      /\b(?:at least|no less than|a minimum of|minimum)\b/.test(c.low.slice(0, figure.from)) &&
      !/\bat most\b/.test(c.low);
    const notice = /\b(?:notice|in advance|warning|beforehand)\b/.test(c.low);
    if (least || notice || c.vague.some((word) => word.includes(figure.written))) return [];
    if (/\b(?:finish|complete|end)\w*\b[^,;]*\bwithin\b/.test(c.low) && !waits) return [];
    const bound = boundOf(c.low, figure);
    return [
      {
        ...reading(figure.value, [...doubts(figure), ...oddBound(c, figure, bound)], true, [figure]),
        words: [...bound.words, ...spansOf(c.low, SOON)],
      },
    ];
  }
  const zero = c.figures.find((f) => f.value === 0);
  if (zero && classes && /\b(?:delay|deferral|defer|wait|postpone)/.test(c.low)) return [reading(0, [], true, [zero])];
  if (LONG.test(c.low) && waits) return [reading(null, ['how long is too long?'], true, [])];
  if (AT_ONCE.test(c.low) && (!c.negated || /\b(?:without|delayed)\b/.test(c.low)) && (SOON.test(c.low) || waits))
    return [{ ...reading(0, [], true, []), words: spansOf(c.low, SOON) }];
  if (c.figures.length > 0 || c.window || c.hasDates || c.places.length > 0 || c.days) return [];
  const pinned = /\bpinned\b/.test(c.low);
  if (pinned ? c.negated : !c.negated) return [];
  const touched = TOUCH.test(c.low);
  if (touched && classes && !/\b(?:to|into|between|across|out of)\b[^,;]*\bregions?\b/.test(c.low))
    return [{ ...reading(0, [], false, []), words: spansOf(c.low, TOUCH) }];
  if (touched && isScoped(scope) && !/\bregions?\b|\bsites?\b|\bunless\b|\bif\b/.test(c.low))
    return [
      {
        type: 'exempt',
        effect: 'require',
        strength,
        scope,
        params: {},
        questions: [],
        uses: [],
        words: spansOf(c.low, TOUCH),
      },
    ];
  if (!touched && ONLY_WAIT.test(c.low) && !/\b(?:once|twice|times|often|again|further)\b/.test(c.low))
    return [reading(0, [], true, [])];
  return [];
};

export const deferral: Rule = {
  words: [
    WAIT,
    ONLY_WAIT,
    LONG,
    AT_ONCE,
    /\b(?:max(?:imum|\.)?|longest|limit(?:ed)?|deferrals?|latency|time|by|for|within|after|once|at most|at the most|no more than|longer|more|up to|only|acceptable|allowed|permitted|tolerated|tolerance|submission|submitted|queued|arrival|submit(?:ting)?|their|beyond|exceed(?:s|ing)?|below|under|any|always|but|back|or moved|out of|left alone|scheduler|optimi[sz]er|orchestrator)\b/,
  ],
  read,
};
