/** Lets a sentence through only when every number, date and name in it can be traced to a fact, with the right unit, sign and status. Pure. */
import { SHORT_ID } from '../../domain/digest.js';
import type { Fact } from '../facts.js';
import { agrees, type Mention, mentionsIn } from '../question/moments.js';
import { quantitiesIn, type Said } from './numbers.js';

export interface Rejected {
  /** the words that cannot be traced */
  readonly text: string;
  readonly why: string;
  readonly sentence: string;
}

/** A figure in a writer's own spelling, and the fact that it is. */
export interface Spoken {
  readonly text: string;
  readonly fact: Fact;
}

export interface Grounds {
  readonly facts: readonly Fact[];
  /** The template: its words may be repeated. */
  readonly draft: string;
  readonly question: string;
  /** Names and ids that may be said, beside those of the facts. */
  readonly names: readonly string[];
}

const PLACE = /\{\{\s*(f\d+)\s*\}\}/g;
const MARK = '\ue000';

/** Words about something that really came true. */
const SAVED =
  /\b(?:saved|avoided|cut(?= emissions)|prevented|achieved|realised|realized|delivered|verified|proved|proven|confirmed savings?|actual(?:ly)? sav\w+)\b/i;
const NOT_YET =
  /\b(?:would|could|may|might|will|is planned to|are planned to|planned|plans? to|not|never|no|if|expected|to be|unverified|yet|claim(?:ed|s)?)\b|n['’]t\b/i;
const MORE =
  /\b(?:more|increas\w*|rises?|rose|higher|extra|additional\w*|added|adds|worse|lost|loses|costlier|dearer|grew|grows)\b/i;
const LESS =
  /\b(?:less|sav\w+|lower\w*|reduc\w+|cuts?|fewer|decreas\w+|falls?|fell|avoid\w*|cleaner|cheaper|down|below)\b/i;
const SPREAD =
  /\b(?:to|between|and|from|interval|range|at (?:least|most)|up to|or more|or less|as (?:low|high) as|lower|upper|bounds?)\b|[–—-]/i;
const DEED =
  /\b(?:I|we|I['’]ve|we['’]ve|CACO)\s+(?:have\s+|has\s+|just\s+|now\s+|already\s+|hereby\s+|will\s+|['’]ll\s+|am\s+|are\s+)*(?:approv|reject|execut|plac(?:ed|ing)|fil(?:ed|ing)|mint|confirm|cancel|delet|mov(?:ed|ing)|start(?:ed|ing)|schedul|chang(?:ed|ing)|submit|sent|send|grant|overrid|disabl)\w*|\b(?:is|are|was|were|been|be|plan|change)\s+(?:now\s+|already\s+|hereby\s+|fully\s+|pre-?)*(?:approved|executed|confirmed|minted|authori[sz]ed)\b|^\s*(?:approved|executed|confirmed|done)\b/i;
const MARKUP = /<\/?[a-z!][^>]*>|!?\[[^\]]*\]\([^)]*\)|https?:\/\/|javascript:|data:[a-z]+\/|```|<\|/i;

/** Sentences with their closing marks; a line break ends one too. */
export const sentencesOf = (text: string): string[] =>
  text
    .split(/(?<=[.!?…]["”’)]*)\s+(?=[\p{Lu}“"({[\d−£$€])|\n+/u)
    .map((s) => s.trim())
    .filter((s) => s !== '');

/** The sentence with the facts' texts in the places of their marks. Unknown marks stay and are refused by the check. */
export const filled = (sentence: string, facts: readonly Fact[]): string =>
  sentence.replace(PLACE, (whole, id: string) => facts.find((f) => f.id === id)?.text ?? whole);

/** What is wrong with one sentence, placeholders not yet filled; `before` holds the names that the sentence before spoke of. */
export const checkSentence = (
  sentence: string,
  grounds: Grounds,
  before: readonly string[] = [],
): { rejected: Rejected[]; spokeOf: string[]; used: Fact[]; spoken: Spoken[] } => {
  const rejected: Rejected[] = [];
  const refuse = (text: string, why: string) => rejected.push({ text, why, sentence });
  if (MARKUP.test(sentence)) refuse(MARKUP.exec(sentence)![0], 'links, HTML and code are not let through');
  const shown = filled(sentence, grounds.facts);
  if (!grounds.draft.includes(shown)) {
    const deed = DEED.exec(sentence);
    if (deed) refuse(deed[0].trim(), 'nothing was done, approved or changed in answering');
  }

  const used: Fact[] = [];
  let masked = sentence.replace(PLACE, (whole, id: string, at: number) => {
    const fact = grounds.facts.find((f) => f.id === id);
    if (!fact) refuse(whole, 'there is no such fact');
    else {
      used.push(fact);
      const after = sentence.slice(at + whole.length);
      const head = sentence.slice(0, at);
      if (fact.kind === 'quantity' && /(?:[-−+]|\d|[£$€])\s?$/.test(head))
        refuse(`${head.slice(-2)}${whole}`, 'a figure was glued to a fact');
      if (fact.kind === 'quantity' && fact.unit !== 'count' && /^\s?(?:thousand|million|k\b|%|per\b|\d)/i.test(after))
        refuse(`${whole}${after.slice(0, 10)}`, 'a unit or multiplier was glued to a fact');
    }
    return MARK.repeat(whole.length);
  });
  const names = [
    ...new Set([
      ...grounds.names,
      ...grounds.facts.flatMap((f) => [...f.about, ...(f.kind === 'name' ? [f.text] : [])]),
    ]),
  ];
  const named = names.filter((n) => n.length > 1 && mentions(shown, n));
  masked = maskNames(masked, names);
  const spokeOf = named.length > 0 ? named : [...before];
  for (const { text, from, to, ...mention } of mentionsIn(masked)) {
    const claim = { text, from, to, ...mention };
    if (!momentKnown(claim, grounds, used)) refuse(text, 'no fact names this date or time');
    masked = masked.slice(0, from) + MARK.repeat(to - from) + masked.slice(to);
  }

  const candidates = grounds.facts.filter(
    (f) => f.kind === 'quantity' && concerns(f, named.length > 0 ? named : before, grounds.facts),
  );
  const saids = quantitiesIn(masked);
  const spoken: Spoken[] = [];
  for (const said of saids) {
    const matching = candidates.filter((f) => matches(said, f, sentence, saids));
    if (matching.length === 0) {
      const elsewhere = grounds.facts.some((f) => f.kind === 'quantity' && matches(said, f, sentence, saids));
      refuse(said.text.trim(), elsewhere ? 'the figure belongs to another name' : 'no fact has this figure');
    } else {
      const fact = matching.find((f) => f.verified) ?? matching[0]!;
      used.push(fact);
      spoken.push({ text: said.text.trim(), fact });
    }
  }
  for (const fact of used) {
    if (fact.kind !== 'quantity') continue;
    const about = fact.about.filter((n) => names.includes(n));
    if (named.length > 0 && about.length > 0 && !concerns(fact, named, grounds.facts))
      refuse(fact.text, 'the figure belongs to another name');
    const clause = clauseOf(sentence, fact);
    if (SAVED.test(clause) && fact.saving && !fact.verified && !NOT_YET.test(sentence))
      refuse(fact.text, 'it is planned, not verified: nobody has saved it yet');
    if (SAVED.test(clause) && !fact.saving && /\b(?:saved|avoided)\b/i.test(clause) && ['kg'].includes(fact.unit))
      refuse(fact.text, 'the fact is an amount, not a saving');
    if (fact.saving && fact.value !== null && fact.value !== 0 && !grounds.draft.includes(shown)) {
      const [up, down] = [MORE.test(clause), LESS.test(clause)];
      if (up && !down && fact.value > 0) refuse(fact.text, 'the fact is a saving, the sentence says more');
      if (down && !up && fact.value < 0) refuse(fact.text, 'the fact is an increase, the sentence says less');
    }
  }
  for (const word of unknownNames(masked, grounds, names)) refuse(word, 'no fact has this name');
  return { rejected, spokeOf, used, spoken };
};

/** Every sentence of a text; empty when all of it can be traced. */
export const checkText = (text: string, grounds: Grounds): Rejected[] => {
  const rejected: Rejected[] = [];
  let before: string[] = [];
  for (const sentence of sentencesOf(text)) {
    const result = checkSentence(sentence, grounds, before);
    rejected.push(...result.rejected);
    before = result.spokeOf;
  }
  return rejected;
};

/** Equal after conversion, at the digits shown; a rounding that moves the value by more than a tenth says something else. */
const near = (said: Said, value: number): boolean => {
  const shown = said.sign === 0 ? Math.abs(value) : value;
  const spoken = said.sign === 0 ? Math.abs(said.value) : said.value;
  const off = Math.abs(spoken - shown);
  if (off <= 1e-9 * Math.max(1, Math.abs(shown))) return true;
  if (Math.abs(shown) > 0 && off / Math.abs(shown) > 0.1) return false;
  if (off <= said.tolerance * (1 + 1e-9)) return true;
  // 9 310 for 9 312.4 and 180 for 182: trailing zeros are rounding as long as two digits stand.
  const digits = said.tolerance > 0 ? String(Math.round(spoken / (2 * said.tolerance))) : '';
  const zeros = /0+$/.exec(digits)?.[0].length ?? 0;
  const significant = digits.length - zeros;
  return zeros > 0 && significant >= 2 && off <= said.tolerance * 10 ** zeros * (1 + 1e-9);
};

const matches = (said: Said, fact: Fact, sentence: string, all: readonly Said[]): boolean => {
  if (!sameUnit(said, fact) || fact.value === null) return false;
  if (near(said, fact.value)) return said.sign === 0 || signFits(said, fact);
  // A bound is said together with the other one, or as a bound.
  const bound = [fact.low, fact.high].some((b) => b !== null && near(said, b));
  const other = (b: number | null) => b !== null && all.some((s) => s !== said && s.unit === said.unit && near(s, b));
  const lone = /\b(?:at (?:least|most)|up to|bounds?|as (?:low|high) as)\b/i.test(sentence);
  return bound && SPREAD.test(sentence) && (lone || (other(fact.low) && other(fact.high)) || other(fact.value));
};

const sameUnit = (said: Said, fact: Fact): boolean => {
  if (said.unit !== null) return said.unit === fact.unit;
  if (fact.unit === 'count') return fact.noun === null || nounFits(said.next, fact.noun);
  return fact.unit === 'ratio' && Math.abs(said.value) <= 1;
};

const AFTER_COUNT = new Set(
  'of are is were was may might will would can have has had wait waits run runs move moves moved stay stays more left out in at on by for from with and or but to than that which who whose as not need needs remain remains urgent movable late other different people teams such'.split(
    ' ',
  ),
);
const nounFits = (next: string, noun: string) => {
  const stem = noun.split(' ')[0]!.toLowerCase().slice(0, 4);
  return (
    next === '' ||
    AFTER_COUNT.has(next) ||
    next.startsWith(stem) ||
    noun
      .toLowerCase()
      .split(' ')
      .some((w) => next.startsWith(w.slice(0, 5)))
  );
};

const signFits = (said: Said, fact: Fact) => {
  const value = fact.value!;
  if (Math.sign(said.value) === Math.sign(value)) return true;
  // A saving written as a change carries a minus.
  return fact.saving;
};

/** A figure about other names than those spoken of is somebody else's. Names of one thing (a plan and its run) count as one. */
const concerns = (fact: Fact, spokenOf: readonly string[], facts: readonly Fact[]): boolean => {
  if (fact.about.length === 0 || spokenOf.length === 0) return true;
  const relevant = spokenOf.filter((n) => facts.some((f) => f.kind === 'quantity' && f.about.includes(n)));
  return relevant.length === 0 || fact.about.some((n) => relevant.includes(n));
};

/** The part of the sentence around a fact, up to a semicolon or a contrasting word. */
const clauseOf = (sentence: string, fact: Fact): string => {
  const parts = sentence.split(/;|\bbut\b|\bwhile\b|\bwhereas\b/i);
  return parts.find((p) => p.includes(`{{${fact.id}}}`)) ?? sentence;
};

const momentKnown = (mention: Mention, { facts, question, draft }: Grounds, used: readonly Fact[]): boolean => {
  const text = mention.text.toLowerCase();
  if (mention.relative !== undefined)
    return question.toLowerCase().includes(text) || draft.toLowerCase().includes(text);
  if (facts.some((f) => f.at !== null && agrees(mention, f.at))) return true;
  // A day or year that the user named may be named again, but not a time of day.
  return used.length === 0 && mention.minute === undefined && question.toLowerCase().includes(text);
};

const escapeText = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const mentions = (text: string, name: string) =>
  new RegExp(`(?<![\\p{L}\\d_-])${escapeText(name)}(?![\\p{L}\\d_-])`, 'iu').test(text);

/** Known names become marks, so that their digits are no figures. A name that reads like a quantity counts only in quotes. */
const maskNames = (text: string, names: readonly string[]): string => {
  let masked = text;
  for (const name of [...names].sort((a, b) => b.length - a.length)) {
    if (!/\d/.test(name)) continue;
    const plain = /\p{L}/u.test(name) && !/\s/.test(name) && !quantitiesIn(name).some((q) => q.unit !== null);
    const pattern = plain
      ? `(?<![\\p{L}\\d_-])${escapeText(name)}(?![\\p{L}\\d_-])`
      : `[“"'‘]${escapeText(name)}[”"'’]`;
    masked = masked.replace(new RegExp(pattern, 'giu'), (m) => MARK.repeat(m.length));
  }
  return masked.replace(/\b(?:CO2e?q?|CO2-eq|UTC[+-]\d+|caco)\b/gi, (m) => MARK.repeat(m.length));
};

