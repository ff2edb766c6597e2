/** What is kept of the conversations with other agents: a task as the protocol writes it, and what of ours stands behind it. */
import { z } from 'zod';
import { AGENTS } from '../domain/agents.js';
import { defineCollection, defineRows } from '../domain/store.js';
import { Asked } from './message.js';

/** A process that works on a task; null in a task that rests, or that is over. */
export const Worker = z.strictObject({ host: z.string(), pid: z.number().int(), id: z.string() });
export type Worker = z.infer<typeof Worker>;

export const KeptTask = z.strictObject({
  id: z.string(),
  agent: z.enum(AGENTS),
  owner: z.string().describe('whose it is; nobody else finds it'),
  actor: z.string().describe('as whom it is worked on'),
  asked: Asked,
  task: z.record(z.string(), z.unknown()).describe('the task as A2A 1.0 writes it'),
  runId: z.string().nullable().describe('the run that answers it; null: none does'),
  worker: Worker.nullable(),
  tries: z.number().int().describe('how often it was begun'),
  told: z.number().int().describe('events that were put down for its push addresses'),
});
export type KeptTask = z.infer<typeof KeptTask>;

/** By task id. */
export const A2A_TASKS = defineCollection('a2a-tasks', KeptTask);
/** Tasks that are not over, by id: what a restart has to look at. */
export const A2A_OPEN = defineCollection('a2a-open-tasks', z.strictObject({ id: z.string() }));

/** By task id: somebody wishes a task cancelled that another process works on. Gone once that was answered. */
export const A2A_WISHES = defineCollection(
  'a2a-cancel-wishes',
  z.strictObject({
    by: z.string(),
    refused: z.string().nullable().describe('why it cannot be; null: not answered yet'),
  }),
);

/** Which task a message began or went on with, by what `messageKey` makes of owner, agent and message id. */
export const A2A_MESSAGES = defineCollection(
  'a2a-messages',
  z.strictObject({ taskId: z.string(), digest: z.string().describe('of the message') }),
);

/** An owner's tasks at an agent, by `listKey`: what a list looks at without opening each. */
export const A2A_LISTS = defineRows(
  'a2a-task-list',
  z.strictObject({
    id: z.string(),
    contextId: z.string(),
    state: z.string(),
    at: z.string().describe('when it came into this state'),
  }),
);

/** Artefacts that are too long for a task, by task id and name. */
export const A2A_ARTIFACTS = defineCollection(
  'a2a-artifacts',
  z.strictObject({ owner: z.string(), agent: z.enum(AGENTS), text: z.string().describe('JSON') }),
);

export const PushConfig = z.strictObject({
  id: z.string(),
  url: z.string(),
  sealed: z.string().nullable().describe('token and credentials, encrypted; null: there are none'),
});
export type PushConfig = z.infer<typeof PushConfig>;
/** By task id. */
export const A2A_PUSH_CONFIGS = defineCollection('a2a-push-configs', z.array(PushConfig));

/** An event on its way to a push address, by task, number and address: it is sent until it arrived or was given up. */
export const Letter = z.strictObject({
  taskId: z.string(),
  configId: z.string(),
  n: z.number().int(),
  body: z.string().describe('the event as A2A 1.0 writes it'),
  tries: z.number().int(),
  nextAtMs: z.number().describe('when it may be sent again, by the machine’s clock'),
});
export type Letter = z.infer<typeof Letter>;
export const A2A_LETTERS = defineCollection('a2a-letters', Letter);

export const listKey = (agent: string, owner: string): string => `${agent}/${owner}`;
