/** What we keep of tickets: the ticket itself, the messages about it that must reach its tracker, and one lane per tracker. */
import { z } from 'zod';
import { Estimate } from '../../domain/estimate.js';
import { defineCollection } from '../../domain/store.js';
import { Instant } from '../../domain/time.js';
import { Currency } from '../../domain/units.js';

/** Figures that people were last told, so that only what moved is told again. */
const Told = z.strictObject({
  savedKg: z.number(),
  savedCost: z.number(),
  jobs: z.number().int(),
  decision: z.string().nullable(),
  content: z.string().describe('digest of what the description was made from'),
  on: z.string().describe('UTC date of the last comment, at the tracker'),
});

export const Ticket = z.strictObject({
  id: z.string().describe('the key: caco- and 16 hex digits'),
  kind: z.enum(['decision', 'overview']),
  subject: z.string().describe('cluster or region, team and change'),
  period: z.string().describe('ISO week or month; .2 and so on when it came up again'),
  team: z.string().nullable(),
  title: z.string(),
  labels: z.array(z.string()),
  tracker: z.string(),
  project: z.string(),
  state: z
    .enum(['queued', 'open', 'closed', 'declined', 'needs-manual-close', 'failed'])
    .describe('declined: a person closed it as not wanted'),
  reason: z.string().nullable().describe('why it failed or was closed'),
  paid: z.string().optional().describe('evidence of the settlement that it was told last'),
  ref: z.string().nullable().describe('number or name at the tracker'),
  url: z.string().nullable(),
  planId: z.string(),
  planDigest: z.string(),
  decisionId: z.string().nullable(),
  jobs: z.number().int(),
  savedKg: Estimate,
  savedCost: z.number(),
  currency: Currency,
  dueAt: Instant.nullable().describe('after this nothing of the saving is left to decide'),
  told: Told,
  assigned: z.boolean().describe('a person took it over: it is commented, never closed by us'),
  dropped: z.array(z.string()).describe('parts that the tracker would not take'),
  revision: z.number().int().describe('messages queued so far'),
  markdown: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Ticket = z.infer<typeof Ticket>;

const Draft = z.strictObject({
  key: z.string(),
  title: z.string(),
  labels: z.array(z.string()),
  markdown: z.string(),
  adf: z.json(),
  dueDate: z.string().nullable(),
});

export const Payload = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('create'), draft: Draft }),
  z.strictObject({ action: z.literal('update'), draft: Draft }),
  z.strictObject({ action: z.literal('comment'), markdown: z.string(), adf: z.json() }),
  z.strictObject({ action: z.literal('close'), as: z.enum(['done', 'not-wanted']) }),
  z.strictObject({ action: z.literal('reopen') }),
]);
export type Payload = z.infer<typeof Payload>;

/**
 * One message. pending → sending → delivered | waiting | unknown | dead. `sending` is written before the request leaves;
 * a row found in it later is unknown: the tracker is asked before anything is created again.
 */
export const OutboxRow = z.strictObject({
  id: z.string().describe('ticket id, revision, action; also names a comment at the tracker'),
  ticketId: z.string(),
  tracker: z.string(),
  project: z.string(),
  state: z.enum(['pending', 'sending', 'delivered', 'waiting', 'unknown', 'dead']),
  payload: Payload,
  attempts: z.number().int(),
  lookups: z.number().int().describe('answers without a hit since the last attempt'),
  notBefore: Instant.nullable(),
  reason: z.string().nullable(),
  queuedAt: Instant,
  sentAt: Instant.nullable(),
  deliveredAt: Instant.nullable(),
  repaired: z.boolean().describe('a created ticket was looked up once more and duplicates were closed'),
});
export type OutboxRow = z.infer<typeof OutboxRow>;

/** Until when nobody sends to a project, and why. */
export const Lane = z.object({
  notBefore: Instant.nullable(),
  paused: z.string().nullable().describe('why the tracker lets nobody in; told once'),
});
export type Lane = z.infer<typeof Lane>;

export const TICKETS = defineCollection('tickets', Ticket);
/** One that arrived and need not be looked up once more is over; one that was given up waits for a person. */
export const OUTBOX = defineCollection('ticket-outbox', OutboxRow, ({ state, repaired, deliveredAt }) =>
  state === 'delivered' && repaired ? deliveredAt : null,
);
export const LANES = defineCollection('ticket-lanes', Lane);

export const rowId = (ticketId: string, revision: number, action: Payload['action']) =>
  `${ticketId}:${String(revision).padStart(6, '0')}:${action}`;

/** Why a ticket is closed whose key was found on a closed one while it was being filed. */
export const FOUND_CLOSED = 'found closed at the tracker';
