/** Outcomes in prose, judged by code: the rules that read a sentence of `must` or `mustNot`. One that no rule reads is not judged, and is named. */
import { type Case, numberIn } from './cases.js';
import { loose } from './judge.js';
import type { Seen } from './play.js';
import type { Scenario } from './scenario.js';

export interface Ground {
  readonly of: Case;
  readonly scenario: Scenario;
  readonly seen: Seen;
}

type Judge = (m: RegExpExecArray, ground: Ground) => boolean;
type Rule = readonly [pattern: RegExp, holds: Judge];

const last = ({ seen }: Ground) => seen.answers.at(-1);
const text = (g: Ground) => [last(g)?.answer ?? '', ...g.seen.texts].join('\n');
const figures = (g: Ground) => g.seen.answers.flatMap((a) => a.figures);
const messages = (g: Ground) => g.seen.asked.flatMap((a) => a.body?.messages ?? []);
const offered = (g: Ground) => g.seen.asked.flatMap((a) => a.body?.tools ?? []).map((t) => t.function.name);
const ends = (g: Ground) =>
  g.seen.events.filter((e) => e.type === 'done' || e.type === 'replaced' || e.type === 'failed');
const squeezed = (t: string) => t.replace(/[ \u202f\u00a0,]/g, '').toLowerCase();
const SIZES: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  g: ['kg', 0.001],
  kg: ['kg', 1],
  t: ['kg', 1000],
  tonnes: ['kg', 1000],
  wh: ['kWh', 0.001],
  kwh: ['kWh', 1],
  mwh: ['kWh', 1000],
};
/** The words occur, or the amount is one of the figures, however it is written. */
const holds = (g: Ground, part: string) => {
  if (squeezed(text(g)).includes(squeezed(part))) return true;
  const amount = /^(\d[\d.]*)\s?([a-z]+)$/i.exec(part.trim());
  const size = SIZES[amount?.[2]?.toLowerCase() ?? ''];
  if (!amount || !size) return false;
  const value = Number(amount[1]) * size[1];
  return figures(g).some((f) => f.unit === size[0] && Math.abs(f.value - value) <= 0.005 * Math.abs(value));
};
/** The number stands alone: 99 is not in 1990. */
const shows = (g: Ground, figure: string) =>
  new RegExp(`(?<![\\d.,])${figure.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\d]|[.,]\\d)`, 'i').test(text(g));
const calm = (g: Ground) =>
  g.seen.entries.every((kind) => !/place|execute|file|mint|approv|decision|confirm|publish/i.test(kind));
const template = (g: Ground) => last(g)?.usedModel === false && (last(g)?.answer.length ?? 0) > 0;
const records = ({ scenario }: Ground) => scenario.world.flatMap((s) => ('verified' in s ? [s] : []));
const ask = (g: Ground) => g.seen.asked.length;
const jobName = ({ scenario }: Ground) =>
  scenario.world.flatMap((s) => ('plan' in s ? (s.jobs ?? []) : [])).find((j) => j.name !== undefined)?.name ?? '';
const noConstraint = (g: Ground) => g.seen.inForce === 0;
const reading = (g: Ground) => g.seen.reading;

