/**
 * What a policy text demands, in a form that programs can obey: constraints that quote the sentence they came from, sets
 * of them that a person has confirmed, and the limits that a planner and a judge read out of a set.
 */
import { z } from 'zod';
import { Actor } from '../decision.js';
import { defineCollection } from '../store.js';
import { Instant, Interval } from '../time.js';
import { DroppedItem, Passage } from './passage.js';

export const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
export type Weekday = z.infer<typeof Weekday>;
export const WEEKDAYS = Weekday.options;

const Names = z.array(z.string().min(1)).min(1);
const scopeFields = {
  teams: Names.optional(),
  each: z.string().optional().describe('the limit holds for each one of these on its own, for example each team'),
  kinds: Names.optional(),
  labels: z.record(z.string(), z.string()).optional(),
  environments: Names.optional(),
  regions: Names.optional(),
  slaClasses: Names.optional(),
  resources: Names.optional().describe('sites, clusters or pools'),
};

/** Whom a constraint concerns. Members are joined by *and*, the names within one by *or*; an empty scope is everybody. */
export const Scope = z.strictObject({ ...scopeFields, except: z.strictObject(scopeFields).optional() });
export type Scope = z.infer<typeof Scope>;

const isoDate = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const clock = z.string().regex(/^([01]\d|2[0-4]):[0-5]\d$/);
const validity = { validFrom: isoDate.optional(), until: isoDate.optional().describe('last day on which it holds') };
export const CapPeriod = z.enum(['day', 'week', 'calendar_month', 'month', 'quarter', 'year']);
export type CapPeriod = z.infer<typeof CapPeriod>;

const regions = z.strictObject({ regions: z.array(z.string()), ...validity });
/** Parameters by type. A required value that the text does not give is null, and the constraint ambiguous. */
export const PARAMS = {
  region_allow: regions,
  region_deny: regions,
  residency: regions,
  deadline: z.strictObject({
    rule: z.literal('finish_by_job_deadline').optional(),
    finishBy: clock.nullable().optional(),
    tz: z.string().nullable().optional(),
    on: z.string().optional().describe('daily, weekdays, a weekday, first_working_day_of_month, …'),
    ...validity,
  }),
  max_deferral: z.strictObject({ minutes: z.number().min(0).nullable(), ...validity }),
  blackout: z.strictObject({
    on: z.enum(['start', 'run']).nullable(),
    days: z.array(Weekday).nullable(),
    from: clock.nullable(),
    to: clock.nullable(),
    crossesMidnight: z.boolean().optional(),
    tz: z.string().optional(),
    ...validity,
  }),
  change_freeze: z.strictObject({
    from: isoDate.nullable(),
    to: isoDate.nullable(),
    inclusive: z.boolean().nullable(),
    fromTime: clock.optional().describe('time of day on the first day; left out: its beginning'),
    toTime: clock.optional().describe('time of day on the last day; left out: its end'),
    tz: z.string().optional(),
    ...validity,
  }),
  carbon_cap: z.strictObject({ kg: z.number().min(0).nullable(), period: CapPeriod.nullable(), ...validity }),
  budget_cap: z.strictObject({
    amount: z.number().min(0).nullable(),
    currency: z.string().nullable(),
    period: CapPeriod.nullable(),
    ...validity,
  }),
  power_cap: z.strictObject({
    kw: z.number().min(0).nullable(),
    from: clock.optional(),
    to: clock.optional(),
    crossesMidnight: z.boolean().optional(),
    days: z.array(Weekday).optional(),
    tz: z.string().optional(),
    ...validity,
  }),
  approval_threshold: z.strictObject({
    metric: z.enum(['cost', 'carbon_kg', 'share_of_carbon_cap', 'power_kw', 'jobs', 'exception']).nullable(),
    op: z.enum(['>', '>=']).optional(),
    value: z
      .union([z.number().min(0), z.strictObject({ amount: z.number().min(0), currency: z.string() })])
      .nullable()
      .optional()
      .describe('kg, kW, jobs, or a share from 0 to 1; money as amount and currency'),
    approver: z.string().nullable(),
    approvals: z.number().int().min(1).optional(),
    of: z.string().optional().describe('the type of constraint that an exception is asked from'),
    ...validity,
  }),
  sla_class: z.strictObject({
    maxDeferralMinutes: z.number().min(0).nullable(),
    movable: z.literal(false).optional(),
    ...validity,
  }),
  min_saving: z.strictObject({
    kg: z.number().min(0).nullable().optional(),
    amount: z.number().min(0).optional(),
    currency: z.string().optional(),
    ...validity,
  }),
  objective: z.strictObject({
    minimise: z.enum(['grid_intensity', 'cost', 'carbon']),
    among: z.literal('allowed_regions').optional(),
    ...validity,
  }),
  exempt: z.strictObject({ ...validity }),
  unsupported: z.strictObject({}),
} as const;
export const ConstraintType = z.enum(Object.keys(PARAMS) as [keyof typeof PARAMS, ...(keyof typeof PARAMS)[]]);
export type ConstraintType = keyof typeof PARAMS;
export type ParamsOf<T extends ConstraintType> = z.infer<(typeof PARAMS)[T]>;

