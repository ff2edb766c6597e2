/** Versioned policy sets: a reading becomes a draft on top of what is in force, and a person's confirmation makes it the one in force. */
import type { Actor } from '../../domain/decision.js';
import { digest, shortId } from '../../domain/digest.js';
import { Fault, notFound } from '../../domain/fault.js';
import {
  ACTIVE_POLICIES,
  ACTIVE_POLICY,
  type Constraint,
  type Meaning,
  POLICY_SETS,
  type PolicyReading,
  type PolicySet,
} from '../../domain/policy/policy.js';
import type { Store, Tx } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import { related } from './conflicts.js';

/** The set in force, or undefined. */
export const activeSet = async (store: Pick<Store, 'collection'>): Promise<PolicySet | undefined> => {
  const active = (await store.collection(ACTIVE_POLICIES).get(ACTIVE_POLICY))?.value;
  return active && (await store.collection(POLICY_SETS).get(active.setId))?.value;
};

/** By id, or the one in force. Fault `not-found`. */
export const loadSet = async (store: Pick<Store, 'collection'>, id: string | undefined): Promise<PolicySet> => {
  const set = id === undefined ? await activeSet(store) : (await store.collection(POLICY_SETS).get(id))?.value;
  if (set) return set;
  throw id === undefined
    ? notFound(
        'no policy is in force',
        '`caco policy parse FILE` reads one, `caco policy confirm ID` puts it in force.',
      )
    : notFound(`there is no policy set ${id}`, '`caco policy list` lists them.');
};

const contentOf = (constraints: readonly Constraint[]) =>
  constraints.map(({ type, effect, strength, scope, params, quote, status }) => ({
    type,
    effect,
    strength,
    scope,
    params,
    quote,
    status,
  }));

/** The reading on top of the set in force: a document of the same name is replaced, the others stay; contradictions are looked for across all of them. */
export const draftOf = (reading: PolicyReading, base: PolicySet | undefined, at: Instant): PolicySet => {
  const { doc } = reading;
  const other = <T extends { doc: string }>(list: readonly T[] | undefined) =>
    (list ?? []).filter((i) => i.doc !== doc);
  const kept = (base?.constraints ?? []).filter((c) => c.source.doc !== doc);
  // What stood in conflict with a sentence that is gone stands alone again.
  const freed = kept.map((c): Constraint => {
    const { conflictsWith: _, overrides: __, ...rest } = c;
    return rest.status === 'conflict' ? { ...rest, status: 'clear' } : rest;
  });
  const constraints = related([...freed, ...reading.constraints.map(withoutRelations)]).map((c, i) => ({
    ...c,
    id: `c${i + 1}`,
  }));
  const renamed = new Map(freed.map((c, i) => [c.id, `c${i + 1}`]));
  const body = {
    base: base?.id ?? null,
    documents: [
      ...other(base?.documents),
      { doc, sha256: reading.sha256, timeZone: reading.timeZone, characters: reading.characters },
    ],
    constraints,
  };
  return {
    id: shortId('S', body),
    version: null,
    status: 'draft',
    digest: digest(contentOf(constraints)),
    timeZone: reading.timeZone ?? base?.timeZone ?? null,
    ...body,
    rejected: (base?.rejected ?? []).flatMap((id) => renamed.get(id) ?? []),
    meanings: base?.meanings ?? [],
    questions: [...new Set(constraints.flatMap((c) => c.questions))],
    notUnderstood: [...other(base?.notUnderstood), ...reading.notUnderstood],
    remarks: [...other(base?.remarks), ...reading.remarks],
    asides: [...other(base?.asides), ...reading.asides],
    flags: [...new Set([...(base?.flags ?? []), ...reading.flags])],
    dropped: reading.dropped,
    ingestedAt: at,
    confirmedAt: null,
    confirmedBy: null,
    reason: null,
  };
};
/** A draft with constraints that a person's answers made clearer, in its place: contradictions are looked for anew. */
export const answeredDraft = (draft: PolicySet, answered: readonly Constraint[], at: Instant): PolicySet => {
  const constraints = related(answered.map(withoutRelations)).map((c, i) => ({ ...c, id: `c${i + 1}` }));
  const { base, documents } = draft;
  return {
    ...draft,
    id: shortId('S', { base, documents, constraints }),
    digest: digest(contentOf(constraints)),
    constraints,
    questions: [...new Set(constraints.flatMap((c) => c.questions))],
    ingestedAt: at,
  };
};

const withoutRelations = (c: Constraint): Constraint => {
  const { conflictsWith: _, overrides: __, ...rest } = c;
  if (rest.status !== 'conflict') return rest;
  const questions = rest.questions.filter((q) => !q.startsWith('contradiction:'));
  return { ...rest, status: questions.length === 0 ? 'clear' : 'ambiguous', questions };
};

/** Puts a draft in force. Fault `conflict` when it is no draft, or another set came into force since it was made. */
export const confirmSet = async (
  tx: Tx,
  order: {
    readonly id: string;
    readonly reject: readonly string[];
    readonly meanings: readonly Meaning[];
    readonly reason: string;
    readonly actor: Actor;
    readonly at: Instant;
  },
): Promise<PolicySet> => {
  const sets = tx.collection(POLICY_SETS);
  const found = await sets.get(order.id);
  if (!found) throw notFound(`there is no policy set ${order.id}`, '`caco policy list` lists them.');
  const draft = found.value;
  if (draft.status !== 'draft')
    throw new Fault(
      'conflict',
      `policy set ${draft.id} is ${draft.status} already`,
      'Read the text again to change it.',
    );
  const unknown = order.reject.filter((id) => !draft.constraints.some((c) => c.id === id));
  if (unknown.length > 0)
    throw notFound(
      `policy set ${draft.id} has no constraint ${unknown.join(', ')}`,
      `\`caco policy show ${draft.id}\` lists them.`,
    );
  const actives = tx.collection(ACTIVE_POLICIES);
  const active = await actives.get(ACTIVE_POLICY);
  if ((active?.value.setId ?? null) !== draft.base)
    throw new Fault(
      'conflict',
      `another policy set came into force since ${draft.id} was read`,
      'Read the text again, so that it stands on top of what is in force now: caco policy parse FILE.',
    );
  const version = (active?.value.version ?? 0) + 1;
  const next: PolicySet = {
    ...draft,
    version,
    status: 'confirmed',
    rejected: [...new Set([...draft.rejected, ...order.reject])],
    meanings: [...draft.meanings.filter((m) => !order.meanings.some((o) => o.term === m.term)), ...order.meanings],
    confirmedAt: order.at,
    confirmedBy: order.actor,
    reason: order.reason === '' ? null : order.reason,
  };
  const taken = new Fault(
    'conflict',
    'another person confirmed a policy at the same moment',
    'Look at `caco policy show` and read the text again.',
  );
  if (!(await sets.replace(draft.id, found.version, next))) throw taken;
  if (active === undefined) await actives.insert(ACTIVE_POLICY, { setId: next.id, version });
  else {
    if (!(await actives.replace(ACTIVE_POLICY, active.version, { setId: next.id, version }))) throw taken;
    const old = await sets.get(active.value.setId);
    if (old) await sets.put(old.id, { ...old.value, status: 'retired' });
  }
  return next;
};
