/** The people's rules: a policy text becomes typed constraints, a person confirms them, and every plan is held against what is in force. */
import { z } from 'zod';
import { notFound } from '../../domain/fault.js';
import { PLANS } from '../../domain/plan.js';
import { inForce, Meaning, POLICY_SETS, PolicyReading, PolicySet, Verdict } from '../../domain/policy/policy.js';
import { termsOf } from '../../domain/policy/scope.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { answerPolicy, Open, openIn } from './answer.js';
import { type Judgement, judgePlan } from './evaluate.js';
import { ingestPolicy } from './ingest.js';
import { plannedJobs } from './rows.js';
import { activeSet, confirmSet, loadSet } from './sets.js';

export { answerPolicy } from './answer.js';
export { readDocument } from './documents/documents.js';
export { ingestPolicy } from './ingest.js';
export { readPolicy } from './read.js';
export { activeSet } from './sets.js';

const setId = z.string().min(1).describe('id of a policy set, for example S-4M2XQ0AB');

export const evaluatePolicy = defineTool({
  name: 'evaluate_policy',
  title: 'Evaluate the policy',
  description:
    'Holds a plan against the policy set in force, rule by rule: allow, needs approval, or deny, each with the quoted sentence and the jobs concerned. Without a set in force everything is allowed, and the answer says so.',
  toolset: 'policy',
  effect: 'reads',
  input: z.strictObject({ planId: z.string().min(1).describe('id of the plan, for example P-7F3K9QAB') }),
  output: z.strictObject({
    planId: z.string(),
    policySetId: z.string().nullable().describe('the set in force; null: none'),
    version: z.number().int().nullable(),
    verdict: z.enum(['allow', 'needs-approval', 'deny']).describe('the strictest of the verdicts'),
    reasons: z.array(z.string()).describe('one per rule that decided, each with its quoted sentence'),
    approvalsNeeded: z.number().int().min(1).describe('how many different people must agree'),
    verdicts: z.array(Verdict).describe('one per constraint in force'),
    deniedJobs: z.number().int().min(0).describe('moved jobs that a rule refuses'),
    allowedJobs: z.number().int().min(0).describe('moved jobs that every rule allows'),
    divisible: z.boolean().describe('true when the allowed jobs may be approved without the denied ones'),
  }),
  run: async ({ planId }, world) => {
    const plan = (await world.store.collection(PLANS).get(planId))?.value;
    if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists what was planned.');
    const judged = await judge(world, planId);
    if (judged === undefined)
      return {
        planId,
        policySetId: null,
        version: null,
        verdict: 'allow' as const,
        reasons: ['no policy is in force, so none was applied'],
        approvalsNeeded: 1,
        verdicts: [],
        deniedJobs: 0,
        allowedJobs: plan.jobs.moved,
        divisible: false,
      };
    const { set, judgement } = judged;
    const denied = judgement.deniedJobs.size;
    const allowed = Math.max(0, plan.jobs.moved - denied);
    return {
      planId,
      policySetId: set.id,
      version: set.version,
      verdict: judgement.verdict,
      reasons: judgement.reasons,
      approvalsNeeded: judgement.approvalsNeeded,
      verdicts: judgement.verdicts,
      deniedJobs: denied,
      allowedJobs: judgement.deniedWhole ? 0 : allowed,
      divisible: denied > 0 && allowed > 0 && !judgement.deniedWhole,
    };
  },
  tell: ({ planId, verdict, reasons }) => `Plan ${planId}: ${verdict}; ${reasons.slice(0, 2).join('; ')}`,
});

const judge = async (world: World, planId: string): Promise<{ set: PolicySet; judgement: Judgement } | undefined> => {
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  const set = await activeSet(world.store);
  if (!plan || !set) return undefined;
  const judgement = await judgePlan(set, {
    plan,
    runs: plannedJobs(world.store, plan),
    sites: await world.fleet.sites(),
    now: world.clock.now(),
    slotMinutes: world.method.slotMinutes,
  });
  return { set, judgement };
};

/** The moved jobs of a plan that the policy in force refuses; null: it refuses the plan as a whole, or there is no such plan or policy. */
export const deniedJobsOf = async (world: World, planId: string): Promise<ReadonlySet<string> | null> => {
  const judged = await judge(world, planId);
  return judged === undefined || judged.judgement.deniedWhole ? null : judged.judgement.deniedJobs;
};