export const ConstraintEffect = z.enum(['require', 'forbid', 'limit', 'approve', 'prefer']);
export type ConstraintEffect = z.infer<typeof ConstraintEffect>;

/** Where a quote stands: `span` is measured in UTF-16 units of the document's text, so that text.slice(...span) is the quote. */
const constraintFields = {
  id: z.string().describe('names the constraint within its set'),
  effect: ConstraintEffect,
  strength: z.enum(['must', 'should']),
  scope: Scope,
  quote: z.string().min(1).describe('verbatim'),
  span: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
  sentence: z.number().int().min(1).describe('number of the sentence within its document'),
  status: z.enum(['clear', 'ambiguous', 'conflict', 'unsupported']),
  questions: z.array(z.string()).describe('what only a person can answer'),
  answered: z
    .array(z.strictObject({ question: z.string(), answer: z.string(), by: z.string() }))
    .optional()
    .describe('what a person has answered, which the parameters hold'),
  overrides: z.number().int().min(0).optional().describe('position of the more general constraint that this replaces'),
  conflictsWith: z.array(z.number().int().min(0)).optional().describe('positions in the same list'),
  flags: z.array(z.string()).optional(),
  by: z.enum(['rules', 'model']).describe('who read it'),
  source: z.strictObject({
    doc: z.string(),
    sha256: z.string(),
    line: z.number().int().min(1),
    page: z.number().int().min(1).optional(),
  }),
};
const constraintOf = <T extends ConstraintType>(type: T) =>
  z.strictObject({ type: z.literal(type), params: PARAMS[type], ...constraintFields });

export const Constraint = z.discriminatedUnion('type', [
  constraintOf('region_allow'),
  constraintOf('region_deny'),
  constraintOf('residency'),
  constraintOf('deadline'),
  constraintOf('max_deferral'),
  constraintOf('blackout'),
  constraintOf('change_freeze'),
  constraintOf('carbon_cap'),
  constraintOf('budget_cap'),
  constraintOf('power_cap'),
  constraintOf('approval_threshold'),
  constraintOf('sla_class'),
  constraintOf('min_saving'),
  constraintOf('objective'),
  constraintOf('exempt'),
  constraintOf('unsupported'),
]);
export type Constraint = z.infer<typeof Constraint>;
export type ConstraintOf<T extends ConstraintType> = Extract<Constraint, { type: T }>;

/** What reading one document gave. */
export const PolicyReading = z.strictObject({
  doc: z.string(),
  sha256: z.string().describe('of the UTF-8 text that was read'),
  timeZone: z.string().nullable().describe('holds for times without a zone of their own; null: none was given'),
  characters: z.number().int().min(0),
  sentences: z.number().int().min(0),
  constraints: z.array(Constraint),
  questions: z.array(z.string()),
  notUnderstood: z.array(Passage).describe('sentences that demand something, and were not read or only in part'),
  remarks: z.array(Passage).describe('sentences that demand nothing'),
  asides: z
    .array(Passage)
    .describe(
      'what the document holds and is read as no sentence: headings, notes, comments, what is struck out or hidden, headers, page numbers, form values; an empty span where it stands beside the text',
    ),
  flags: z.array(z.string()).describe('embedded_instruction, hidden_text, tracked_changes'),
  dropped: z.array(DroppedItem),
});
export type PolicyReading = z.infer<typeof PolicyReading>;