const ORDINARY = new Set(
  'I It CACO CO UTC GB UK OK AND OR NOT JSON SLA CPU GPU HPC CI The A An This That These Those There Here No Yes If In On At By For From With Without To Of And Or But Because So When While Why What Which Who How Where Both All Each Every Some Most Many Few Its Their Our Your You We They He She As After Before Until Since During Not Nothing None Only Also Still However Otherwise Next Then Now Today Sources Source Policy Plan Run Team Job Data Carbon Grid Electricity Energy Cost Approval Ticket'.split(
    ' ',
  ),
);

const STARTS = new Set(
  'about above according across actually additional again against almost along already although altogether among another any apart around as aside assuming at available average back based being below besides best better between beyond bigger by calculated can capacity carbon cheaper cheapest clean cleaner cleanest compared consequently cost costs could currently dates days deferred delay delays depending despite did do does done down due during each earlier early either electricity emissions energy enough even everything exactly expect fewer figures finally first five four full further future generally give given good half hence high higher hour hours how however hours if in indeed instead intensity is job jobs just last late later least leave left less let like likely little look low lower lowest mainly many maybe mean meanwhile minutes more moreover most much my name names near nearly neither never nights no nobody none nor note nothing now nowhere numbers off often on once one only onto open or other others otherwise our out over overall part people per perhaps place placed plans please power price prices probably quite rather records reduce regarding region regions rest results roughly runs same save saved saves saving savings see several shift shifts should similarly simply since six slightly small smaller so some soon start starts still such sum switch take team teams ten than thanks that then thereby therefore these they things third those though three through thus till time times to together total totals tickets twelve twenty two under unless until up upon us use used uses usually verified very via wait waits was we week weeks well were what whatever when where whereas whether which while who whole why will with within without work would yes yet you your'.split(
    ' ',
  ),
);

