/** A pilot: plans are made, judged and decided as ever, and no fleet is handed any of them. What would have been stands apart from what was. */
import type { RespondingFleet } from './flexibility/running.js';
import { Order } from './plan.js';
import { defineCollection } from './store.js';
import type { Fleet } from './world.js';

/** Orders that would have been given, by plan id. No fleet knows one of them, and no job is held by it. */
export const WATCHED = defineCollection('watched-orders', Order, ({ span }) => span.end);

/** The fleet as it is, with nothing ever placed in it. One that rehearses by itself says what it would change, job by job. */
export const watchedFleet = ({ responding, ...fleet }: Fleet): Fleet => ({
  ...fleet,
  ...(responding && { responding: async (region) => lookedAt(await responding(region)) }),
  watches: true,
  rehearses: true,
  place: fleet.rehearses ? fleet.place : countedOnly,
});

const countedOnly: Fleet['place'] = async ({ pages }) => {
  let rehearsed = 0;
  for await (const page of pages) rehearsed += page.filter(({ moved }) => moved).length;
  return { placed: 0, rehearsed };
};

/** What runs is looked at, and nothing is done to it. */
const lookedAt = (running: RespondingFleet): RespondingFleet => ({
  ...(running.simulated && { simulated: true as const }),
  can: new Set(),
  look: () => running.look(),
  readings: () => running.readings(),
  command: async (commands) =>
    commands.map((command) => ({ command, at: 0, outcome: 'refused', why: 'a pilot does nothing to a fleet' })),
});