/** Jobs that a word of the policy means, as a person explained it; names may hold `*`. */
export const Meaning = z.strictObject({
  term: z.string().min(1).describe('environment:production, class:gold, label:data=personal, resource:gpu'),
  teams: Names.optional(),
  kinds: Names.optional(),
  names: Names.optional(),
  clusters: Names.optional(),
});
export type Meaning = z.infer<typeof Meaning>;

export const PolicySet = z.strictObject({
  id: z.string(),
  version: z.number().int().min(1).nullable().describe('counted over confirmed sets; null while a draft'),
  status: z.enum(['draft', 'confirmed', 'retired']),
  base: z.string().nullable().describe('the set that was active when the draft was made'),
  digest: z.string().describe('SHA-256 of what would be in force'),
  timeZone: z.string().nullable(),
  documents: z.array(
    z.strictObject({ doc: z.string(), sha256: z.string(), timeZone: z.string().nullable(), characters: z.number() }),
  ),
  constraints: z.array(Constraint),
  rejected: z.array(z.string()).describe('constraints that the person refused'),
  meanings: z.array(Meaning),
  questions: z.array(z.string()),
  notUnderstood: z.array(Passage),
  remarks: z.array(Passage),
  asides: z.array(Passage).default([]).describe('what its documents hold beside their sentences'),
  flags: z.array(z.string()),
  dropped: z.array(DroppedItem),
  ingestedAt: Instant,
  confirmedAt: Instant.nullable(),
  confirmedBy: Actor.nullable(),
  reason: z.string().nullable(),
});
export type PolicySet = z.infer<typeof PolicySet>;

export const POLICY_SETS = defineCollection('policy-sets', PolicySet);

/** Which set is in force: one document named ACTIVE_POLICY, replaced by compare-and-swap, so that there is never a second. */
export const ActivePolicy = z.strictObject({ setId: z.string(), version: z.number().int().min(1) });
export const ACTIVE_POLICIES = defineCollection('active-policy', ActivePolicy);
export const ACTIVE_POLICY = 'active';

/** The scope of a general rule once more special ones have replaced it for their teams or kinds. */
const narrowed = (scope: Scope, specific: readonly Scope[]): Scope => {
  let except = scope.except;
  for (const of of specific)
    for (const member of ['teams', 'kinds', 'slaClasses', 'resources'] as const) {
      const names = of[member];
      // An exception's members are joined by *and*: only those of one kind can be added up.
      if (names && Object.keys(of).length === 1 && Object.keys(except ?? {}).every((key) => key === member))
        except = { [member]: [...new Set([...(except?.[member] ?? []), ...names])] };
    }
  return except === undefined ? scope : { ...scope, except };
};

/**
 * The constraints of a set that bind: confirmed, clear, and not refused by the person who confirmed it. A general one no
 * longer concerns those for whom a special one replaces it.
 */
export const inForce = (set: PolicySet): Constraint[] => {
  if (set.status === 'draft') return [];
  const binding = set.constraints.filter(
    (c) => c.status === 'clear' && c.type !== 'unsupported' && !set.rejected.includes(c.id),
  );
  return binding.map((c) => {
    const special = binding.filter((o) => o.overrides !== undefined && set.constraints[o.overrides]?.id === c.id);
    return special.length === 0
      ? c
      : {
          ...c,
          scope: narrowed(
            c.scope,
            special.map((o) => o.scope),
          ),
        };
  });
};

/** Which sentence a limit came from. */
export const Clause = z.strictObject({
  constraintId: z.string(),
  type: z.string(),
  strength: z.enum(['must', 'should']),
  doc: z.string(),
  sentence: z.number().int(),
  page: z.number().int().optional(),
  quote: z.string(),
});
export type Clause = z.infer<typeof Clause>;