/** Ids and capitalised names that neither the facts nor the template nor the question know. */
const unknownNames = (masked: string, grounds: Grounds, names: readonly string[]): string[] => {
  const known =
    `${grounds.draft} ${grounds.facts.map((f) => `${f.text} ${f.source} ${f.label}`).join(' ')} ${names.join(' ')}`.toLowerCase();
  const asked = grounds.question.toLowerCase();
  const unknown: string[] = [];
  for (const match of masked.matchAll(/(?<![\p{L}\d_])\p{L}[\p{L}\d]*(?:[-_/.:#@][\p{L}\d]+)*/gu)) {
    const word = match[0];
    const lower = word.toLowerCase();
    const id = /\d/.test(word) || SHORT_ID.test(word) || /[_/#@:]/.test(word) || /\.\p{L}/u.test(word);
    const atStart = /^[\s“"'(]*$/u.test(masked.slice(0, match.index));
    // Any sentence begins with a capital: there, a word that is neither ordinary nor built like one is a name.
    const proper =
      /^\p{Lu}/u.test(word) &&
      !ORDINARY.has(word) &&
      !(atStart && (STARTS.has(lower) || /(?:ing|ed|ly|tion|ment|ness|ity)$/.test(lower)));
    if (!id && !proper) continue;
    if (containsWord(known, lower) || (!id && containsWord(asked, lower))) continue;
    unknown.push(word);
  }
  return unknown;
};
const containsWord = (text: string, word: string) =>
  new RegExp(`(?<![\\p{L}\\d])${escapeText(word)}(?![\\p{L}\\d])`, 'u').test(text);
