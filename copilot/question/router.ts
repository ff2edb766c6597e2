/** From a question to the lookup that answers it, by rules: verbs and nouns, what is named, and what was spoken of before. */
import { type Desk, presentOf } from '../desk.js';
import type { Slots } from '../lookup.js';
import { LOOKUPS } from '../lookups.js';
import type { Turn } from '../memory.js';
import { inEnglish } from './english.js';
import { namesIn } from './names.js';
import { stretchIn } from './stretch.js';

export interface Route {
  /** name of a lookup; null: no rule knows the question */
  readonly lookup: string | null;
  readonly slots: Slots;
  /** it asks for what the data does not hold */
  readonly outside?: true;
}

/** Words that turn what follows into an order. */
const FILLER =
  "(?:please|now|ok(?:ay)?|just|hey|hi|caco|copilot|then|so|and|also|immediately|instantly|kindly|right now|at once|no questions|let['’]?s|go ahead and|go and|you (?:must|should|have to|need to|may|are (?:to|ordered to|allowed to))|i (?:want|need|order|command|authori[sz]e|allow|would like|['’]?d like)(?: you)? to|i (?:hereby )?(?:order|command) you to|(?:can|could|will|would) you(?: please)?|we (?:must|should|need to|have to)|i|we|hereby|do)";
const DEED_VERB =
  '(approve|reject|refuse|deny|sign[ -]?off|execute|launch|cancel|delete|remove|mint|issue|file|create|close|move|shift|start|stop|pause|resume|defer|delay|postpone|schedule|reschedule|confirm|activate|enable|disable|switch|override|bypass|skip|submit|send|grant|change|set|update|drop|place|publish|transfer|pay|buy|sell|make|replan|apply|run|plan|commit|deploy|kill|settle|retire)';
const DEED = new RegExp(
  `^(?:${FILLER}[\\s,:]+)*${DEED_VERB}\\b(?!\\s+(?:of|is|are|was|were|has|had|will|would|does|did|saved|say|says)\\b)`,
  'i',
);
/** `plan P-1`, `run R-7`: names, not orders. */
const NOUN = new RegExp(
  `^(?:${FILLER}[\\s,:]+)*(?:plan|run|place|change|file|issue|set)s?\\s+(?:["“'\`]?[\\w-]*\\d[\\w-]*)`,
  'i',
);
const ASKED =
  /^(?:what|why|when|where|who|whom|whose|which|how|is|are|was|were|does|did|has|have|will|would|should|shall|may|might|must)\b/i;
const INJECTED =
  /(?<![\w-])(?:ignore|disregard|forget|override)(?![\w-])[^.?!]{0,40}\b(?:instructions?|rules?|polic(?:y|ies)|previous|prior|above|approvals?)\b/i;

