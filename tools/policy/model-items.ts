/**
 * What a model reads in a policy, held to the text by code: an item counts only with a quote that stands in the text, with
 * figures and names that stand in that quote, and where the rules read nothing. Everything else is dropped by name.
 */
import { z } from 'zod';
import type { DroppedItem, Passage } from '../../domain/policy/passage.js';
import {
  type Constraint,
  ConstraintEffect,
  ConstraintType,
  PARAMS,
  type PolicyReading,
  Scope,
} from '../../domain/policy/policy.js';
import type { Model } from '../../domain/world.js';
import { clauseOf } from './clause.js';
import { related } from './conflicts.js';
import type { PolicyDocument } from './documents/documents.js';
import { notUnderstood } from './finished.js';
import { isInstruction } from './injection.js';
import { flat, normalise } from './normal.js';
import { decimalMarkOf } from './numerals.js';
import { periodSpansIn } from './periods.js';
import { RULE_OF } from './rules.js';
import { leftOver, type Span, spansOf } from './words.js';

/** Characters of the text in one request, and requests for one document. */
const CHUNK = 4000;
const MOST_CALLS = 12;

const Answer = z.object({ constraints: z.array(z.looseObject({})) });
const Item = z.looseObject({
  type: ConstraintType,
  quote: z.string().min(1),
  effect: ConstraintEffect.optional(),
  strength: z.enum(['must', 'should']).optional(),
  scope: Scope.optional(),
  params: z.record(z.string(), z.unknown()).default({}),
});
type Item = z.infer<typeof Item>;

const EFFECT: Readonly<Record<ConstraintType, Constraint['effect']>> = {
  region_allow: 'require',
  region_deny: 'forbid',
  residency: 'require',
  deadline: 'require',
  max_deferral: 'limit',
  blackout: 'forbid',
  change_freeze: 'forbid',
  carbon_cap: 'limit',
  budget_cap: 'limit',
  power_cap: 'limit',
  approval_threshold: 'approve',
  sla_class: 'limit',
  min_saving: 'limit',
  objective: 'prefer',
  exempt: 'require',
  unsupported: 'require',
};

/** Reasons of the rules' reader, `read.ts`. */
const ALLOWING = /^(?:lifts|allows)\b/;

export interface ModelReading {
  readonly reading: PolicyReading;
  readonly note: string | null;
  readonly used: boolean;
}

/** Never throws for the model's failures: then the reading of the rules stands, and `note` says so once. */
export const askModel = async (
  model: Model,
  document: PolicyDocument,
  ruled: PolicyReading,
  signal: AbortSignal,
): Promise<ModelReading> => {
  const accepted: Constraint[] = [];
  const dropped: DroppedItem[] = [];
  let note: string | null = null;
  let read = 0;
  const { length } = document.text;
  for (const passage of chunksOf(document.text)) {
    signal.throwIfAborted();
    const answer = await ask(model, passage, signal);
    if (typeof answer === 'string') {
      note =
        read === 0
          ? `the model ${model.name} added nothing (${answer}); the rules alone read the text`
          : `the model ${model.name} stopped after ${read} of ${length} characters (${answer}); the rules alone read the rest`;
      break;
    }
    read += passage.length;
    for (const item of answer) {
      const checked = checkItem(item, document.text, ruled, accepted);
      if (checked.kind === 'kept') accepted.push(checked.constraint);
      else if (checked.kind === 'dropped') dropped.push({ item: z.json().parse(item), why: checked.why });
    }
  }
  note ??=
    read < length
      ? `the model ${model.name} read ${read} of ${length} characters; the rules alone read the rest`
      : null;
  return { reading: merged(ruled, accepted, dropped), note, used: read > 0 };
};

