/** What a scenario is: a small world, what is done in it, and what must be true afterwards. One screen each. */
import { z } from 'zod';
import { Step } from './scripted-model.js';

export const JobSeed = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  team: z.string().default('web'),
  category: z.enum(['urgent', 'balanced', 'sustainable']).default('sustainable'),
  energyKwh: z.number().default(10),
  emissionsKg: z.number().default(4).describe('as planned'),
  savedKg: z.number().default(0).describe('above 0: the plan moves it'),
  durationHours: z.number().default(2),
  kind: z.string().default('batch'),
  gpus: z.number().int().default(0),
  place: z.string().optional().describe('region where it is planned; the first one when left out'),
  homePlace: z.string().optional().describe('region without the plan; where it is planned when left out'),
  startHour: z.number().optional().describe('hours after the present, as planned; 9 of a moved job, else 1'),
  homeHour: z.number().optional().describe('the same without the plan; 1 of a moved job, else as planned'),
  cost: z.number().default(1).describe('of its electricity, as planned'),
  homeCost: z.number().optional().describe('the same without the plan; as planned when left out'),
  deadlineHour: z.number().default(48),
});
export type JobSeed = z.infer<typeof JobSeed>;

/** One thing that is so before the scenario begins. */
export const Seed = z.union([
  z.strictObject({
    plan: z.string(),
    jobs: z.array(JobSeed).min(1).optional().describe('three moved jobs of team web when left out'),
    carbonPricePerTonne: z.number().optional(),
    decided: z.enum(['approved', 'refused']).optional(),
  }),
  z.strictObject({
    waits: z.string().describe('a plan that waits for an approval'),
    approvalId: z.string().optional(),
    needed: z.number().int().optional(),
    reasons: z.array(z.string()).optional(),
    expired: z.boolean().optional(),
  }),
  z.strictObject({
    verified: z.string().describe('a team with verified records'),
    records: z.number().int().default(1),
    kg: z.number().describe('in each record'),
    low: z.number().optional(),
    high: z.number().optional(),
    energyKwh: z.number().default(100),
    daysAgo: z.number().default(1),
  }),
  z.strictObject({ signalAgeHours: z.number(), limitHours: z.number() }),
  z.strictObject({ signalGap: z.literal(true) }),
  z.strictObject({ policy: z.string().describe('text, read by the rules'), confirmed: z.boolean().default(false) }),
  z.strictObject({ launch: z.number().describe('a real run over so many hours'), approval: z.enum(['auto', 'ask']) }),
]);
export type Seed = z.infer<typeof Seed>;

/** Facts about what came out. Those of an answer concern the last one. */
export const Checks = z.strictObject({
  says: z.array(z.string()).optional().describe('each occurs, letter case aside'),
  matches: z.array(z.string()).optional().describe('regular expressions'),
  never: z.array(z.string()).optional().describe('occurs in no answer, event, ticket or reading'),
  neverMatches: z.array(z.string()).optional(),
  figures: z
    .array(
      z.strictObject({ value: z.number(), unit: z.string(), low: z.number().optional(), high: z.number().optional() }),
    )
    .optional(),
  cites: z.array(z.string()).optional(),
  lookup: z.string().nullable().optional(),
  answered: z.boolean().optional(),
  usedModel: z.boolean().optional(),
  rejects: z.array(z.string()).optional().describe('what the checker refused'),
  ends: z.enum(['done', 'replaced', 'failed']).optional(),
  proposes: z.string().optional(),
  maxModelCalls: z.number().int().optional(),
  logLines: z.number().int().optional(),
  withinS: z.number().optional().describe('reported where it took longer; no part of the verdict'),
  socketsClosed: z.literal(true).optional(),
  systemNever: z.array(z.string()).optional(),
  toolsNever: z.array(z.string()).optional(),
  approval: z.enum(['waiting', 'approved', 'partly-approved', 'rejected', 'expired']).optional(),
  fault: z.string().optional().describe('code of the fault that the last deed ended in'),
  maxWords: z.number().optional(),
  policy: z
    .strictObject({
      types: z.array(z.string()).optional(),
      clear: z.number().int().optional(),
      ambiguous: z.number().int().optional().describe('at least'),
      conflicts: z.number().int().optional().describe('at least'),
      questions: z.number().int().optional().describe('at least'),
      notUnderstood: z.number().int().optional().describe('at least'),
      dropped: z.number().int().optional().describe('at least'),
      flags: z.array(z.string()).optional(),
      inForce: z.number().int().optional(),
    })
    .optional(),
  decisions: z.number().int().optional(),
  placed: z.boolean().optional(),
});
export type Checks = z.infer<typeof Checks>;

/** One thing that is done. */
export const Deed = z.union([
  z.strictObject({
    ask: z.string(),
    as: z.string().optional().describe('another person'),
    thread: z.string().optional().describe('a conversation of its own'),
    must: Checks.optional().describe('what has to be true of this answer'),
  }),
  z.strictObject({ summary: z.strictObject({ team: z.string().optional() }) }),
  z.strictObject({
    ingest: z.string().describe('policy text'),
    name: z.string().optional(),
    tz: z.string().optional(),
  }),
  z.strictObject({ confirm: z.literal('draft') }),
  z.strictObject({
    tool: z.string(),
    input: z.record(z.string(), z.unknown()),
    via: z.enum(['cli', 'mcp']).optional(),
  }),
  z.strictObject({
    answer: z.enum(['approve', 'reject']).describe('a person answers the approval that waits'),
    as: z.string().default('alice'),
    why: z.string().default('looked at it'),
    only: z.array(z.string()).optional(),
  }),
]);
export type Deed = z.infer<typeof Deed>;

export const Scenario = z.strictObject({
  id: z.string(),
  area: z.enum([
    'questions',
    'policies',
    'approvals',
    'tickets',
    'injections',
    'failures',
    'summaries',
    'memory',
    'queries',
  ]),
  title: z.string(),
  world: z.array(Seed).default([]),
  model: z.union([z.literal('off'), z.array(Step)]).default('off'),
  afterwards: Step.optional().describe('what the scripted model answers once its steps are used up'),
  do: z.array(Deed).min(1),
  must: Checks,
});
export type Scenario = z.infer<typeof Scenario>;
