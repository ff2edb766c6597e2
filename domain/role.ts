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

/** One person, however a door spells them: "Ann" of a token and "ann" of the operating system are not two. */
export const personKey = (name: string): string => name.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();

/** Such names stand in decisions for the program's own rules and steps; a person who bore one would be taken for them. */
const OF_THE_PROGRAM = /^(?:rule|node)\s*:/i;
/** What nobody sees, or what ends a line: a name with it could be read as another one, or as two. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u;
const LONGEST_NAME = 200;

/** Why nobody may be called that; null: it can stand in the books. */
export const misnamed = (name: string): string | null =>
  personKey(name) === ''
    ? 'it is empty'
    : name.length > LONGEST_NAME
      ? `it is longer than ${LONGEST_NAME} characters`
      : UNSEEN.test(name.trim())
        ? 'it holds characters that are not seen'
        : OF_THE_PROGRAM.test(personKey(name))
          ? 'such names stand for rules and steps of the program'
          : null;

/** Those who hold a role: whoever it was given to, and a person who bears its very name. */
export const holdersOf = async (tx: Pick<Tx, 'collection'>, name: string): Promise<(person: string) => boolean> => {
  const key = roleKey(name);
  const people = ((await tx.collection(ROLES).get(key))?.value.people ?? []).map(personKey);
  return (person) => people.includes(personKey(person)) || roleKey(person) === key;
};
