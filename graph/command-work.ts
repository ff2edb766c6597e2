/** What is done to running work for an event, under its promise: no promise, no deed. */
import { z } from 'zod';
import { leaveFor } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import { EVENTS } from '../domain/flexibility/event.js';
import { Acknowledged, Command } from '../domain/flexibility/running.js';
import { ORDERS } from '../domain/plan.js';
import type { World } from '../domain/world.js';
import { defineTool } from '../tools/tool.js';

/** The decision that a promise rests on: that on its own plan, or on the plan in force where nothing had to move. */
const decisionBehind = async ({ store }: World, eventId: string): Promise<string> => {
  const event = (await store.collection(EVENTS).get(eventId))?.value;
  const promise = event?.commitment;
  if (event === undefined || promise == null || event.stamps.decided === null || event.status === 'declined')
    throw new Fault('forbidden', `${eventId} promises nothing`, 'See it: caco event list.');
  const order = (await store.collection(ORDERS).get(promise.planId))?.value;
  const decisionId = promise.decisionId ?? order?.decisionId;
  if (decisionId === undefined)
    throw new Fault(
      'forbidden',
      `no decision is behind plan ${promise.planId}, which ${eventId} rests on`,
      'Plan again and have it judged: caco launch.',
    );
  return decisionId;
};

/** Kept to the graph: commands follow from a promise, and no door gives any. */
export const commandWork = defineTool({
  name: 'command_work',
  title: 'Command running work',
  description: 'Caps, pauses and resumes what runs in a region, to keep what is promised there.',
  toolset: 'plan',
  effect: 'acts',
  input: z.strictObject({
    region: z.string(),
    eventIds: z.array(z.string()).min(1),
    commands: z.array(Command).min(1),
  }),
  output: z.strictObject({ acknowledged: z.array(Acknowledged) }),
  leave: async ({ eventIds }, world) => {
    for (const id of eventIds) await leaveFor(world.store, await decisionBehind(world, id));
  },
  run: async ({ region, commands }, { fleet }) => {
    const running = await fleet.responding?.(region);
    if (running === undefined)
      throw new Fault('invalid-input', 'this fleet can do nothing to what runs', 'Choose another fleet: CACO_FLEET.');
    return { acknowledged: await running.command(commands) };
  },
  tell: ({ acknowledged }) =>
    `${acknowledged.filter(({ outcome }) => outcome === 'done').length} commands carried out.`,
});