/** VOICE: Policy "Data residency v3", sentence 1: “…”. */
export const cite = (clause: Clause): string =>
  `Policy "${clause.doc}"${clause.page === undefined ? '' : `, page ${clause.page}`}, sentence ${clause.sentence}: “${clause.quote}”`;

const slotRange = z.tuple([z.number().int(), z.number().int()]).describe('half-open, slots of the window');

/** A job's restrictions. Left-out jobs have none. Each member of `because` is a constraint id. */
export const JobLimit = z.strictObject({
  jobId: z.string(),
  untouchable: z.boolean().describe('keep where and when it is'),
  regions: z
    .array(z.string())
    .nullable()
    .describe('the regions left of the job’s own; null: as the job says; []: none'),
  latestStart: Instant.nullable(),
  latestFinish: Instant.nullable(),
  forbidden: z.array(z.number().int()).describe('positions in `forbidden` of the limits'),
  because: z.strictObject({
    untouchable: z.array(z.string()),
    regions: z.array(z.string()),
    latestStart: z.string().nullable(),
    latestFinish: z.string().nullable(),
  }),
});
export type JobLimit = z.infer<typeof JobLimit>;

export const PolicyLimits = z.strictObject({
  policySetId: z.string(),
  window: Interval,
  slotMinutes: z.number().int().positive(),
  slots: z.number().int().min(0),
  clauses: z.record(z.string(), Clause).describe('by constraint id'),
  jobs: z.array(JobLimit),
  forbidden: z.array(
    z.strictObject({
      on: z
        .enum(['start', 'run', 'moved-start'])
        .describe('moved-start: only a start that the plan chose is forbidden'),
      slots: z.array(slotRange),
      because: z.string(),
    }),
  ),
  sites: z.array(
    z.strictObject({
      siteId: z.string(),
      capKw: z.array(z.number().nullable()).describe('facility kW per slot, null where the policy says nothing'),
      because: z.array(z.string().nullable()),
    }),
  ),
  carbonCaps: z.array(
    z.strictObject({
      scope: Scope,
      team: z.string().nullable().describe('the team whose work counts; null: all work within the scope together'),
      kg: z.number(),
      period: CapPeriod,
      intervals: z.array(Interval).describe('the periods that the window touches, in whole'),
      because: z.string(),
    }),
  ),
  budgetCaps: z.array(
    z.strictObject({
      scope: Scope,
      team: z.string().nullable(),
      amount: z.number(),
      currency: z.string(),
      period: CapPeriod,
      intervals: z.array(Interval),
      because: z.string(),
    }),
  ),
  minSaving: z.array(
    z.strictObject({
      scope: Scope,
      kg: z.number().nullable(),
      amount: z.number().nullable(),
      currency: z.string().nullable(),
      because: z.string(),
    }),
  ),
  approvals: z.array(
    z.strictObject({
      scope: Scope,
      metric: z.string(),
      op: z.enum(['>', '>=']),
      value: z.number().nullable(),
      currency: z.string().nullable(),
      approver: z.string().nullable(),
      approvals: z.number().int().min(1),
      of: z.string().nullable(),
      because: z.string(),
    }),
  ),
  objectives: z.array(
    z.strictObject({ scope: Scope, minimise: z.enum(['grid_intensity', 'cost', 'carbon']), because: z.string() }),
  ),
  unresolved: z
    .array(z.strictObject({ constraintId: z.string(), term: z.string(), why: z.string() }))
    .describe('words of the policy of which nothing says which jobs they mean; a person explains them on confirmation'),
});
export type PolicyLimits = z.infer<typeof PolicyLimits>;

export const Verdict = z.strictObject({
  clause: Clause,
  verdict: z.enum(['allow', 'needs-approval', 'deny']),
  jobs: z.array(z.string()).describe('the jobs concerned, at most 1000'),
  jobCount: z.number().int().min(0),
  why: z.string(),
  approver: z.string().nullable(),
  approvals: z.number().int().min(1),
});
export type Verdict = z.infer<typeof Verdict>;