const chunksOf = (text: string): string[] => {
  const parts: string[] = [];
  for (let from = 0; from < text.length && parts.length < MOST_CALLS; ) {
    let to = Math.min(text.length, from + CHUNK);
    if (to < text.length) {
      const end = text.lastIndexOf('\n', to);
      if (end > from + CHUNK / 2) to = end;
    }
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts;
};

const ask = async (model: Model, passage: string, signal: AbortSignal): Promise<unknown[] | string> => {
  let trouble = 'it gave nothing usable';
  const text = await model.words(
    'policy',
    { passage },
    { signal, schema: Answer, onTrouble: (t) => (trouble = t.message) },
  );
  if (text === null) return trouble;
  try {
    const answer = Answer.safeParse(JSON.parse(text));
    return answer.success ? answer.data.constraints : 'its answer had another shape';
  } catch {
    return 'its answer was not JSON';
  }
};

type Checked = { kind: 'kept'; constraint: Constraint } | { kind: 'dropped'; why: string } | { kind: 'known' };

/** The rules are the check: every figure, place and name of the item has to be one that code finds in the quoted words. */
export const checkItem = (
  raw: unknown,
  text: string,
  ruled: PolicyReading,
  accepted: readonly Constraint[],
): Checked => {
  const dropped = (why: string): Checked => ({ kind: 'dropped', why });
  const parsed = Item.safeParse(raw);
  if (!parsed.success)
    return dropped(`not an item: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
  const item = parsed.data;
  const from = text.indexOf(item.quote);
  if (from < 0) return dropped('its quote is not in the text');
  const to = from + item.quote.length;
  const touches = (span: readonly [number, number]) => span[0] < to && from < span[1];
  if (
    isInstruction(normalise(item.quote)) ||
    ruled.notUnderstood.some((p) => p.why.startsWith('an instruction') && touches(p.span))
  )
    return dropped('its quote is an instruction to the reader, not a rule');
  if (ruled.notUnderstood.some((p) => p.why.startsWith('would make approval easier') && touches(p.span)))
    return dropped('a policy cannot make approval easier');
  if (ruled.notUnderstood.some((p) => ALLOWING.test(p.why) && touches(p.span)))
    return dropped('its quote allows or lifts something and limits nothing');
  if (item.type === 'unsupported') return { kind: 'known' };
  const read = [...ruled.constraints.filter((c) => c.type !== 'unsupported'), ...accepted].filter((c) =>
    touches(c.span),
  );
  if (read.some((c) => c.type === item.type)) return { kind: 'known' };
  if (read.length > 0) return dropped('the rules read these words otherwise');
  const params = PARAMS[item.type].safeParse(item.params);
  if (!params.success) return dropped(`its params are not those of ${item.type}: ${params.error.issues[0]?.message}`);
  const stray = strayOf(item, text);
  if (stray !== null) return dropped(stray);
  const lost = lostOf(item);
  if (lost !== null) return dropped(lost);
  const missing = Object.values(params.data).some((value) => value === null);
  const passage = ruled.notUnderstood.find((p) => touches(p.span));
  // The law of leftover words holds for the whole sentence, also where the item quotes a part of it.
  const whole = passage?.quote.includes(item.quote) ? passage.quote : item.quote;
  const left = leftIn(item, whole);
  const questions = [...(missing ? ['which value is meant?'] : []), ...(left.length > 0 ? [notUnderstood(left)] : [])];
  const line = passage?.line ?? text.slice(0, from).split('\n').length;
  const { sha256, doc } = ruled;
  const page = passage?.page === undefined ? {} : { page: passage.page };
  return {
    kind: 'kept',
    constraint: {
      id: 'm',
      type: item.type,
      effect: EFFECT[item.type],
      strength: item.strength ?? 'must',
      scope: item.scope ?? {},
      params: params.data,
      quote: item.quote,
      span: [from, to],
      sentence: Math.max(1, ruled.constraints.find((c) => touches(c.span))?.sentence ?? 1),
      status: questions.length > 0 ? 'ambiguous' : 'clear',
      questions,
      by: 'model',
      source: { doc, sha256, line, ...page },
    } as Constraint,
  };
};

/** The first figure or name that the quote does not hold, in words; null when all are there. */
const strayOf = (item: Item, text: string): string | null => {
  const low = flat(normalise(item.quote));
  const clause = clauseOf(low, flat(item.quote), decimalMarkOf(normalise(text)));
  const values = new Set<number>(clause.figures.flatMap((f) => (f.value === null ? [] : [f.value])));
  if (/\b(?:two|both|four[- ]eyes)\b/.test(low)) values.add(2);
  const times = new Set([
    clause.window?.value.start,
    clause.window?.value.end,
    clause.range?.startTime,
    clause.range?.endTime,
    ...(low.match(/\b\d{1,2}:\d{2}\b/g) ?? []).map((t) => t.padStart(5, '0')),
  ]);
  const dates = new Set([clause.range?.start, clause.range?.end, clause.validity.validFrom, clause.validity.until]);
  const says = (name: string) =>
    low.includes(name.toLowerCase()) ||
    clause.places.some((p) => p.name === name.toLowerCase()) ||
    low.includes(name.toLowerCase().replaceAll('-', ' '));
  const wrong = (value: unknown, key: string): string | null => {
    if (value === null || typeof value === 'boolean') return null;
    if (typeof value === 'number') return values.has(value) ? null : `the figure ${value} (${key}) is not in its quote`;
    if (Array.isArray(value)) return value.map((v) => wrong(v, key)).find((w) => w !== null) ?? null;
    if (typeof value === 'object')
      return (
        Object.entries(value)
          .map(([k, v]) => wrong(v, k))
          .find((w) => w !== null) ?? null
      );
    const word = String(value);
    if (/^\d{4}-\d\d-\d\d$/.test(word)) return dates.has(word) ? null : `the date ${word} is not in its quote`;
    if (/^\d\d:\d\d$/.test(word)) return times.has(word) ? null : `the time ${word} is not in its quote`;
    if (key === 'days')
      return clause.days?.some((d) => d === word) || clause.days === undefined
        ? null
        : `the day ${word} is not in its quote`;
    if (key === 'currency')
      return clause.figures.some((f) => f.currency === word) ? null : `the currency ${word} is not in its quote`;
    if (key === 'tz') return clause.zone === word ? null : `the time zone ${word} is not in its quote`;
    if (['period', 'metric', 'op', 'on', 'rule', 'minimise', 'among', 'of'].includes(key)) return null;
    return says(word) ? null : `"${word}" (${key}) is not in its quote`;
  };
  return wrong(item.params, 'params') ?? wrong(item.scope ?? {}, 'scope');
};

/** Words of the quote that say whom it concerns and that the item leaves out: it would bind everybody else too. */
const lostOf = (item: Item): string | null => {
  const low = flat(normalise(item.quote));
  const named = Object.keys(clauseOf(low, flat(item.quote), null).scope).filter((key) => key !== 'each');
  const missing = named.find((key) => item.scope?.[key as keyof Scope] === undefined);
  return missing === undefined ? null : `its quote says whom it concerns (${missing}), and its scope does not`;
};

/** Words of the sentence that neither a fact, nor the vocabulary of the item's type, nor a name of the item accounts for. */
const leftIn = (item: Item, sentence: string): string[] => {
  const low = flat(normalise(sentence));
  const c = clauseOf(low, flat(sentence), null);
  const span = ({ from, to }: { from: number; to: number }): Span => [from, to];
  const names = Object.values(item.scope ?? {}).flatMap((v) => (Array.isArray(v) ? v : []));
  return leftOver(low, [
    ...spansOf(low, ...(RULE_OF[item.type]?.words ?? [])),
    ...Object.values(c.words).flat(),
    ...[...c.figures, ...c.places, ...c.windows, ...(c.daySpan ? [c.daySpan] : [])].map(span),
    ...periodSpansIn(low),
    ...names.flatMap((name) => occurrences(low, name.toLowerCase())),
    ...occurrences(low, String(item.params.approver ?? '').toLowerCase()),
  ]);
};
const occurrences = (low: string, name: string): Span[] => {
  const at = name === '' ? -1 : low.indexOf(name);
  return at < 0 ? [] : [[at, at + name.length]];
};

/** What the model read takes the place of "not understood"; what the rules read stays as it is. */
const merged = (
  ruled: PolicyReading,
  accepted: readonly Constraint[],
  dropped: readonly DroppedItem[],
): PolicyReading => {
  if (accepted.length === 0) return { ...ruled, dropped: [...ruled.dropped, ...dropped] };
  const covered = (p: { span: readonly [number, number] }) =>
    accepted.some((c) => c.span[0] < p.span[1] && p.span[0] < c.span[1]);
  const kept = ruled.constraints
    .filter((c) => !(c.type === 'unsupported' && covered(c)))
    .map(
      (c): Constraint =>
        c.status === 'conflict' ? plainly(c) : ({ ...c, conflictsWith: undefined, overrides: undefined } as Constraint),
    )
    .map(withoutUndefined);
  const constraints = related([...kept, ...accepted].sort((a, b) => a.span[0] - b.span[0])).map((c, i) => ({
    ...c,
    id: `c${i + 1}`,
  }));
  return {
    ...ruled,
    constraints,
    questions: [...new Set(constraints.flatMap((c) => c.questions))],
    notUnderstood: ruled.notUnderstood.filter((p: Passage) => !covered(p) || p.why.startsWith('understood in part')),
    dropped: [...ruled.dropped, ...dropped],
  };
};
const plainly = (c: Constraint): Constraint =>
  ({
    ...c,
    status: 'clear',
    questions: c.questions.filter((q) => !q.startsWith('contradiction:')),
    conflictsWith: undefined,
    overrides: undefined,
  }) as Constraint;
const withoutUndefined = (c: Constraint): Constraint =>
  Object.fromEntries(Object.entries(c).filter(([, value]) => value !== undefined)) as unknown as Constraint;
