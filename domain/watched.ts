/** A pilot: plans are made, judged and decided as ever, and no fleet is handed any of them. What would have been stands apart from what was. */
import { Order } from './plan.js';
import { defineCollection } from './store.js';
import type { Fleet } from './world.js';

/** Orders that would have been given, by plan id. No fleet knows one of them, and no job is held by it. */
export const WATCHED = defineCollection('watched-orders', Order, ({ span }) => span.end);

/** The fleet as it is, with nothing ever placed in it. One that rehearses by itself says what it would change, job by job. */
export const watchedFleet = (fleet: Fleet): Fleet => ({
  ...fleet,
  watches: true,
  rehearses: true,
  place: fleet.rehearses ? fleet.place : countedOnly,
});

const countedOnly: Fleet['place'] = async ({ pages }) => {
  let rehearsed = 0;
  for await (const page of pages) rehearsed += page.filter(({ moved }) => moved).length;
  return { placed: 0, rehearsed };
};