export const confirmPolicy = defineTool({
  name: 'confirm_policy',
  title: 'Confirm a policy set',
  description:
    'A person puts a draft in force: from now on plans obey it. Constraints that are ambiguous, contradictory or unsupported never bind. Two confirmations at once: one wins.',
  toolset: 'policy',
  effect: 'decides',
  input: z.strictObject({
    setId,
    reject: z
      .array(z.string())
      .default([])
      .describe('ids of constraints that shall not bind, as show_policy lists them'),
    meanings: z
      .array(Meaning)
      .default([])
      .describe('which jobs a word of the policy means, for example {term: "environment:production", teams: ["web"]}'),
    why: z.string().max(2000).default('').describe('the reason, kept with the set'),
  }),
  output: z.strictObject({
    set: PolicySet,
    inForce: z.number().int().describe('constraints that bind now'),
    unexplained: z.array(z.string()).describe('words of the set that nothing ties to jobs yet'),
  }),
  run: async (input, world, call) => {
    const set = await world.store.transaction((tx) =>
      confirmSet(tx, {
        id: input.setId,
        reject: input.reject,
        meanings: input.meanings,
        reason: input.why,
        actor: call.actor,
        at: world.clock.now(),
      }),
    );
    return { set, inForce: inForce(set).length, unexplained: unexplained(set) };
  },
  tell: ({ set, inForce: count, unexplained: open }) =>
    `Policy set ${set.id}, version ${set.version}, is in force with ${count} constraints.${open.length === 0 ? '' : ` Nothing says yet which jobs these words mean: ${open.join(', ')}.`}`,
});

const unexplained = (set: PolicySet): string[] => {
  const known = new Set(set.meanings.map((m) => m.term.toLowerCase()));
  const terms = set.constraints
    .filter((c) => c.status === 'clear' && c.type !== 'unsupported' && !set.rejected.includes(c.id))
    .flatMap((c) => termsOf(c.scope));
  return [...new Set(terms)].filter((term) => !known.has(term.toLowerCase()));
};

const PolicyLine = z.strictObject({
  id: z.string(),
  status: z.enum(['draft', 'confirmed', 'retired']),
  version: z.number().int().nullable(),
  documents: z.array(z.string()),
  constraints: z.number().int().describe('read from the text'),
  binding: z.number().int().describe('of them clear, supported and not refused'),
  questions: z.number().int(),
  notUnderstood: z.number().int(),
  ingestedAt: z.string(),
  confirmedBy: z.string().nullable(),
});

export const listPolicies = defineTool({
  name: 'list_policies',
  title: 'List policy sets',
  description: 'Policy sets, newest first: drafts that wait for a person, the one in force, and those it replaced.',
  toolset: 'policy',
  effect: 'reads',
  input: z.strictObject({ limit: z.number().int().min(1).max(200).default(50).describe('at most this many') }),
  output: z.strictObject({
    active: z.string().nullable().describe('id of the set in force'),
    sets: z.array(PolicyLine),
  }),
  run: async ({ limit }, world) => {
    const active = await activeSet(world.store);
    const sets = await world.store.collection(POLICY_SETS).list({ limit });
    return {
      active: active?.id ?? null,
      sets: sets.map(({ value: s }) => ({
        id: s.id,
        status: s.status,
        version: s.version,
        documents: s.documents.map((d) => d.doc),
        constraints: s.constraints.length,
        binding: inForce({ ...s, status: 'confirmed' }).length,
        questions: s.questions.length,
        notUnderstood: s.notUnderstood.length,
        ingestedAt: s.ingestedAt,
        confirmedBy: s.confirmedBy?.id ?? null,
      })),
    };
  },
  tell: ({ active, sets }) =>
    sets.length === 0
      ? 'There is no policy set.'
      : `${active === null ? 'No policy is in force.' : `${active} is in force.`} ${sets.filter((s) => s.status === 'draft').length} drafts wait.`,
});

export const showPolicy = defineTool({
  name: 'show_policy',
  title: 'Show a policy set',
  description:
    'One policy set with every constraint, its quote, status and questions; the set in force when no id is given.',
  toolset: 'policy',
  effect: 'reads',
  input: z.strictObject({ setId: setId.optional() }),
  output: z.strictObject({
    set: PolicySet,
    active: z.boolean(),
    open: z.array(Open).describe('what a draft leaves open, with the answers that are offered'),
    unexplained: z.array(z.string()).describe('words that nothing ties to jobs yet'),
  }),
  run: async (input, world) => {
    const set = await loadSet(world.store, input.setId);
    const active = await activeSet(world.store);
    return { set, active: active?.id === set.id, open: openIn(set), unexplained: unexplained(set) };
  },
  tell: ({ set, active }) =>
    `Policy set ${set.id} (${active ? 'in force' : set.status}): ${set.constraints.length} constraints, ${set.questions.length} questions, ${set.notUnderstood.length} passages not understood.`,
});

export const policyTools = [
  ...([evaluatePolicy, ingestPolicy, answerPolicy, confirmPolicy] as const),
  ...([listPolicies, showPolicy] as const),
] as const;
export { PolicyReading };
