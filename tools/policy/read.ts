/** The deterministic reader: a policy text in, quoted constraints, questions and what was not understood out. Pure; never throws on any text. */
import { createHash } from 'node:crypto';
import type { Passage } from '../../domain/policy/passage.js';
import type { Constraint, PolicyReading } from '../../domain/policy/policy.js';
import { clauseOf, type Reading, type Setting } from './clause.js';
import { related } from './conflicts.js';
import { continued } from './continued.js';
import { isDemand, isForeign, MAY_BE_RULE, OBLIGES, SAYS_WHEN } from './demands.js';
import { DELETED, HIDDEN, type Mark, MOVED, type Page, type PolicyDocument } from './documents/documents.js';
import { fragmentOf, noteQuestion, questioned } from './doubts.js';
import { constraintOf, type Draft, placeOf, unsupported } from './drafts.js';
import { notUnderstood as asksFor } from './finished.js';
import { idleBecause } from './idle.js';
import { isInstruction } from './injection.js';
import { flat, INVISIBLE, normalise } from './normal.js';
import { decimalMarkOf } from './numerals.js';
import { permissionIn, permits } from './permits.js';
import { type Reference, referenceIn, referred } from './references.js';
import { isScoped } from './scope.js';
import { cut, type Sentence } from './sentences.js';
import { piecesOf } from './split.js';
import { aboveOf, carried, documentFacts, type Previous, pointsNowhere } from './surroundings.js';
import { turnsAbove, turnsWithin, unturned } from './turns.js';
import { oddPairs } from './word-order.js';
import { blank, leftOver, type Span, spansOf } from './words.js';

export interface ReadOptions {
  readonly doc: string;
  /** IANA zone of times that name none; null: not given */
  readonly tz: string | null;
  /** what the file holds beside its text; left out for a text that was no file */
  readonly document?: PolicyDocument;
}

/** What one document demands. */
export const readPolicy = (text: string, options: ReadOptions): PolicyReading => {
  const reader = new Reader(text, options);
  const { sentences, asides, marks } = cut(text);
  reader.setAside(asides);
  const whole = documentFacts(sentences);
  for (const sentence of sentences) reader.read(sentence, whole);
  reader.settle(sentences, marks);
  const { drafts, allowing, remarks, flags } = reader;
  const numbered = (list: readonly Draft[]) => list.map((d, i) => ({ ...d, id: `c${i + 1}` }) as Constraint);
  const settled = related(numbered(drafts));
  // Permissions that contradict nothing are left out, and the rest is numbered again.
  const kept = drafts.filter((d, i) => !allowing.has(d) || settled[i]!.status === 'conflict');
  const constraints = kept.length === drafts.length ? settled : related(numbered(kept));
  return {
    doc: options.doc,
    sha256: reader.sha256,
    timeZone: options.tz,
    characters: text.length,
    sentences: sentences.length,
    constraints,
    questions: [...new Set(constraints.flatMap((c) => c.questions))],
    notUnderstood: reader.notUnderstood.filter((p) => p.quote.trim() !== ''),
    remarks,
    asides: reader.asides.sort((a, b) => a.span[0] - b.span[0]),
    flags: [...flags],
    dropped: [],
  };
};

/** No sentence ends so. */
const UNFINISHED = /\b(?:of|to|by|at|than|below|above|under|is|are|be|the|a|an|for|with|from|between|and|or)$/;

/** Where a sentence is told of beside the constraints, and why. */
interface Verdict {
  readonly as: 'notUnderstood' | 'remarks';
  readonly why: string;
}
const notUnderstood = (why: string): Verdict => ({ as: 'notUnderstood', why });
const remark = (why: string): Verdict => ({ as: 'remarks', why });

/** One pass over the sentences of a document: what was understood, and what was not and why. */
class Reader {
  readonly sha256: string;
  readonly drafts: Draft[] = [];
  /** Drafts of permissions, kept only where they contradict a limit. */
  readonly allowing = new Set<Draft>();
  readonly notUnderstood: Passage[] = [];
  readonly remarks: Passage[] = [];
  readonly asides: Passage[] = [];
  readonly flags = new Set<string>();
  readonly #mark: Setting['mark'];
  readonly #pageOf: (at: number) => { page?: number };
  /** The paragraph of an instruction. */
  #poisoned = -1;
  #previous: Previous | undefined;
  /** Sentences about other clauses, with where in `drafts` they stand. */
  readonly #references: { readonly reference: Reference; readonly at: number }[] = [];
  /** Sentences that only say an exception: they change what stands before them. */
  readonly #fragments: { readonly sentence: Sentence; readonly at: number }[] = [];

