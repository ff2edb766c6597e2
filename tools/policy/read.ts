/** The deterministic reader: a policy text in, quoted constraints, questions and what was not understood out. Pure; never throws on any text. */
import { createHash } from 'node:crypto';
import {
  type Constraint,
  ConstraintType,
  PARAMS,
  type Passage,
  type PolicyReading,
  type Scope,
} from '../../domain/policy/policy.js';
import { clauseOf, NEGATION, type Reading, type Setting, strengthOf } from './clause.js';
import { related } from './conflicts.js';
import { validityIn } from './dates.js';
import type { Page } from './documents.js';
import { decimalMarkOf } from './figures.js';
import { isInstruction } from './injection.js';
import { flat, INVISIBLE, normalise } from './normal.js';
import { lifts, permissionIn, permits } from './permits.js';
import { continued } from './rules.js';
import { APPROVAL, loosens } from './rules-approval.js';
import { inherit, isKnownKind, isScoped, scopeIn } from './scope.js';
import { cut, type Sentence } from './sentences.js';
import { piecesOf } from './split.js';

export interface ReadOptions {
  readonly doc: string;
  /** IANA zone of times that name none; null: not given */
  readonly tz: string | null;
  readonly pages?: readonly Page[];
}

const DEMAND =
  /^no\b|\b(?:due|reserved|up to|nothing|nobody|must|mustn't|shall|should|shouldn't|may not|may only|cannot|can't|has to|have to|needs? to|need|needs|never|required?|requires|forbidden|prohibited|not (?:allowed|permitted)|only|always|ought|no [\w-]+(?: [\w-]+)? (?:may|shall|can|must|should)|ensure|keep|do not|don't|avoid|please|limit(?:ed|s)?|cap(?:ped)?|at most|no more than|maximum|minimum|will be|are to|is to|stay|stays|prefer\w*|may be|exempt|wherever|try)\b/;

const OBLIGES = /\b(?:must|mustn't|shall|should|has to|have to|never|required?|requires|cannot|can't|nothing|nobody)\b/;