const isDeed = (message: string): boolean => {
  if (INJECTED.test(message)) return true;
  // Only the person's own words count: what stands in quotes is spoken about.
  const clauses = message
    .replace(/["“][^"”]*["”]/gu, ' “…” ')
    .split(/[.;,!?\n]+|\band\b|\bthen\b/i)
    .map((c) => c.trim())
    .filter((c) => c !== '');
  const asks = ASKED.test(message.trim());
  return clauses.some((c, i) => DEED.test(c) && !NOUN.test(c) && !(asks && i > 0 && !/\bplease\b|\byou\b/i.test(c)));
};

/** What the data does not hold, however much a question about it sounds like one of ours. */
const OUTSIDE =
  /\bnet[- ]?zero\b|\bweather\b|\bbitcoin\b|\bcrypto|\bstocks?\b|\bshare price|\bflights?\b|\btravel|\bwater\b|\bscope ?[123]\b|\boffsets?\b|\bsalar|\bemployees?\b|\bheadcount|\bcompetitors?\b|\bfootball\b|\bjokes?\b|\bpoems?\b|\btranslate\b|\bpasswords?\b|\bapi keys?\b|\bsecrets?\b|\bcredentials?\b|\bsystem prompt|\byour (?:prompt|instructions)|\bhacker|\bceo\b.*\bname|\bbirthday|\bnews\b|\belection|\bwho is to blame|\b(?:laziest|worst) (?:person|engineer|developer)|\bbiodiversity|\be-?waste|\bhydrogen|\bnext (?:year|quarter|decade)\b/i;

const FUTURE =
  /\b(?:will|would|could|planned|plans?|expected?|going to|next|tomorrow|tonight|forecast|estimated?|promised?)\b/i;
const PAST = /\b(?:did|was|were|saved|last|so far|already|has|have|verified|actually|really|since|yesterday)\b/i;

type Rule = readonly [lookup: string, test: (m: string, names: Slots) => boolean];
const has = (pattern: RegExp) => (m: string) => pattern.test(m);

const RULES: readonly Rule[] = [
  [
    'help',
    has(
      /^(?:help|\?+|hi|hello|hey|good (?:morning|afternoon|evening)|what can (?:you|i|we)\b.*|how do (?:you|i|we) (?:use|work)\b.*|what do you (?:do|know|answer)\b.*|who are you\b.*|commands?)[\s!?.]*$/i,
    ),
  ],
  [
    'draft_ticket',
    has(
      /\b(?:write|draft|compose|preview|word(?:ing)? of)\b[^.?!]*\btickets?\b(?! (?:list|queue|state|status))|\btickets? (?:for|of|about) (?:plan|p-?\d)/i,
    ),
  ],
  ['propose', isDeed],
  [
    'could_give',
    (m, n) =>
      !/\b(?:did|sold|have we|has)\b/i.test(m) &&
      (/\bhow much flexibility\b|\b(?:our|the|what) (?:firm )?flexibility\b/i.test(m) ||
        /\bhow much (?:power |load )?(?:could|can) (?:we|the site|the data cent(?:re|er)) (?:cut|shed|drop|give|offer|reduce|spare|put off|turn down|do without)\b/i.test(
          m,
        ) ||
        (n.powerKw !== undefined &&
          /\b(?:could|can|able to|possible to) (?:we |the site |the data cent(?:re|er) |to )?(?:do|give|offer|cut|drop|shed|reduce|deliver|provide|spare|promise|sell|turn down|put off)\b/i.test(
            m,
          ))),
  ],
  [
    'events',
    has(
      /\b(?:flexibility|stress|grid|dr|demand[- ]response) events?\b|\b(?:the|last|latest|newest|any|an|which|list|what) events?\b|\bevents? (?:cost|earn|bring)|\bdemand[- ]response\b/i,
    ),
  ],
  [
    'sales',
    has(
      /\b(?:sold|sales?)\b|\b(?:did|do|does|have|has|can|could|will) (?:we|you|i|it|anybody|anyone) (?:ever |already )?sell\b|\bwho (?:bought|buys)\b|\b(?:market|flexibility) orders?\b/i,
    ),
  ],
  [
    'data',
    has(
      /\bsimulated\b|\bsynthetic\b|\bmade up\b|\b(?:real|recorded|live|fake) (?:data|figures|numbers|measurements)\b|\bis (?:this|it|any of (?:this|it)|the data) real\b|\b(?:where|whence) do(?:es)? (?:the|this|your|all) [\w ]*(?:data|figures|numbers)\b[^?]* (?:come|stem)|\bdata sources?\b|\bsources? of (?:the |your )?data\b|\bhow old is (?:the|your) data\b/i,
    ),
  ],
  [
    'evidence',
    has(
      /\bhow (?!much|many|sure|far|good|long|certain)[^?]*\b(?:verif(?:y|ied)|comput(?:e|ed)|calculat(?:e|ed)|measured?|quantif(?:y|ied))\b|\bbaselines?\b|\bcounterfactual\b|\bmethod(?:s|ology)?\b|\brevised\b|\brestated\b/i,
    ),
  ],
  [
    'weekly_summary',
    has(
      /\b(?:weekly|week['’]?s?|monthly) (?:summary|report|digest|review)\b|\bsummary\b|\bsummari[sz]e\b|\bleader ?board\b|\brank(?:ing|ed)?\b.*\bteams?\b|\bteams?\b.*\brank|\bwhich team\b|\bbest team\b|\bteams? (?:saves?|saved|did) (?:the )?(?:most|best|least|worst)/i,
    ),
  ],
  [
    'what_if',
    (m, n) =>
      n.carbonPricePerTonne !== undefined &&
      /\bif\b|\bsuppose|\bassum|\bat\b|\bwith\b|\braise|\bdouble|\bchang|\bwere\b|\bwould\b|\bhappens?\b/i.test(m),
  ],
  ['what_if', has(/\bcarbon (?:price|tax|cost)\b|\bprice of carbon\b|\bcarbon (?:is|was) priced\b/i)],
  [
    'compare',
    (m, n) =>
      n.otherPlanId !== undefined ||
      (/\bcompar|\bversus\b|\bvs\b|\bdifference between\b|\bdiffer\b|\bwhich (?:plan|one|of them) is better|\bbetter plan\b/i.test(
        m,
      ) &&
        /\bplans?\b|\bboth\b|\btwo\b/i.test(m)),
  ],
  ['why', (m, n) => n.job !== undefined && !/\b(?:saved|verified|polic|ticket)/i.test(m)],
  ['why', has(/\bwhy\b[^.?!]*\b(?:this|that|the|my|a) job\b|\bmy job\b(?! (?:is|was)? ?called)/i)],
  ['savings', has(/\bwhen\b[^?.]*\bverif(?:ied|ication)/i)],
  ['tickets', has(/\btickets?\b/i)],
  [
    'decisions',
    (m, n) =>
      (/\bwho (?:approved|rejected|refused|decided|confirmed|signed)\b/i.test(m) && !/\bpolic/i.test(m)) ||
      /\bdecisions?\b|\bwhen was (?:it|plan|the plan|this)\b[^?]*\b(?:approved|rejected|refused)\b/i.test(m) ||
      (/\bapprov(?:als?|ed)\b|\breject(?:ions?|ed)\b/i.test(m) &&
        (n.period !== undefined || (n.from !== undefined && n.from !== n.to)) &&
        !/\bpending\b|\bwait/i.test(m)) ||
      (/\bpolic(?:y|ies)\b[^?]*\bwhen\b[^?]*\b(?:approved|planned|placed|decided)\b/i.test(m) &&
        n.planId !== undefined) ||
      (n.planId !== undefined && /\b(?:is|was|been) (?:it |plan \S+ |\S+ )?(?:approved|rejected|refused)\b/i.test(m)),
  ],
  [
    'approvals',
    (m) =>
      !/\bpolic/i.test(m) &&
      /\bwait(?:s|ing)? (?:for|on) (?:me|us|my|a person|someone|somebody|anyone|approval|an? (?:answer|decision))|\bapprov(?:e|al|als|ed|er|ers|ing)\b|\bpending\b|\bsign[- ]?off\b|\bneeds? (?:me|my|a decision|an answer)\b|\b(?:should|must|can|do) i (?:decide|do|have to)\b|\bto[- ]do\b|\binbox\b|\bon my (?:desk|plate)\b|\bwhat (?:is )?wait(?:s|ing)\b/i.test(
        m,
      ),
  ],
  [
    'policy',
    has(
      /\bpolic(?:y|ies)\b|\bresiden(?:cy|t)\b|\bfreezes?\b|\bblackouts?\b|\bconstraints?\b|\brules?\b|\ballow(?:ed|s)?\b|\bpermitted\b|\bforbid(?:den|s)?\b|\bprohibit|\bcarbon (?:cap|budget)|\bcompliance\b|\bmay (?:[\w-]+ ){0,2}(?:we|i|jobs?|workloads?|work|team|training|builds?)\b/i,
    ),
  ],
  [
    'evidence',
    has(
      /\bledger\b|\bproofs?\b|\bprove[ns]?\b|\baudit|\bevidence\b|\btamper|\bhow can (?:i|we) (?:check|trust|verify)|\bcan (?:i|we) trust\b|\bsignatures?\b|\bverif(?:y|iable)\b/i,
    ),
  ],
  [
    'limits',
    has(
      /\boptimal|\boptimum\b|\bbest possible\b|\bhow (?:good|far)\b|\bbounds?\b|\bgap\b|\bbinding\b|\bholds?\b[^.?!]*\bback\b|\bbottlenecks?\b|\blimits?\b|\bpower cap\b|\bcapacity\b|\bcould (?:it|we) (?:be|do) (?:any )?better\b/i,
    ),
  ],
  [
    'grid',
    has(
      /\bgrid\b|\bintensit(?:y|ies)\b|\bgreen(?:er|est)?\b|\bclean(?:er|est)?\b|\bdirt(?:y|ier|iest)\b|\b(?:good|best|right|bad|worst|better) (?:time|hour|moment|window|slot|day)\b|\bwind\b|\bsolar\b|\belectricity (?:price|cost)|\bprice of (?:electricity|power|energy)|\bpower prices?\b|\b(?:when )?(?:should|shall) (?:i|we) (?:wait|start|run|train|launch|begin)\b|\bwhen (?:should|can|could|shall) (?:i|we)\b|\bcarbon (?:forecast|signal)|\bforecast\b/i,
    ),
  ],
  [
    'savings',
    (m, n) =>
      /\bsav(?:e|ed|es|ing|ings)\b|\bavoid(?:ed)?\b|\breduc(?:e|ed|tion|tions)\b|\bbenefits?\b|\bverified\b|\bhow sure\b|\bconfiden|\bcut\b/i.test(
        m,
      ) &&
      !(n.planId !== undefined && FUTURE.test(m) && !PAST.test(m)) &&
      !(n.team === undefined && FUTURE.test(m) && !PAST.test(m)),
  ],
  ['explain_plan', has(/\bsav(?:e|ed|es|ing|ings)\b|\breduc/i)],
  ['savings', (m) => /\bcosts?\b|\bbills?\b|\bspen[dt]|\bmoney\b/i.test(m) && PAST.test(m) && !FUTURE.test(m)],
  ['schedule', (m, n) => n.planId !== undefined && /\bwhen\b|\bschedule/i.test(m)],
  [
    'schedule',
    has(
      /\bwhen\b|\bschedules?d?\b|\bwhat (?:will|is going to|would|does|is) (?:run|start|happen)|\bwhat runs\b|\b(?:jobs?|work|what)\b[^?]*\b(?:run|runs|running|start|starts|active)\b|\btonight\b|\btomorrow\b|\bqueued?\b|\btimeline\b|\bupcoming\b|\bwhich jobs\b|\bruns? (?:next|today|when)\b/i,
    ),
  ],
  [
    'explain_plan',
    (m, n) =>
      n.planId !== undefined ||
      /\bplan(?:s|ned|ning)?\b|\bmoved?\b|\bmoves\b|\bshift(?:s|ed)?\b|\bdeferr?|\bcosts?\b|\bcheaper\b|\blate\b|\bdeadlines?\b/i.test(
        m,
      ),
  ],
  [
    'status',
    has(
      /\bstatus\b|\bgo(?:es|ne|ing)? wrong\b|\bwent wrong\b|\bfail(?:ed|ures?|s)?\b|\berrors?\b|\bproblems?\b|\bbroken\b|\bwhich (?:llm|(?:language )?model) (?:are|do|is)\b|\bhow (?:are|is) (?:things|it|everything|we)\b|\boverview\b|\bgoing on\b|\bwhat['’]?s (?:new|up|happening)\b|\bwhat is (?:new|happening)\b|\blast run\b|\bruns\b|\bwhat happened\b/i,
    ),
  ],
];

const FOLLOWS = /^(?:and\b|what about\b|how about\b|same\b|for\b|only\b|but\b|also\b|ok(?:ay)?\b|now\b|then\b)/i;
const POINTS_BACK = /\b(?:it|its|that|this|they|them|those|these|there|same|one)\b/i;

/** What is quoted or named is spoken about: the words in a name ask for nothing. */
const withoutNames = (question: string, { team, job, region }: Slots): string => {
  let plain = question.replace(/[“"][^”"]*[”"]/gu, ' ');
  for (const name of [team, job, region])
    if (name !== undefined && name.length > 1) plain = plain.replaceAll(name, '…');
  return plain;
};

/** Future years are beyond every plan. */
const beyond = (message: string, desk: Desk) => {
  const year = Number(desk.now.slice(0, 4));
  return [...message.matchAll(/\b(20\d\d)\b/g)].some((m) => Number(m[1]) > year + 1);
};

export const routeOf = async (question: string, desk: Desk, last?: Turn): Promise<Route> => {
  const said = inEnglish(question);
  const names = await namesIn(question, desk, said);
  const plain = withoutNames(said, names);
  // Instructions in the question are a person's wish at most: answered as a request for a deed.
  if ((OUTSIDE.test(said) || beyond(question, desk)) && !isDeed(plain))
    return { lookup: null, slots: {}, outside: true };
  let lookup = RULES.find(([, test]) => test(plain, names))?.[0] ?? null;
  let slots = names;
  if (last !== undefined && last.lookup !== null) {
    const short = said.split(/\s+/).length <= 9;
    const { topic: _, ...before } = last.slots;
    const more = Object.keys(names).some((k) => k !== 'topic');
    if (
      (lookup === null && short && (FOLLOWS.test(said) || more)) ||
      (FOLLOWS.test(said) && short && (lookup === null || onlyNames(said)))
    ) {
      // The same question about something else.
      lookup = last.lookup === 'propose' ? lookup : last.lookup;
      slots = { ...before, ...names };
    } else if (POINTS_BACK.test(said)) {
      slots = { ...before, ...names };
      const job = names.job === undefined ? last.slots.job : names.job;
      if (
        job !== undefined &&
        (lookup === 'schedule' ||
          lookup === 'explain_plan' ||
          (last.lookup === 'why' && lookup === 'savings' && names.team === undefined) ||
          (lookup === null && /\bwhy\b|\bhow\b/i.test(said)))
      )
        lookup = 'why';
    }
    if (lookup === null && /^(?:why|how come|how so|and why)\b/i.test(said) && short) {
      lookup = last.slots.job === undefined ? 'explain_plan' : 'why';
      slots = { ...before, ...names };
    }
  }
  if (lookup === null && names.team !== undefined && said.split(/\s+/).length <= 4) lookup = 'savings';
  if (lookup === 'savings' && names.from !== undefined) {
    // Records of a recorded world are later than its clock: "since Monday" is told from the newest of them.
    const stretch = stretchIn(said, await presentOf(desk));
    if (stretch) slots = { ...slots, ...stretch };
  }
  const found = LOOKUPS.find((l) => l.name === lookup);
  if (!found) return { lookup: null, slots: {} };
  const taken = Object.fromEntries(Object.entries(slots).filter(([k]) => found.uses.includes(k as keyof Slots)));
  return { lookup, slots: taken as Slots };
};

/** `and team web?`, `what about yesterday?`: nothing but the name of something. */
const onlyNames = (question: string) => question.replace(FOLLOWS, '').trim().split(/\s+/).length <= 4;
