/** Whom a policy means when it names somebody: "the operations manager" is ann and bob. Said by the owner of the home only. */
import { z } from 'zod';
import { defineCollection, type Tx } from './store.js';

export const Role = z.strictObject({
  name: z.string().min(1).max(200).describe('as the policy names it, without an article'),
  people: z.array(z.string().min(1)).describe('operating-system users and owners of tokens'),
});
export type Role = z.infer<typeof Role>;

/** By `roleKey`. */
export const ROLES = defineCollection('roles', Role);

/** Spelled as it may be: "The Operations  Manager" and "operations manager" are one. */
export const roleKey = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/^(?:the|a|an|our)\s+/, '')
    .replace(/\s+/g, ' ');

/** Those who hold a role: whoever it was given to, and a person who bears its very name. */
export const holdersOf = async (tx: Pick<Tx, 'collection'>, name: string): Promise<(person: string) => boolean> => {
  const key = roleKey(name);
  const people = (await tx.collection(ROLES).get(key))?.value.people ?? [];
  return (person) => people.includes(person) || roleKey(person) === key;
};