/** Words of German, French, Spanish, Italian and Dutch that oblige, allow, forbid or limit. */
const FOREIGN =
  /(?:^|[\s("'])(?:muss|müssen|darf|dürfen|soll|sollen|sollte|höchstens|mindestens|spätestens|verboten|erlaubt|untersagt|keine[nrs]?|nicht|zwischen|doit|doivent|interdit\w*|ne peu\w+|maximum de|au plus|plafond|debe|deben|prohibido|no puede\w*|como máximo|deve|devono|vietato|al massimo|moet|moeten|mag niet|mogen|hoogstens|verboden|uiterlijk)(?=$|[\s,.;:)])/;
const isForeign = (low: string) => FOREIGN.test(low) && !/\b(?:the|must|shall|should|may|of|and|is|are)\b/.test(low);

/** What one document demands. */
export const readPolicy = (text: string, options: ReadOptions): PolicyReading => {
  const { doc, tz } = options;
  const sha256 = createHash('sha256').update(text).digest('hex');
  const { sentences, hidden } = cut(text);
  const mark = decimalMarkOf(normalise(text));
  const flags = new Set<string>();
  const notUnderstood: Passage[] = [];
  const remarks: Passage[] = [];
  const drafts: Omit<Constraint, 'id'>[] = [];
  const allowing = new Set<Omit<Constraint, 'id'>>();
  const pageOf = pager(options.pages ?? []);
  const passage = (from: number, to: number, line: number, why: string): Passage => ({
    quote: text.slice(from, to),
    span: [from, to],
    doc,
    line,
    ...pageOf(from),
    why,
  });

  if (INVISIBLE.test(text.replace(/^\ufeff/, ''))) flags.add('hidden_text');
  for (const h of hidden) {
    flags.add('hidden_text');
    if (isInstruction(normalise(text.slice(h.from, h.to)))) flags.add('embedded_instruction');
    notUnderstood.push(
      passage(h.from, h.to, 1 + count(text, '\n', h.from), 'hidden from a reader of the page; not a rule'),
    );
  }

  const whole = documentFacts(sentences);
  let poisoned = -1;
  let previous: { readings: readonly Reading[]; block: number } | undefined;
  for (const sentence of sentences) {
    const { low } = sentence;
    if (isInstruction(low) || sentence.block === poisoned) {
      // The rest of its paragraph comes from the same hand.
      poisoned = sentence.block;
      flags.add('embedded_instruction');
      notUnderstood.push(
        passage(
          sentence.from,
          sentence.to,
          sentence.line,
          'an instruction to the reader, not a rule; nothing was done because of it',
        ),
      );
      continue;
    }
    if (whole.about.has(sentence.number)) {
      remarks.push(
        passage(
          sentence.from,
          sentence.to,
          sentence.line,
          'says when or for whom the document holds; taken over into its constraints',
        ),
      );
      continue;
    }
    if (APPROVAL.test(low) && loosens(low)) {
      notUnderstood.push(
        passage(
          sentence.from,
          sentence.to,
          sentence.line,
          'would make approval easier; a policy can only ask for more of it',
        ),
      );
      continue;
    }
    const original = sentence.made ? low : flat(text.slice(sentence.from, sentence.to));
    const setting: Setting = {
      mark,
      tz,
      above: aboveOf(sentence, whole.scope, previous),
      before: carried(sentence, previous),
    };
    const pieces = readSentence(sentence, original, setting);
    const read = pieces.filter((p) => p.readings.length > 0);
    for (const piece of read)
      for (const reading of piece.readings) {
        const [from, to] = placeOf(sentence, piece, pieces.length, text);
        drafts.push(
          constraintOf(reading, {
            quote: text.slice(from, to),
            span: [from, to],
            sentence,
            doc,
            sha256,
            page: pageOf(from),
            validity: whole.validity,
          }),
        );
      }
    if (read.length > 0) {
      previous = { readings: read.flatMap((p) => p.readings), block: sentence.block };
      const asked = read
        .flatMap((p) => p.readings)
        .some((r) => r.questions.some((q) => /^(?:what does|how is|which work)/.test(q)));
      if (asked)
        notUnderstood.push(
          passage(sentence.from, sentence.to, sentence.line, 'understood in part only; see its questions'),
        );
      continue;
    }
    if (low.endsWith(':')) {
      remarks.push(passage(sentence.from, sentence.to, sentence.line, 'opens the list below'));
      continue;
    }
    if (lifts(low)) {
      notUnderstood.push(
        passage(sentence.from, sentence.to, sentence.line, 'lifts a limit or allows something; only limits are read'),
      );
      continue;
    }
    const said = clauseOf(low, original, mark);
    if (permits(said) && !OBLIGES.test(low)) {
      const why = 'allows something; only limits are read';
      notUnderstood.push(passage(sentence.from, sentence.to, sentence.line, why));
      // Kept only where it contradicts a limit: two sentences that cannot both hold are a person's to settle.
      if (permissionIn(said)) {
        const draft = unsupported(sentence, setting, text, { doc, sha256, page: pageOf(sentence.from) });
        allowing.add(draft);
        drafts.push(draft);
      }
      continue;
    }
    if (!isDemand(sentence)) {
      if (isForeign(low)) {
        notUnderstood.push(
          passage(sentence.from, sentence.to, sentence.line, 'is not in English; only English is read'),
        );
        continue;
      }
      if (
        said.window ||
        /\d:\d\d\b/.test(low) ||
        said.figures.some((f) => f.dimension !== 'none' && f.dimension !== 'count')
      ) {
        notUnderstood.push(
          passage(sentence.from, sentence.to, sentence.line, 'holds figures or times that no rule speaks for'),
        );
        continue;
      }
      remarks.push(passage(sentence.from, sentence.to, sentence.line, 'demands nothing'));
      continue;
    }
    drafts.push(unsupported(sentence, setting, text, { doc, sha256, page: pageOf(sentence.from) }));
    notUnderstood.push(
      passage(sentence.from, sentence.to, sentence.line, 'demands something that no kind of constraint says'),
    );
  }
  const numbered = (list: readonly Omit<Constraint, 'id'>[]) =>
    list.map((d, i) => ({ ...d, id: `c${i + 1}` }) as Constraint);
  const settled = related(numbered(drafts));
  const constraints = related(numbered(drafts.filter((d, i) => !allowing.has(d) || settled[i]!.status === 'conflict')));
  return {
    doc,
    sha256,
    timeZone: tz,
    characters: text.length,
    sentences: sentences.length,
    constraints,
    questions: [...new Set(constraints.flatMap((c) => c.questions))],
    notUnderstood: notUnderstood.filter((p) => p.quote.trim() !== ''),
    remarks,
    flags: [...flags],
    dropped: [],
  };
};

const count = (text: string, mark: string, before: number) => text.slice(0, before).split(mark).length - 1;

const pager = (pages: readonly Page[]) => (at: number) => {
  const page = pages.findLast((p) => p.from <= at);
  return page ? { page: page.number } : {};
};

/** "This policy applies to production from 1 January 2027": holds for every constraint of the document. */
const documentFacts = (sentences: readonly Sentence[]) => {
  const about = new Set<number>();
  let scope: Scope = {};
  let validity: { validFrom?: string; until?: string } = {};
  for (const s of sentences) {
    if (
      !/^(?:this|these|the) (?:policy|policies|rules?|standard|document|guidelines?|directive|regulations?|agreement)\b[^.]*\b(?:appl(?:y|ies)|takes? effect|is effective|effective|in force|valid|expires?|comes? into force|holds?|replaces)\b/.test(
        s.low,
      )
    )
      continue;
    if (NEGATION.test(s.low)) continue;
    about.add(s.number);
    const { validFrom, until } = validityIn(s.low);
    validity = { ...validity, ...(validFrom ? { validFrom } : {}), ...(until ? { until } : {}) };
    const found = scopeIn(s.low).scope;
    const { each: _, ...who } = found;
    if (/\bappl(?:y|ies) (?:only )?to\b/.test(s.low)) scope = { ...scope, ...who };
  }
  return { about, scope, validity };
};

/** A title of a word or two may be a bare name: "Production", "Gold", "Training". */
const titleScope = (title: string): Scope => {
  const found = scopeIn(title).scope;
  const words = title.trim().split(/\s+/);
  if (isScoped(found) || words.length > 2) return found;
  const named = scopeIn(`${title} jobs`).scope;
  return named.environments || named.slaClasses || named.kinds?.every(isKnownKind) ? named : found;
};

const POINTS_BACK = /^(?:they|these|those|such|it|this|the same|otherwise|however|in addition|also|here|there)\b/;

/** Headings and the line that opens the list say whom a sentence concerns where it does not say so itself. */
const aboveOf = (
  s: Sentence,
  document: Scope,
  previous: { readings: readonly Reading[]; block: number } | undefined,
): Scope => {
  let above: Scope = document;
  for (const text of [...s.headings, ...(s.leadIn === null ? [] : [s.leadIn])]) {
    const { each: _, ...scope } = titleScope(text);
    above = inherit(scope, above);
  }
  if (POINTS_BACK.test(s.low) && previous && previous.block <= s.block) {
    const { each: _, ...scope } = previous.readings[0]!.scope;
    above = inherit(scope, above);
  }
  return above;
};

const carried = (s: Sentence, previous: { readings: readonly Reading[]; block: number } | undefined) =>
  previous && Math.abs(previous.block - s.block) <= 1 ? previous.readings.at(-1) : undefined;

const readSentence = (s: Sentence, original: string, setting: Setting) => {
  const prefix = s.made ? 0 : prefixOf(s.low);
  const pieces = piecesOf(s.low.slice(prefix), original.slice(prefix), setting).map((p) => ({
    ...p,
    from: p.from + prefix,
    to: p.to + prefix,
  }));
  if (pieces.some((p) => p.readings.length > 0)) return pieces;
  // "Silver: up to 1 h." after a sentence about gold.
  const more = /^[^:.]{1,40}:\s/.test(s.low) ? continued(s.low, original, setting) : [];
  if (more.length > 0) return [{ readings: more, from: 0, to: s.low.length }];
  if (s.leadIn === null) return pieces;
  // A list item that says only when or how much: the opening line holds the verb.
  const lead = `${s.leadIn.replace(/[:\s]+$/, '')} `;
  return piecesOf(lead + s.low, lead + original, setting).map((p) => ({
    readings: p.readings,
    from: 0,
    to: s.low.length,
  }));
};

/** "Green compute note: please …" opens with a name and no rule. */
const prefixOf = (low: string): number =>
  /^[^:.;,\d]{0,50}\b(?:note|notice|reminder|important|attention|guidance|guidelines?|rationale|principle|background):\s+/.exec(
    low,
  )?.[0].length ?? 0;

const placeOf = (s: Sentence, piece: { from: number; to: number }, pieces: number, text: string): [number, number] => {
  if (s.made || (pieces === 1 && piece.from === 0 && piece.to === s.low.length)) return [s.from, s.to];
  let [from, to] = [s.from + piece.from, s.from + piece.to];
  while (from < to && /[\s,;:]/.test(text[from]!)) from++;
  while (to > from && (/[\s,;:]/.test(text[to - 1]!) || ((pieces > 1 || piece.from > 0) && /[.!]/.test(text[to - 1]!))))
    to--;
  return from < to ? [from, to] : [s.from, s.to];
};

interface Place {
  readonly quote: string;
  readonly span: [number, number];
  readonly sentence: Sentence;
  readonly doc: string;
  readonly sha256: string;
  readonly page: { page?: number };
  readonly validity: { validFrom?: string; until?: string };
}

const constraintOf = (r: Reading, at: Place): Omit<Constraint, 'id'> => {
  const type = ConstraintType.parse(r.type);
  const params = PARAMS[type].parse(type === 'unsupported' ? {} : { ...at.validity, ...r.params });
  const questions = [...new Set(r.questions)];
  return {
    type,
    effect: r.effect,
    strength: r.strength,
    scope: r.scope,
    params,
    quote: at.quote,
    span: at.span,
    sentence: at.sentence.number,
    status: questions.length > 0 ? 'ambiguous' : 'clear',
    questions,
    by: 'rules',
    source: { doc: at.doc, sha256: at.sha256, line: at.sentence.line, ...at.page },
  } as Omit<Constraint, 'id'>;
};

const isDemand = (s: Sentence): boolean => {
  if (!DEMAND.test(s.low)) return false;
  const words = s.low.split(/\s+/).length;
  return words > 3 || /\b(?:must|shall|may|should|never|no|not)\b/.test(s.low);
};

const unsupported = (
  s: Sentence,
  setting: Setting,
  text: string,
  at: { doc: string; sha256: string; page: { page?: number } },
): Omit<Constraint, 'id'> => {
  const strength = strengthOf(s.low);
  const { each: _, ...scope } = { ...setting.above, ...scopeIn(s.low).scope };
  return {
    type: 'unsupported',
    effect: NEGATION.test(s.low) ? 'forbid' : strength === 'should' ? 'prefer' : 'require',
    strength,
    scope,
    params: {},
    quote: text.slice(s.from, s.to),
    span: [s.from, s.to],
    sentence: s.number,
    status: 'unsupported',
    questions: [],
    by: 'rules',
    source: { doc: at.doc, sha256: at.sha256, line: s.line, ...at.page },
  };
};
