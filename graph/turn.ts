/**
 * One after the other, whichever process of whichever replica works: a turn is a row of the store with an owner and an end. Its
 * owner puts the end off while it works, so that a turn whose owner died is free after a while, at once on the same machine.
 */
import { z } from 'zod';
import { defineCollection } from '../domain/store.js';
import type { World } from '../domain/world.js';
import { isDead, newHolder } from '../tools/beckn/beckn.js';

const LEASE_MS = 60_000;
const RENEW_MS = 10_000;
const LOOK_MS = 100;

/** By what is worked on. */
export const TURNS = defineCollection('turns', z.strictObject({ holder: z.string().nullable(), untilMs: z.number() }));

/** Works once nobody else holds the turn of that name. */
export const inTurn = async <T>({ store }: Pick<World, 'store'>, name: string, work: () => Promise<T>): Promise<T> => {
  const holder = newHolder();
  const turns = store.collection(TURNS);
  const take = (untilMs: number, mine: string | null) =>
    store.transaction(async (tx) => {
      const now = (await tx.collection(TURNS).get(name))?.value;
      const taken = now !== undefined && now.holder !== null && now.holder !== holder;
      if (taken && now.untilMs > Date.now() && !isDead(now.holder!)) return false;
      await tx.collection(TURNS).put(name, { holder: mine, untilMs });
      return true;
    });
  while (!(await take(Date.now() + LEASE_MS, holder))) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const renewing = setInterval(() => void take(Date.now() + LEASE_MS, holder).catch(() => {}), RENEW_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(renewing);
    if ((await turns.get(name))?.value.holder === holder) await take(0, null);
  }
};