  constructor(
    private readonly text: string,
    private readonly options: ReadOptions,
  ) {
    this.sha256 = createHash('sha256').update(text).digest('hex');
    this.#mark = decimalMarkOf(normalise(text));
    this.#pageOf = pager(options.document?.pages ?? []);
    if (INVISIBLE.test(text.replace(/^\ufeff/, ''))) this.flags.add('hidden_text');
  }

  /** What is read as no sentence: by the text's own marks, and beside the text in its file. */
  setAside(spans: readonly { readonly from: number; readonly to: number; readonly why: string }[]): void {
    const { doc, document } = this.options;
    for (const { from, to, why } of spans) {
      const line = 1 + count(this.text, '\n', from);
      this.asides.push(this.#passage({ from, to, line }, why));
      this.#flag(this.text.slice(from, to), why);
    }
    for (const { quote, at, why, page } of document?.asides ?? []) {
      const line = 1 + count(this.text, '\n', at);
      this.asides.push({
        quote,
        span: [at, at],
        doc,
        line,
        ...(page === undefined ? this.#pageOf(at) : { page }),
        why,
      });
      this.#flag(quote, why);
    }
  }

  #flag(quote: string, why: string): void {
    if (why === HIDDEN || INVISIBLE.test(quote)) this.flags.add('hidden_text');
    if (why === DELETED || why === MOVED) this.flags.add('tracked_changes');
    if (isInstruction(normalise(quote))) this.flags.add('embedded_instruction');
  }

  /** What only the whole document shows: clauses that speak of others, notes at their marks, places that could not be read. */
  settle(sentences: readonly Sentence[], marks: readonly Mark[]): void {
    for (const { reference, at } of this.#references) {
      const { drafts, verdict } = referred(reference, this.drafts, at, sentences);
      this.drafts.splice(0, this.drafts.length, ...drafts);
      this[verdict.as].push(this.#passage(reference.sentence, verdict.why));
    }
    for (const { sentence, at } of this.#fragments) {
      const quote = this.text.slice(sentence.from, sentence.to).replace(/\s+/g, ' ');
      const before = this.drafts[at - 1];
      if (before && sentence.number - before.sentence <= 1)
        for (const [i, d] of this.drafts.entries())
          if (d.sentence === before.sentence) this.drafts[i] = questioned(d, `does "${quote}" change it?`);
    }
    for (const mark of [...marks, ...(this.options.document?.marks ?? [])])
      for (const [i, draft] of this.drafts.entries()) {
        if (mark.at < draft.span[0] || mark.at > draft.span[1]) continue;
        const question = noteQuestion(mark, draft);
        if (question !== null) this.drafts[i] = questioned(draft, question);
      }
    // What demands nothing only for lack of what stands in a field or could not be read is not understood.
    for (const mark of [...marks, ...(this.options.document?.marks ?? [])]) {
      if (mark.kind !== 'doubt' || mark.spellings !== undefined) continue;
      const at = this.remarks.findIndex((r) => r.span[0] <= mark.at && mark.at <= r.span[1]);
      if (at >= 0) this.notUnderstood.push({ ...this.remarks.splice(at, 1)[0]!, why: mark.question });
    }
  }

  read(sentence: Sentence, whole: ReturnType<typeof documentFacts>): void {
    const verdict = this.#verdict(sentence, whole);
    if (verdict !== null) this[verdict.as].push(this.#passage(sentence, verdict.why));
  }

  #verdict(sentence: Sentence, whole: ReturnType<typeof documentFacts>): Verdict | null {
    const { low } = sentence;
    if (isInstruction(low) || sentence.block === this.#poisoned) {
      // The rest of its paragraph comes from the same hand.
      this.#poisoned = sentence.block;
      this.flags.add('embedded_instruction');
      return notUnderstood('an instruction to the reader, not a rule; nothing was done because of it');
    }
    if (whole.about.has(sentence.number))
      return remark('says when or for whom the document holds; taken over into its constraints');
    const reference = referenceIn(sentence);
    if (reference !== null) {
      this.#references.push({ reference, at: this.drafts.length });
      if (reference.tie === undefined) return null;
    }
    const original = sentence.made ? low : flat(this.text.slice(sentence.from, sentence.to));
    const setting: Setting = {
      mark: this.#mark,
      tz: this.options.tz,
      above: aboveOf(sentence, whole.scope, this.#previous),
      before: carried(sentence, this.#previous),
    };
    if (reference?.tie !== undefined) {
      // What the sentence itself demands is read without the words that tie it to another, which ask about it later.
      const tie: Span[] = [[reference.tie.from, reference.tie.to]];
      const untied = { ...sentence, low: blank(low, tie) };
      const pieces = readSentence(untied, blank(original, tie), setting);
      if (pieces.some((p) => p.readings.length > 0)) this.#keep(untied, pieces, whole);
      return null;
    }
    const pieces = readSentence(sentence, original, setting);
    return pieces.some((p) => p.readings.length > 0)
      ? this.#keep(sentence, pieces, whole)
      : this.#judge(sentence, original, setting);
  }

  /** A sentence that rules have read. */
  #keep(sentence: Sentence, pieces: readonly Piece[], whole: ReturnType<typeof documentFacts>): Verdict | null {
    const { doc } = this.options;
    const { validity } = whole;
    // What stands in no reading's piece was read by nobody.
    const lost = pieces
      .filter((p) => p.readings.length === 0 && p.idle === undefined)
      .flatMap((p) => leftOver(sentence.low.slice(p.from, p.to), p.used ?? []));
    const left = [...new Set([...lost, ...pieces.flatMap((p) => p.readings).flatMap((r) => r.left)])];
    const nowhere = pointsNowhere(sentence, this.#previous);
    const open = [
      ...whole.questions,
      ...(nowhere === null ? [] : [`which work is "${nowhere}"?`]),
      ...(left.length > 0 ? [asksFor(left)] : []),
    ];
    for (const piece of pieces)
      for (const read of piece.readings) {
        const reading = { ...read, questions: [...read.questions, ...open] };
        const [from, to] = placeOf(
          sentence,
          piece,
          pieces.filter((p) => p.readings.length > 0 || p.idle !== undefined).length,
          this.text,
        );
        const quote = this.text.slice(from, to);
        const page = this.#pageOf(from);
        const at = { quote, span: [from, to] as [number, number], sentence, doc, sha256: this.sha256, page, validity };
        this.drafts.push(constraintOf(reading, at));
      }
    for (const { from, to, idle } of pieces)
      if (idle !== undefined) {
        const at = { from: sentence.from + from, to: sentence.from + to, line: sentence.line };
        this.notUnderstood.push(this.#passage(at, idle));
      }
    const readings = pieces.flatMap((p) => p.readings);
    this.#previous = { readings, block: sentence.block, number: sentence.number };
    const asks =
      open.length > 0 || readings.some((r) => r.questions.some((q) => /^(?:what does|how is|which work)/.test(q)));
    return asks ? notUnderstood('understood in part only; see its questions') : null;
  }

  /** A sentence that no rule has read. */
  #judge(sentence: Sentence, original: string, setting: Setting): Verdict {
    const { low } = sentence;
    if (low.endsWith(':')) return remark('opens the list below');
    if (fragmentOf(low)) {
      this.#fragments.push({ sentence, at: this.drafts.length });
      return notUnderstood('an exception without its rule; the rule before it asks about it');
    }
    const idle = idleBecause(low);
    if (idle !== undefined) return notUnderstood(idle);
    if (UNFINISHED.test(low))
      return notUnderstood('breaks off; what it goes on with may stand in a field or a picture');
    const said = clauseOf(low, original, this.#mark);
    if (permits(said) && !OBLIGES.test(low)) {
      // Kept only where it contradicts a limit: two sentences that cannot both hold are a person's to settle.
      if (permissionIn(said)) this.allowing.add(this.#demand(sentence, setting));
      return notUnderstood('allows something; only limits are read');
    }
    if (isDemand(sentence)) {
      this.#demand(sentence, setting);
      return notUnderstood('demands something that no kind of constraint says');
    }
    if (isForeign(low)) return notUnderstood('is not in English; only English is read');
    const figures = said.figures.some((f) => f.dimension !== 'none' && f.dimension !== 'count');
    if (said.window || /\d:\d\d\b/.test(low) || figures)
      return notUnderstood('holds figures or times that no rule speaks for');
    const saysWhen = SAYS_WHEN.test(low) && (isScoped(said.scope) || WORK.test(low));
    if (said.hasDates || saysWhen || MAY_BE_RULE.test(low))
      return notUnderstood('may be a rule, and no rule speaks for it');
    return remark('demands nothing');
  }

  #demand(sentence: Sentence, setting: Setting): Draft {
    const { doc } = this.options;
    const at = { doc, sha256: this.sha256, page: this.#pageOf(sentence.from) };
    const draft = unsupported(sentence, setting, this.text, at);
    this.drafts.push(draft);
    return draft;
  }

  #passage({ from, to, line }: { from: number; to: number; line: number }, why: string): Passage {
    const { doc } = this.options;
    return { quote: this.text.slice(from, to), span: [from, to], doc, line, ...this.#pageOf(from), why };
  }
}

const WORK =
  /\b(?:jobs?|workloads?|tasks?|work|services?|pipelines?|builds?|simulations?|trainings?|renders?|backups?|batch)\b/;

const count = (text: string, mark: string, before: number) => text.slice(0, before).split(mark).length - 1;

const pager = (pages: readonly Page[]) => (at: number) => {
  const page = pages.findLast((p) => p.from <= at);
  return page ? { page: page.number } : {};
};

/** A part of a sentence with what it was read as; without readings, it says nothing that a rule knows. */
interface Piece {
  readonly readings: readonly Reading[];
  readonly from: number;
  readonly to: number;
  readonly idle?: string;
  /** words of it that are known to say nothing */
  readonly used?: readonly Span[];
}

/** The pieces of a sentence, with the turning words that none of them has used among what is left of each reading. */
const readSentence = (s: Sentence, original: string, setting: Setting): readonly Piece[] => {
  const { pieces, leads } = piecesIn(s, original, setting);
  const readings = pieces.flatMap((p) => p.readings);
  if (readings.every((r) => r.questions.length > 0 || r.left.length > 0)) return pieces;
  const said = (low: string, as: string, leadIn: string | null) =>
    JSON.stringify(
      piecesIn({ ...s, low, leadIn }, as, setting).pieces.flatMap((p) =>
        p.readings.map(({ type, scope, params, questions, left }) => ({ type, scope, params, questions, left })),
      ),
    );
  const turned = [
    ...unturned(s.low, original, (low, as) => said(low, as, s.leadIn)),
    ...(leads ? unturned(s.leadIn!, s.leadIn!, (low) => said(s.low, original, low)) : []),
    ...[...s.headings, s.leadIn ?? ''].flatMap(turnsAbove),
    ...readings.flatMap(turnsWithin),
    ...(s.made ? [] : oddPairs(s.low, s.leadIn !== null)),
    ...(leads ? oddPairs(s.leadIn!) : []),
  ];
  if (turned.length === 0) return pieces;
  return pieces.map((p) => ({ ...p, readings: p.readings.map((r) => ({ ...r, left: [...r.left, ...turned] })) }));
};

/** `leads`: the opening line of the list was read together with the item. */
const piecesIn = (
  s: Sentence,
  original: string,
  setting: Setting,
): { readonly pieces: readonly Piece[]; readonly leads: boolean } => {
  const prefix = s.made ? 0 : prefixOf(s.low);
  const pieces = piecesOf(s.low.slice(prefix), original.slice(prefix), setting).map((p) => ({
    ...p,
    from: p.from + prefix,
    to: p.to + prefix,
  }));
  const title: Piece[] =
    prefix === 0 ? [] : [{ readings: [], from: 0, to: prefix, used: spansOf(s.low.slice(0, prefix), TITLE) }];
  if (pieces.some((p) => p.readings.length > 0)) return { pieces: [...title, ...pieces], leads: false };
  // "Silver: up to 1 h." after a sentence about gold.
  const more = /^[^:.]{1,40}:\s/.test(s.low) ? continued(s.low, original, setting) : [];
  if (more.length > 0) return { pieces: [{ readings: more, from: 0, to: s.low.length }], leads: false };
  if (s.leadIn === null) return { pieces, leads: false };
  // A list item that says only when or how much: the opening line holds the verb.
  const lead = `${s.leadIn.replace(/[:\s]+$/, '')} `;
  const led = piecesOf(lead + s.low, lead + original, setting);
  return { pieces: led.map((p) => ({ readings: p.readings, from: 0, to: s.low.length })), leads: true };
};

/** Words of a title that opens a sentence. */
const TITLE =
  /\b(?:note|notice|reminder|important|attention|guidance|guidelines?|rationale|principle|background|green|compute|computing|carbon|sustainab\w+|operations|general|policy|security|residency|cost)\b/;
/** "Green compute note: please …" opens with a name and no rule. */
const prefixOf = (low: string): number =>
  /^[^:.;,\d]{0,50}\b(?:note|notice|reminder|important|attention|guidance|guidelines?|rationale|principle|background):\s+/.exec(
    low,
  )?.[0].length ?? 0;