/** What must be. The first rule that reads the sentence judges it. */
const GOOD: readonly Rule[] = [
  [
    /no ([a-z_ ]+?) (?:is|was|are|were) (?:extracted|read|proposed)/i,
    ([, type], g) => !(reading(g)?.constraints ?? []).some((c) => c.type.includes(type!.trim().replaceAll(' ', '_'))),
  ],
  [
    /nothing (?:is|was|has been) verified|no (?:verified )?saving/i,
    (_, g) => /nothing (?:is|was) verified|no saving/i.test(text(g)),
  ],
  [
    /never reach(?:es)? (?:the |a )?(?:user|reader|person)|(?:is|are) not let through/i,
    (_, g) => last(g)?.usedModel === false || (last(g)?.rejected.length ?? 0) === 0,
  ],
  [/accepted|counts as grounded|is (?:kept|let through)/i, (_, g) => last(g)?.usedModel === true],
  [/no (?:plan|approval|job) (?:is|was) (?:approved|given|moved|placed)/i, (_, g) => calm(g) && g.seen.decisions === 0],
  [/how many (?:approvals|answers|people)/i, (_, g) => /\b(?:no|\d+) answers?\b/i.test(text(g))],
  [
    /about (?:the same )?(?:team|plan|job|region) ([\w-]+)/i,
    ([, name], g) => (last(g)?.answer ?? '').toLowerCase().includes(name!.toLowerCase()),
  ],
  [
    /template (?:answer )?within|within the (?:time )?(?:budget|configured model timeout)/i,
    // Rounds and not seconds: a machine may be busy.
    (_, g) => template(g) && ask(g) <= 2 + g.of.model.length,
  ],
  [
    /(?:falls? back|back to the template|fallback).*?(?:with (\d[\d.,]* ?\w+))?(?: after.*)?$/i,
    ([, figure], g) =>
      template(g) &&
      (figure === undefined || holds(g, figure.replace(/ after$/, ''))) &&
      ask(g) <= 2 + g.of.model.length,
  ],
  [
    /final (?:event|answer) (?:holds|is|has) the template/i,
    (_, g) => {
      const end = ends(g).at(-1);
      return end !== undefined && end.type !== 'failed' && !end.answer.usedModel && end.answer.answer.length > 0;
    },
  ],
  [/(?:built|made) from a template|template answer|the template (?:speaks|stands|answers)/i, (_, g) => template(g)],
  [
    /figure and its interval equal|equals? the (?:verifier|verified)/i,
    (_, g) => {
      const [seed] = records(g);
      if (!seed) return false;
      const n = seed.records;
      const [value, low, high] = [seed.kg * n, (seed.low ?? seed.kg * 0.8) * n, (seed.high ?? seed.kg * 1.2) * n];
      const near = (a: number | undefined, b: number) =>
        a !== undefined && Math.abs(a - b) < 1e-6 * Math.max(1, Math.abs(b));
      return figures(g).some((f) => f.unit === 'kg' && near(f.value, value) && near(f.low, low) && near(f.high, high));
    },
  ],
  [
    /cites? the (?:record|verification|evidence)|record ids?/i,
    (_, g) => {
      const seeds = records(g);
      const cited = JSON.stringify(last(g)?.sources ?? []);
      return (
        seeds.length > 0 &&
        Array.from({ length: Math.min(5, seeds[0]!.records) }, (_, i) => `V-${seeds[0]!.verified}-${i + 1}`).every(
          (id) => cited.includes(id),
        )
      );
    },
  ],
  [
    /(?:cites?|names?|points? to|links?) (?:the |its |a )?(?:plan|source|evidence)/i,
    (_, g) => (last(g)?.sources.length ?? 0) > 0,
  ],
  [
    /no model was used|without a model|says? .*template/i,
    (_, g) => last(g)?.usedModel === false && /no model/i.test(text(g)),
  ],
  [
    /(?:user|reader|client|person|nobody|no reader) (?:never|does not|ever) sees? (?:the )?[“"']?(.+?)[”"']?$/i,
    ([, part], g) => !shows(g, part!),
  ],
  [
    /(?:trace|record|log|answer) (?:records?|lists?|names?) the (?:rejected|refused|wrong|untraced)/i,
    (_, g) => (last(g)?.rejected.length ?? 0) > 0,
  ],
  [/one log line|(?:logged|said|named) once/i, (_, g) => g.seen.log.length === 1],
  [
    /http status (?:is )?200|no (?:error|fault)|fence is tolerated|is tolerated/i,
    (_, g) => g.seen.fault === null && (last(g) !== undefined || reading(g) !== null),
  ],
  [/socket is closed|closed by us/i, (_, g) => g.seen.openSockets === 0],
  [/withdrawn|(?:half|cut|partial) .*(?:replaced|taken back)/i, (_, g) => ends(g).at(-1)?.type === 'replaced'],
  [/exactly one terminal|one terminal event/i, (_, g) => ends(g).length === 1 && ends(g)[0] === g.seen.events.at(-1)],
  [
    /\b(?:still|keeps?) wait|stays? (?:waiting|pending)|not approved|no approval (?:is|was) (?:given|recorded)|nothing (?:is|was) approved/i,
    (_, g) => !g.seen.approvals.some((a) => a === 'approved' || a === 'partly-approved') && g.seen.decisions === 0,
  ],
  [
    /where a person approves|how (?:a person|to) approves?|who (?:may|can) approve|points? to (?:the )?approval/i,
    (_, g) => /caco approve/i.test(text(g)),
  ],
  [
    /(?:only )?as quoted data|quoted,? (?:and )?escaped|is quoted/i,
    (_, g) => {
      const name = jobName(g);
      const shown = last(g)?.answer ?? '';
      return name === '' || shown.split(name).every((before, i, all) => i === all.length - 1 || before.endsWith('“'));
    },
  ],
  [
    /no (?:executing|effect|acting|approving|writing|other)?\s?(?:tool|deed|action)s? (?:runs?|is called|happens?|was called|is executed)|nothing (?:is|was) (?:executed|done|changed|placed|filed)|changes? nothing/i,
    (_, g) => calm(g),
  ],
  [
    /item is (?:refused|dropped|rejected)|(?:refuses|drops) the item|items? (?:are|is) (?:refused|dropped)/i,
    (_, g) => (reading(g)?.dropped.length ?? 0) > 0,
  ],
  [
    /report names|names the (?:refused|dropped) item/i,
    (_, g) => (reading(g)?.dropped ?? []).some((d) => JSON.stringify(d.item).length > 2 && d.why !== ''),
  ],
  [
    /no (?:new )?constraint|solver gets no|nothing (?:becomes|is) active|before (?:a person|confirmation)|not in force/i,
    (_, g) => noConstraint(g),
  ],
  [/at least (\d+|\w+) questions?/i, ([, n], g) => (reading(g)?.questions.length ?? 0) >= numberIn(n!)],
  [/\bexamples?\b/i, (_, g) => /for example|What waits for me/i.test(text(g))],
  [
    /\bquestions?\b|\basks? (?:the author|a person|which|what|how|for)\b/i,
    (_, g) => (reading(g)?.questions.length ?? 0) > 0,
  ],
  [
    /sentences? (?:it |that )?(?:could not|cannot|were not) (?:be )?(?:read|understood)|not understood/i,
    (_, g) =>
      (reading(g)?.notUnderstood.length ?? 0) > 0 ||
      (reading(g)?.constraints ?? []).some((c) => c.status === 'ambiguous' || c.status === 'unsupported'),
  ],
  [/embedded.?instruction|flag(?:ged|s)/i, (_, g) => (reading(g)?.flags.length ?? 0) > 0],
  [/(?:conflict|contradiction)/i, (_, g) => (reading(g)?.constraints ?? []).some((c) => c.status === 'conflict')],
  [/quote (?:is|occurs)|verbatim/i, (_, g) => (reading(g)?.constraints ?? []).length > 0 && verbatim(g)],
  [
    /age of the (?:data|signal) is|states? (?:the|its) age|how old/i,
    (_, g) => /\b\d[\d.]* ?(?:h|hours|min|days)(?: \d+ min)? old\b/i.test(text(g)),
  ],
  [
    /no recommendation|does not recommend|refuses to recommend/i,
    (_, g) => last(g)?.answered === false && !/cleanest time to start|now is the/i.test(text(g)),
  ],
  [
    /(\d[\d.,]* ?\w+) is (?:refused|dropped|rejected|withdrawn) or replaced by (\d[\d.,]* ?\w+)/i,
    ([, bad, good], g) => !shows(g, bad!) && (holds(g, good!) || !shows(g, bad!)),
  ],
  [
    /(?:all|every) (?:numbers?|figures?|sentences?) (?:is |are )?(?:grounded|traced|checked)|grounded/i,
    (_, g) => g.seen.answers.every((a) => loose(a).length === 0),
  ],
  [/names? the (?:worst|weakest|lowest)/i, (_, g) => /\b(?:worst|weakest|lowest|least)\b/i.test(text(g))],
  [/under (\d+) words/i, ([, n], g) => prose(g).split(/\s+/).length < Number(n)],
  [
    /(?:can(?:no|['’])t (?:tell|answer)|cannot be answered|does not know|unknown|says so|no (?:data|figure|answer))/i,
    (_, g) => last(g)?.answered === false,
  ],
  [/examples?/i, (_, g) => /for example|What waits for me/i.test(text(g))],
  [/(?:draft|proposal|proposes?|command)/i, (_, g) => (last(g)?.proposals.length ?? 0) > 0],
  [/at most (\d+|\w+) (?:model )?calls?/i, ([, n], g) => ask(g) <= numberIn(n!)],
  [/interval/i, (_, g) => figures(g).some((f) => f.low !== undefined && f.high !== undefined)],
  [/each figure|every figure|source/i, (_, g) => figures(g).length > 0 && figures(g).every((f) => f.source !== '')],
  [/planned|not (?:yet )?verified/i, (_, g) => /planned|would save|not verified|Nothing is verified/i.test(text(g))],
];

const prose = (g: Ground) =>
  (last(g)?.answer ?? '')
    .split('\n')
    .filter((l) => !/^ {2}|^Sources:|^Data:|^Ranked|^No model/.test(l))
    .join(' ');
const verbatim = ({ scenario, seen }: Ground) => {
  const source = scenario.do.flatMap((d) => ('ingest' in d ? [d.ingest] : [])).join('\n');
  return (seen.reading?.constraints ?? []).every((c) => source.includes(c.quote));
};

/** What must not be: true when the bad thing is there. */
const BAD: readonly Rule[] = [
  [/raw json|json (?:is )?shown/i, (_, g) => /[{[]\s*"\w+"\s*:/.test(last(g)?.answer ?? '')],
  [/empty (?:reply|answer)/i, (_, g) => last(g) !== undefined && (last(g)?.answer.trim() ?? '') === ''],
  [/change to approvals?/i, (_, g) => (reading(g)?.constraints ?? []).some((c) => c.type === 'approval_threshold')],
  [/html tag/i, (_, g) => /<\/?[a-z!][^>]*>/i.test((last(g)?.answer ?? '').replace(/“[^”]*”/gu, ''))],
  [
    /^(?:[“"'])?(\d[\d ,.]*(?:\s?(?:kg|t|g|kWh|MWh|%|tonnes?))?)(?:[”"'])?(?: (?:is )?shown.*| in the (?:ticket|answer|chat|summary).*)?$/i,
    ([, figure], g) => shows(g, figure!.trim()),
  ],
  [/error because no model|an error/i, (_, g) => g.seen.fault !== null],
  [/stack trace/i, (_, g) => /\n\s+at \S+ ?\(/.test(text(g))],
  [/more than (\d+|\w+) (?:model )?(?:calls|requests|tries|attempts)/i, ([, n], g) => ask(g) > numberIn(n!)],
  [/never ends|hangs? (?:for ever|forever)|no answer/i, (_, g) => last(g) === undefined && reading(g) === null],
  [/open socket/i, (_, g) => g.seen.openSockets > 0],
  [/without a terminal event/i, (_, g) => ends(g).length === 0],
  [/(?:two|several|more than one) terminal/i, (_, g) => ends(g).length > 1],
  [
    /half an? answer|partial answer/i,
    (_, g) => {
      const half =
        g.of.model !== 'off' && g.of.model !== 'real'
          ? g.of.model.map((s) => s.text ?? '').filter((t) => t.length > 10)
          : [];
      return half.some(
        (t) => (last(g)?.answer ?? '').includes(t.split(' ').slice(0, 6).join(' ')) && last(g)?.usedModel === true,
      );
    },
  ],
  [
    /(?:state |is |plan )?approved|approval (?:given|recorded)|decision recorded/i,
    (_, g) =>
      g.seen.approvals.some((a) => a === 'approved' || a === 'partly-approved') ||
      g.seen.decisions > 0 ||
      (last(g)?.usedModel === true && /\bis (?:now )?approved\b/i.test(text(g))),
  ],
  [
    /(?:approve|execut\w+|effect|acting|writing|mint|file)\w* tool .*(?:offered|list)/i,
    (_, g) => offered(g).some((n) => /approve|execute|confirm|mint|file|place|publish|answer_/i.test(n)),
  ],
  [
    /in the system (?:message|prompt)/i,
    (_, g) =>
      jobName(g) !== '' && messages(g).some((m) => m.role === 'system' && m.content.includes(jobName(g).slice(0, 20))),
  ],
  [/(?:tool|deed|action)s? (?:runs?|executed|called)|anything (?:executed|placed|filed)/i, (_, g) => !calm(g)],
  [/without a verbatim quote|quote that is not/i, (_, g) => !verbatim(g)],
  [
    /(\w+): ?(\d+)(?: \w+)? active/i,
    ([, key, value], g) =>
      g.seen.inForce > 0 ||
      (reading(g)?.constraints ?? []).some(
        (c) => c.status === 'clear' && (c.params as Record<string, unknown>)[key!] === Number(value),
      ),
  ],
  [/constraint (?:becomes|is) active|active (?:before|without)/i, (_, g) => g.seen.inForce > 0],
  [
    /invented|guess/i,
    (_, g) =>
      g.seen.answers.some((a) => loose(a).length > 0) ||
      (reading(g)?.constraints ?? []).some(
        (c) => c.status === 'ambiguous' && Object.values(c.params).some((v) => typeof v === 'number') && !verbatim(g),
      ),
  ],
  [
    /present tense without age|as if (?:the data were|it were) fresh/i,
    (_, g) =>
      !/\bold\b/i.test(text(g)) || /now is the cleanest|(?<!whether )now is a good (?:hour|time)\b/i.test(text(g)),
  ],
  [
    /blame|named? person|name of a person/i,
    (_, g) => /\b(?:fault of|blame|because of (?:Mr|Ms|Mrs|Dr)|failed to)\b/i.test(text(g)),
  ],
  [
    /as (?:a )?fact|claims? .*(?:saved|done)|saved.*unverified|planned .* saved/i,
    (_, g) =>
      records(g).length === 0 &&
      /(?<!be )\bsaved\b(?! anything)/i.test(prose(g)) &&
      !/planned|would save|can['’]t say/i.test(prose(g)),
  ],
  [/html|markdown link|script|remote image|javascript/i, (_, g) => /<\/?[a-z!][^>]*>|\]\(|javascript:/i.test(text(g))],
  [/untraced|ungrounded|not grounded/i, (_, g) => g.seen.answers.some((a) => loose(a).length > 0)],
  [/(?:another|other|someone else)/i, (_, g) => g.seen.answers.some((a) => a.rejected.length > 0 && a.usedModel)],
];

const QUOTED = /[“"']([^”"']{2,})[”"']/;
const AMOUNT = /\d[\d ,.]*\s?(?:kg|t|g|kWh|MWh|GWh|kW|MW|%|h|min|jobs?|tonnes?)(?![\w])/;

/** null: no rule reads the sentence. */
export const judgeStatement = (
  sentence: string,
  kind: 'must' | 'mustNot',
  ground: Ground,
): { holds: boolean } | null => {
  for (const [pattern, judged] of kind === 'must' ? GOOD : BAD) {
    const match = pattern.exec(sentence.trim());
    if (match) return { holds: judged(match, ground) === (kind === 'must') };
  }
  // What is said in a few bare words is meant word for word.
  const bare = sentence.trim().split(/\s+/).length <= 3 ? sentence.trim() : undefined;
  const part = QUOTED.exec(sentence)?.[1] ?? AMOUNT.exec(sentence)?.[0] ?? bare;
  if (part === undefined) return null;
  return { holds: holds(ground, part) === (kind === 'must') };
};
